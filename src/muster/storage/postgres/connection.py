"""The SQLAlchemy engine of a PostgreSQL database: timeouts, planner options, and dead connections replaced."""

import select
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, exc

from muster.storage.pool import build_pool_options

# Parameters of libpq, unless the URL sets them. Without the last four, a server that vanished from the network without
# closing its connections would hold a request for as long as the kernel retransmits: a quarter of an hour.
_LIBPQ: Final = {
    "application_name": "muster",
    "client_encoding": "utf8",
    "connect_timeout": "10",  # seconds
    "keepalives_idle": "30",  # seconds
    "keepalives_interval": "10",  # seconds
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",  # milliseconds
}

# A prepared statement keeps its plan. One made for a small table scans the whole table after it has grown, until the
# server analyzes it again: looking up 1,000 customers among 16,000 took 1.2 s, now 2 ms. Large tables are always read
# by key, so sequential scans are off; JIT and parallel workers never pay off here and took up to 15 ms to start.
_PLANNER_OPTIONS: Final = "-c enable_seqscan=off -c jit=off -c max_parallel_workers_per_gather=0"


def create_postgres_engine(url: URL, pool_size: int, lock_timeout: float) -> Engine:
    """An engine that connects on first use; a statement waits at most `lock_timeout` seconds for a lock."""
    arguments = {name: value for name, value in _LIBPQ.items() if name not in url.query}
    # The URL's own options come last and override ours.
    options = f"{_PLANNER_OPTIONS} -c lock_timeout={lock_timeout * 1000:.0f}ms {_get_url_options(url)}"
    engine = create_engine(
        url,
        connect_args=arguments | {"options": options},
        # Transactions are begun explicitly where they are needed: a read costs one round trip, not two.
        isolation_level="AUTOCOMMIT",
        **build_pool_options(pool_size, lock_timeout),
    )
    event.listen(engine, "checkout", _replace_dead_connection)
    return engine


def _get_url_options(url: URL) -> str:
    options = url.query.get("options", "")
    return options if isinstance(options, str) else " ".join(options)


def _replace_dead_connection(connection: psycopg.Connection[Any], _record: object, _pooled: object) -> None:
    """Lets the service recover by itself after a restart of the database.

    A server that ends a connection sends a message, so an idle connection that is readable is suspect. SQLAlchemy's
    `pool_pre_ping` tests every connection instead: two round trips, a fifth of the work of a small request.
    """
    if not _is_readable(connection.fileno()):
        return
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        # Replaces this connection and all older ones.
        raise exc.InvalidatePoolError from None


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
