"""What most commands need: settings, storage and the operator's name, with one-line errors."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from muster.cli.errors import CommandError, UsageError
from muster.settings import InvalidSettingError, Settings

try:
    import pwd
except ImportError:  # Windows
    pwd = None  # type: ignore[assignment]  # mypy infers a module

if TYPE_CHECKING:
    from muster.storage import SchemaState, Storage

_CHECK_SQLITE: Final = "check that its directory exists and is writable, and that --database names the right file"
_CHECK_SERVER: Final = "check that the server runs, and that --database names the right one"


def read_settings(**given: Any) -> Settings:
    """Reads the settings from options, the environment and the defaults. Raises `UsageError`."""
    with settings_errors():
        return Settings.read(**given)


@contextmanager
def settings_errors() -> Iterator[None]:
    """Turns `InvalidSettingError` into `UsageError`."""
    try:
        yield
    except InvalidSettingError as error:
        raise UsageError(str(error)) from None


@contextmanager
def open_command_storage(
    database: str | None, settings: Settings | None = None, *, create: bool = False
) -> "Iterator[Storage]":
    """Opens the storage of a command, with the schema of this version. Raises `CommandError` for every failure.

    A missing SQLite file is an error unless `create` is set: a command that only reads must not create an empty one.
    """
    from muster import bootstrap

    settings = settings or read_settings(database=database)
    with storage_errors(settings):
        store = bootstrap.open_checked_database(settings, makes=create)
        try:
            yield store
        finally:
            store.close()


def get_operator() -> str:
    """Returns the operator's name for the audit log: `os:` and the operating system's user.

    Names of the service's users contain no colon, so the two can't be confused. The name comes from the process and not
    from environment variables, which anybody can set.
    """
    if pwd is None:
        return f"os:{getpass.getuser()}"
    try:
        return f"os:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # a user id without a name, as in containers
        return f"os:{os.getuid()}"


def upgrade_database(database: str | None) -> "SchemaState":
    """Creates or upgrades the schema, and returns its state. Raises `CommandError`."""
    from muster import bootstrap

    settings = read_settings(database=database)
    with storage_errors(settings):
        store = bootstrap.open_database(settings)
        try:
            store.upgrade()
            return store.schema_state()
        finally:
            store.close()


@contextmanager
def storage_errors(settings: Settings) -> Iterator[None]:
    """Turns errors of the storage into one-line errors, without the database's URL: it may contain a password."""
    from muster.bootstrap import DatabaseMissingError, SchemaOutdatedError
    from muster.storage import (
        InvalidDatabaseUrlError,
        SchemaTooNewError,
        StorageError,
        StorageUnavailableError,
        hide_password,
    )

    try:
        yield
    except InvalidDatabaseUrlError as error:
        raise UsageError(str(error)) from None
    except DatabaseMissingError as error:
        check = "check --database and the current directory"
        raise CommandError(f"{error}; {check}, or create one with `muster db upgrade`") from None
    except SchemaOutdatedError as error:
        raise CommandError(f"{error}; run `muster db upgrade` on this database first") from None
    except SchemaTooNewError as error:
        raise CommandError(f"{error}; install that version, or use another database with --database") from None
    except StorageUnavailableError as error:
        if settings.database.startswith("sqlite"):
            raise CommandError(f"{error}; {_CHECK_SQLITE}") from None
        # The password is hidden, and the URL is not ambiguous: no part of the password is in what is left.
        where = hide_password(settings.database)
        raise CommandError(f"{error} ({where}); {error.remedy or _CHECK_SERVER}") from None
    except StorageError as error:
        raise CommandError(f"{error}; {error.remedy or 'check that --database names a database of muster'}") from None
