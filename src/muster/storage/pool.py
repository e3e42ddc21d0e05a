"""The connection pool: options that both databases share, and use of a connection without SQLAlchemy."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.pool import QueuePool

from muster.storage.errors import scrub_errors
from muster.storage.sqlite.write_lock import WriteLock

# Seconds that a request waits for a connection when all are in use, and for a lock of the database.
LOCK_TIMEOUT_SECONDS: Final = 30.0

# Seconds that a person who waits for a page waits for writers of SQLite. Other writers commit within some two seconds,
# but an upgrade or a purge in another process takes longer.
PAGE_LOCK_TIMEOUT_SECONDS: Final = 5.0

# Seconds that a statement may take on PostgreSQL. It may wait for a lock, so this is longer; the largest batch is
# written in some ten seconds.
STATEMENT_TIMEOUT_SECONDS: Final = 60.0

# Connections beyond the pool's size, so that logins and health checks get through when sessions hold all others.
_SPARE_CONNECTIONS: Final = 4

# Execution options: the write lock of an engine, how many seconds its writers wait on SQLite instead of the engine's
# timeout, and whether a transaction writes.
WRITE_LOCK: Final = "muster_write_lock"
WRITE_LOCK_TIMEOUT: Final = "muster_write_lock_timeout"
IS_WRITER: Final = "muster_is_writer"


class ConnectionUsage(NamedTuple):
    """Database connections of this process: how many are in use, and how many may be; and the age of a replica."""

    in_use: int
    maximum: int
    replica_lag_seconds: float = 0.0


def build_pool_options(size: int, lock_timeout: float) -> dict[str, Any]:
    """Arguments of `create_engine` for a pool of `size` connections; `lock_timeout` is in seconds."""
    return {
        "pool_size": size,
        "max_overflow": _SPARE_CONNECTIONS,
        "pool_timeout": lock_timeout,
        # Reuses the most recently used connection: its caches are warm, and connections that a small load does not
        # need stay closed.
        "pool_use_lifo": True,
        "hide_parameters": True,
    }


def get_connection_usage(engine: Engine) -> ConnectionUsage:
    """Reads the pool's counters; does not query the database."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return ConnectionUsage(pool.checkedout(), pool.size() + _SPARE_CONNECTIONS)


@scrub_errors
def check_out_connection(engine: Engine) -> PoolProxiedConnection:
    """A pooled connection in autocommit mode, for use without SQLAlchemy. Closing it returns it to the pool."""
    return engine.raw_connection()


def get_write_lock(engine: Engine) -> AbstractContextManager[object]:
    """The lock that all writers of this process hold while they write; on PostgreSQL it locks nothing."""
    options = engine.get_execution_options()
    lock: WriteLock | None = options.get(WRITE_LOCK)
    timeout: float | None = options.get(WRITE_LOCK_TIMEOUT)
    if lock is None:
        return nullcontext()
    return lock if timeout is None else lock.with_timeout(timeout)


def with_write_lock_timeout(engine: Engine, seconds: float) -> Engine:
    """The same engine, whose writers wait at most this long for other writers. It changes nothing on PostgreSQL."""
    return engine.execution_options(**{WRITE_LOCK_TIMEOUT: seconds})
