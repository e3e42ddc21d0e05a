"""The parts that commands work with, and one line for each way in which these can be missing."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from muster.cli.errors import CommandError, UsageError
from muster.settings import InvalidSettingError, Settings

try:
    import pwd
except ImportError:  # Windows
    pwd = None  # type: ignore[assignment]  # a module, to its type

if TYPE_CHECKING:
    from muster.storage import SchemaState, Storage

_CHECK_SQLITE = "check that its directory is there and can be written to, and that --database names the right file"
_CHECK_SERVER = "check that it runs and that --database has the right host, port, user and password"


def read_settings(**given: Any) -> Settings:
    """The settings, from options, the environment and the defaults. Raises `UsageError`."""
    with settings_errors():
        return Settings.read(**given)


@contextmanager
def settings_errors() -> Iterator[None]:
    """Says what is wrong with a setting in one line. Raises `UsageError`."""
    try:
        yield
    except InvalidSettingError as problem:
        raise UsageError(str(problem)) from None


@contextmanager
def open_command_storage(
    database: str | None, settings: Settings | None = None, *, makes: bool = False
) -> "Iterator[Storage]":
    """The store of a command, with the schema of this version. Raises `CommandError` for all that goes wrong with it.

    Only one that `makes` databases makes a SQLite file: whoever asks what is in one means one that is there.
    """
    from muster import bootstrap

    settings = settings or read_settings(database=database)
    with storage_errors(settings):
        store = bootstrap.open_checked_database(settings, makes=makes)
        try:
            yield store
        finally:
            store.close()


def get_operator() -> str:
    """Who uses the command line, as the audit log names it: no user of the service has a colon in its name.

    By the process and not by its environment, where everybody can write any name.
    """
    if pwd is None:
        return f"os:{getpass.getuser()}"
    try:
        return f"os:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # a container's user without a name
        return f"os:{os.getuid()}"


def upgrade_database(database: str | None) -> "SchemaState":
    """Creates or upgrades the schema of the database, and says what it is then. Raises `CommandError`."""
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
    """Says what the store raises in one line, which never holds the database's URL: it may have a password in it."""
    from muster.bootstrap import DatabaseMissingError, SchemaOutdatedError
    from muster.storage import (
        InvalidDatabaseUrlError,
        SchemaTooNewError,
        StorageError,
        StorageUnavailableError,
    )

    try:
        yield
    except InvalidDatabaseUrlError as problem:
        raise UsageError(str(problem)) from None
    except DatabaseMissingError as problem:
        where = "check --database and the directory that you are in"
        raise CommandError(f"{problem}; {where}, or make one with `muster db upgrade`") from None
    except SchemaOutdatedError as problem:
        raise CommandError(f"{problem}; run `muster db upgrade` on this database first") from None
    except SchemaTooNewError as problem:
        raise CommandError(f"{problem}; install that version, or choose another database with --database") from None
    except StorageUnavailableError as problem:
        check = _CHECK_SQLITE if settings.database.startswith("sqlite") else _CHECK_SERVER
        raise CommandError(f"{problem}; {check}") from None
    except StorageError as problem:
        raise CommandError(f"{problem}; check that --database names a database of muster") from None
