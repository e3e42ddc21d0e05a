"""Connections: from a database URL to a SQLAlchemy engine, set up the same way for everything in the store."""

import os
import select
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event, exc, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from .errors import BadDatabaseUrl, StoreUnavailable, without_values

_POSTGRES = {"postgresql", "postgres", "postgresql+psycopg"}
_SQLITE = {"sqlite", "sqlite+pysqlite"}
_FORMS = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

# Connections beyond the pool's size, so that a user's log-in and the health check get through when sessions hold all.
_SPARE = 4

# Seconds that a request waits for a connection when all are in use, and on SQLite for its turn to write.
_PATIENCE = 30.0

# KiB of pages that a connection to SQLite keeps. In a database of 60,000 customers, looking some up takes 3.0 µs each
# with the default of 2,000, and 1.6 with this; 300,000 are too many for either.
_SQLITE_CACHE = 32 * 1024

# Libpq's options, unless the URL says otherwise. Without the last four, a server that vanished from the network (and
# didn't close its connections) would hold a request for as long as the kernel retransmits: a quarter of an hour.
_LIBPQ = {
    "application_name": "muster",
    "client_encoding": "utf8",
    "connect_timeout": "10",  # seconds
    "keepalives_idle": "30",  # seconds
    "keepalives_interval": "10",  # seconds
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",  # milliseconds
}

# A prepared statement keeps its plan, and one that was made for a small table reads the whole table when it has grown,
# until the server analyzes it again: 1,000 customers then took 1.2 s to look up among 16,000. All that is asked of
# large tables is asked by their keys, so no table is to be read whole that has another way, and nothing is worth
# compiling or the start of parallel workers, which took 15 ms.
_PLANNING = "-c enable_seqscan=off -c jit=off -c max_parallel_workers_per_gather=0"

# Nobody waits for a lock for ever: the one who holds it may be a session that somebody left open.
_LOCKS = f"-c lock_timeout={_PATIENCE:.0f}s"


_GUARD: Final = threading.Lock()
_TURNS: Final[WeakKeyDictionary[Engine, "_Turn"]] = WeakKeyDictionary()


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """An engine that connects when it is first used. Raises `BadDatabaseUrl`."""
    parsed = parse_url(url)
    if parsed.drivername == "sqlite":
        return _sqlite_engine(parsed, pool_size)
    return _postgres_engine(parsed, pool_size)


def parse_url(url: str) -> URL:
    """The URL with the driver's name as SQLAlchemy knows it. Raises `BadDatabaseUrl`."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:
        raise BadDatabaseUrl(f"the database URL can't be read; it has the form {_FORMS}")
    if parsed.drivername in _POSTGRES:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in _SQLITE:
        raise BadDatabaseUrl(f"no database is known by the name {parsed.drivername!r}; use {_FORMS}")
    if parsed.database in (None, "", ":memory:"):
        # Each connection would have a database of its own.
        raise BadDatabaseUrl("SQLite needs a file: sqlite:///muster.db")
    return parsed.set(drivername="sqlite")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write. On SQLite it waits for its turn at its start.

    A transaction that reads first and wants to write later can't wait there: SQLite refuses it at once when another
    one wrote in between.
    """
    level = "READ COMMITTED" if engine.dialect.name == "postgresql" else None
    options: dict[str, Any] = {"isolation_level": level} if level else {"muster_writes": True}
    with turn_of(engine), engine.execution_options(**options).begin() as connection:
        yield connection


def turn_of(engine: Engine) -> AbstractContextManager[object]:
    """What all writers of this process hold while they write to the database; on PostgreSQL nothing.

    SQLite would let one after the other write too, but only looks again from time to time. With 16 threads and batches
    of 100: the longest took 0.15 s and not 0.65 s, a third more per second.
    """
    if engine.dialect.name != "sqlite":
        return nullcontext()
    with _GUARD:
        return _TURNS.setdefault(engine, _Turn())


class _Turn:
    """A lock that nobody waits for longer than for the database itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Raises `StoreUnavailable`."""
        if not self._lock.acquire(timeout=_PATIENCE):
            raise StoreUnavailable("other requests write to the database for too long")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@without_values
def check_out(engine: Engine) -> PoolProxiedConnection:
    """A pooled connection for use without SQLAlchemy, in autocommit mode. Close it to give it back."""
    return engine.raw_connection()


class Connections(NamedTuple):
    """Connections of this process: those in use, and how many may be."""

    in_use: int
    most: int


def connections_of(engine: Engine) -> Connections:
    """Counted here, without asking the database."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return Connections(pool.checkedout(), pool.size() + _SPARE)


def _postgres_engine(url: URL, pool_size: int) -> Engine:
    arguments = {name: value for name, value in _LIBPQ.items() if name not in url.query}
    engine = create_engine(
        url,
        connect_args=arguments | {"options": f"{_PLANNING} {_LOCKS} {_option_of(url)}"},
        # Transactions are begun where they are needed: a read costs one round trip and not two.
        isolation_level="AUTOCOMMIT",
        **_pool_of(pool_size),
    )
    event.listen(engine, "checkout", _replace_dead)
    return engine


def _pool_of(size: int) -> dict[str, Any]:
    """What both databases' pools have in common."""
    return {
        "pool_size": size,
        "max_overflow": _SPARE,
        "pool_timeout": _PATIENCE,
        # The connection that was used last is used next: its caches are warm, and what few clients don't need costs
        # nothing.
        "pool_use_lifo": True,
        "hide_parameters": True,
    }


def _option_of(url: URL) -> str:
    """The server options that the URL brings; they come last and so count more than ours."""
    given = url.query.get("options", "")
    return given if isinstance(given, str) else " ".join(given)


def _replace_dead(connection: psycopg.Connection[Any], _record: object, _pooled: object) -> None:
    """The reason that the service recovers by itself after a restart of the database.

    A server that ends a connection says so, and then there is something to read where nothing was asked. Asking each
    time, as SQLAlchemy's `pool_pre_ping` does, cost two round trips and a fifth of the work of a small request.
    """
    if not _may_be_read(connection.fileno()):
        return
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        # This connection is replaced, and with it all that are older.
        raise exc.InvalidatePoolError from None


def _may_be_read(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _sqlite_engine(url: URL, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        # The isolation level None leaves transactions to us: Python's driver would begin them late and not IMMEDIATE.
        connect_args={"timeout": _PATIENCE, "isolation_level": None, "check_same_thread": False},
        **_pool_of(pool_size),
    )
    event.listen(engine, "do_connect", _create_private)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_private(_dialect: object, _record: object, arguments: Sequence[str], _options: object) -> None:
    """A new file is for its owner alone: it will hold personal data. SQLite would let everybody read it."""
    with suppress(OSError):
        os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL, 0o600))


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns, also under WAL
    # Pages of 4 KB in the log before it is written back to the file. Customers come in the order of no index, so each
    # batch touches pages all over; the default of 1,000 took 57 µs a customer of a 1,000-batch, this takes 29.
    connection.execute("PRAGMA wal_autocheckpoint = 10000")
    connection.execute(f"PRAGMA cache_size = -{_SQLITE_CACHE}")
    connection.execute("PRAGMA trusted_schema = OFF")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Readers and the writer don't wait for each other. The mode stays with the file."""
    deadline = time.monotonic() + _PATIENCE
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            # Two processes that open a new file at once: SQLite doesn't wait for this lock by itself.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("muster_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
