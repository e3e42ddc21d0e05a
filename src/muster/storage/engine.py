"""From a database URL to a SQLAlchemy engine, and the transactions that write."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from muster.storage.errors import InvalidDatabaseUrlError
from muster.storage.pool import LOCK_TIMEOUT_SECONDS, get_write_lock
from muster.storage.postgres.connection import create_postgres_engine
from muster.storage.sqlite.connection import create_sqlite_engine

_POSTGRES_DRIVERS: Final = {"postgresql", "postgres", "postgresql+psycopg"}
_SQLITE_DRIVERS: Final = {"sqlite", "sqlite+pysqlite"}
_URL_FORMS: Final = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"


def create_database_engine(url: str, *, pool_size: int = 8, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> Engine:
    """An engine that connects on first use.

    `lock_timeout` is the time in seconds that a request waits for a connection or a lock. Raises
    `InvalidDatabaseUrlError`.
    """
    parsed = parse_database_url(url)
    create = create_sqlite_engine if parsed.drivername == "sqlite" else create_postgres_engine
    return create(parsed, pool_size, lock_timeout)


def parse_database_url(url: str) -> URL:
    """The URL with the driver's name as SQLAlchemy knows it. Raises `InvalidDatabaseUrlError`."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:
        raise InvalidDatabaseUrlError(f"the database URL can't be parsed; it has the form {_URL_FORMS}")
    if parsed.drivername in _POSTGRES_DRIVERS:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in _SQLITE_DRIVERS:
        raise InvalidDatabaseUrlError(f"unknown database {parsed.drivername!r}; use {_URL_FORMS}")
    if parsed.database in (None, "", ":memory:"):
        # Every connection would have a database of its own.
        raise InvalidDatabaseUrlError("SQLite needs a file: sqlite:///muster.db")
    return parsed.set(drivername="sqlite")


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write. On SQLite it takes the write lock at its start.

    SQLite refuses a transaction at once that has read first and wants to write after another one wrote in between.
    """
    level = "READ COMMITTED" if engine.dialect.name == "postgresql" else None
    options: dict[str, Any] = {"isolation_level": level} if level else {"muster_writes": True}
    with get_write_lock(engine), engine.execution_options(**options).begin() as connection:
        yield connection
