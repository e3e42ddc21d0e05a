"""SQLAlchemy engines from database URLs, and write transactions."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, unquote

from psycopg.pq import Conninfo
from sqlalchemy import URL, Connection, Engine, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError

from muster.storage.errors import InvalidDatabaseUrlError, LostAnswerError, is_open_outcome
from muster.storage.pool import IS_WRITER, LOCK_TIMEOUT_SECONDS, STATEMENT_TIMEOUT_SECONDS, get_write_lock
from muster.storage.postgres.connection import create_postgres_engine
from muster.storage.sqlite.connection import create_sqlite_engine

_POSTGRES_DRIVERS: Final = {"postgresql", "postgres", "postgresql+psycopg"}
_SQLITE_DRIVERS: Final = {"sqlite", "sqlite+pysqlite"}
_URL_FORMS: Final = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
_ENCODING: Final = (
    "in the database URL, percent-encode special characters of name and password "
    "(% is %25, @ is %40, : is %3A, / is %2F, ? is %3F, # is %23, a space is %20)"
)
# The user and the password of a URL, as SQLAlchemy reads them.
_USER_INFO: Final = re.compile(r"[^:/@]*(:[^@]*)?@")
_LIBPQ_OPTIONS: Final = frozenset(option.keyword.decode() for option in Conninfo.get_defaults())


def create_database_engine(
    url: str,
    *,
    pool_size: int = 8,
    lock_timeout: float = LOCK_TIMEOUT_SECONDS,
    statement_timeout: float = STATEMENT_TIMEOUT_SECONDS,
) -> Engine:
    """An engine that connects on first use.

    `lock_timeout` is the time in seconds that a request waits for a connection or a lock, `statement_timeout` the time
    that a statement may take on PostgreSQL. Raises `InvalidDatabaseUrlError`.
    """
    parsed = parse_database_url(url)
    if parsed.drivername == "sqlite":
        return create_sqlite_engine(parsed, pool_size, lock_timeout)
    return create_postgres_engine(parsed, pool_size, lock_timeout, statement_timeout)


def create_replica_engine(primary: Engine, url: str, *, pool_size: int, statement_timeout: float) -> Engine:
    """An engine for a standby of a PostgreSQL database. Raises `InvalidDatabaseUrlError`."""
    parsed = parse_database_url(url)
    if {parsed.drivername, primary.url.drivername} != {"postgresql+psycopg"}:
        raise InvalidDatabaseUrlError("a read replica must be a standby of a PostgreSQL database")
    if "connect_timeout" not in parsed.query:  # the primary can be read instead
        parsed = parsed.update_query_dict({"connect_timeout": "2"})
    return create_postgres_engine(parsed, pool_size, LOCK_TIMEOUT_SECONDS, statement_timeout)


def parse_database_url(url: str) -> URL:
    """The URL with SQLAlchemy's name of the driver. Raises `InvalidDatabaseUrlError`."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:
        raise InvalidDatabaseUrlError(f"the database URL can't be parsed; it has the form {_URL_FORMS}; {_ENCODING}")
    if parsed.drivername in _POSTGRES_DRIVERS:
        _check_encoding(url)
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in _SQLITE_DRIVERS:
        raise InvalidDatabaseUrlError(f"unknown database {parsed.drivername!r}; use {_URL_FORMS}")
    if parsed.database in (None, "", ":memory:"):
        # In memory, every connection would have its own database.
        raise InvalidDatabaseUrlError("SQLite needs a file: sqlite:///muster.db")
    return parsed.set(drivername="sqlite")


def hide_password(url: str) -> str:
    """The URL for people: without its password, and without options, which can hold one too.

    Raises `InvalidDatabaseUrlError`.
    """
    parsed = parse_database_url(url)
    if parsed.drivername == "sqlite":
        return f"sqlite:///{parsed.database}"
    # Without a user, a port may be the password of a URL that lacks its host.
    port = f":{parsed.port}" if parsed.port is not None and parsed.username is not None else ""
    password = ":***" if parsed.password is not None else ""
    user_info = f"{quote(parsed.username)}{password}@" if parsed.username is not None else ""
    options = "?…" if parsed.query else ""
    return f"postgresql://{user_info}{parsed.host or ''}{port}/{parsed.database or ''}{options}"


def _check_encoding(url: str) -> None:
    """Refuses a URL whose password spills into host, port, database or options, where it would be shown or looked up.

    "postgresql://user:p@ss@host/name" has the host "ss@host", and "postgresql://user:p@s?s@host/name" the host "s".
    """
    _, _, rest = url.partition("://")
    user_info = _USER_INFO.match(rest)
    location, _, options = rest[user_info.end() if user_info else 0 :].partition("?")
    if "@" in location:
        raise InvalidDatabaseUrlError(f"the database URL has an @ too many; {_ENCODING}")
    if options and not {_get_option_name(option) for option in options.split("&")} <= _LIBPQ_OPTIONS:
        raise InvalidDatabaseUrlError(f"the database URL has an option that PostgreSQL does not know; {_ENCODING}")


def _get_option_name(option: str) -> str:
    name, equals, _ = option.partition("=")
    return unquote(name) if equals else ""


Clock = Callable[[], datetime]  # gives the present time, in UTC
ReadClock = Callable[[Connection], datetime]


def read_own_clock() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write.

    On SQLite it takes the write lock at its start. A transaction that reads first would fail with SQLITE_BUSY if
    another one wrote before its own first write. Raises `LostAnswerError`, beside the errors of the driver.
    """
    is_postgres = engine.dialect.name == "postgresql"
    options: dict[str, Any] = {"isolation_level": "READ COMMITTED"} if is_postgres else {IS_WRITER: True}
    is_lost = False
    with (
        get_write_lock(engine),
        engine.execution_options(**options).connect() as connection,
        connection.begin() as transaction,
    ):
        yield connection
        try:
            transaction.commit()
        except DBAPIError as error:
            is_lost = error.connection_invalidated or is_open_outcome(error.orig)
            if not is_lost:
                raise
    # Raised here, because the error of a driver would be its context, and may have values.
    if is_lost:
        raise LostAnswerError


def read_clock(connection: Connection) -> datetime:
    """The time of the database, in UTC: nodes share it, unlike their own clocks. That of SQLite is the machine's."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)
