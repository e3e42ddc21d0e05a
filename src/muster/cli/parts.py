"""The parts that commands work with, and one line for each way in which these can be missing."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from muster.cli.problems import Misuse, Problem
from muster.settings import BadSetting, Settings

try:
    import pwd
except ImportError:  # Windows
    pwd = None  # type: ignore[assignment]  # a module, to its type

if TYPE_CHECKING:
    from muster.store import SchemaState, Store

_CHECK_SQLITE = "check that its directory is there and can be written to, and that --database names the right file"
_CHECK_SERVER = "check that it runs and that --database has the right host, port, user and password"


def settings_of(**given: Any) -> Settings:
    """The settings, from options, the environment and the defaults. Raises `Misuse`."""
    with problems_of_settings():
        return Settings.read(**given)


@contextmanager
def problems_of_settings() -> Iterator[None]:
    """Says what is wrong with a setting in one line. Raises `Misuse`."""
    try:
        yield
    except BadSetting as problem:
        raise Misuse(str(problem)) from None


@contextmanager
def opened(database: str | None, settings: Settings | None = None, *, makes: bool = False) -> "Iterator[Store]":
    """The store of a command, with the schema of this version. Raises `Problem` for all that goes wrong with it.

    Only one that `makes` databases makes a SQLite file: whoever asks what is in one means one that is there.
    """
    from muster import bootstrap

    settings = settings or settings_of(database=database)
    with problems_of_store(settings):
        store = bootstrap.open_ready_database(settings, makes=makes)
        try:
            yield store
        finally:
            store.close()


def operator() -> str:
    """Who uses the command line, as the audit log names it: no user of the service has a colon in its name.

    By the process and not by its environment, where everybody can write any name.
    """
    if pwd is None:
        return f"os:{getpass.getuser()}"
    try:
        return f"os:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # a container's user without a name
        return f"os:{os.getuid()}"


def upgraded(database: str | None) -> "SchemaState":
    """Creates or upgrades the schema of the database, and says what it is then. Raises `Problem`."""
    from muster import bootstrap

    settings = settings_of(database=database)
    with problems_of_store(settings):
        store = bootstrap.open_database(settings)
        try:
            store.upgrade()
            return store.schema_state()
        finally:
            store.close()


@contextmanager
def problems_of_store(settings: Settings) -> Iterator[None]:
    """Says what the store raises in one line, which never holds the database's URL: it may have a password in it."""
    from muster.bootstrap import NoDatabase, SchemaIsOld
    from muster.store import BadDatabaseUrl, SchemaIsNewer, StoreError, StoreUnavailable

    try:
        yield
    except BadDatabaseUrl as problem:
        raise Misuse(str(problem)) from None
    except NoDatabase as problem:
        where = "check --database and the directory that you are in"
        raise Problem(f"{problem}; {where}, or make one with `muster db upgrade`") from None
    except SchemaIsOld as problem:
        raise Problem(f"{problem}; run `muster db upgrade` on this database first") from None
    except SchemaIsNewer as problem:
        raise Problem(f"{problem}; install that version, or choose another database with --database") from None
    except StoreUnavailable as problem:
        check = _CHECK_SQLITE if settings.database.startswith("sqlite") else _CHECK_SERVER
        raise Problem(f"{problem}; {check}") from None
    except StoreError as problem:
        raise Problem(f"{problem}; check that --database names a database of muster") from None
