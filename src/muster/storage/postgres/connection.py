"""The SQLAlchemy engine of a PostgreSQL database: timeouts, planner options, and dead connections replaced."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, exc

from muster.storage.pool import build_pool_options
from muster.storage.postgres.bounded_connection import BoundedConnection

# Parameters of libpq, unless the URL sets them. Without them, a server that vanished from the network without closing
# its connections would hold a request for as long as the kernel retransmits: a quarter of an hour.
_LIBPQ: Final = {
    "application_name": "muster",
    "client_encoding": "utf8",
    "connect_timeout": "10",  # seconds
    "keepalives_idle": "30",  # seconds
    "keepalives_interval": "10",  # seconds
    "keepalives_count": "3",
}

# The same seen from the server, whose default for a client that vanished is two hours. Until then its session would
# hold the locks of its batch and of its idempotency key.
_SERVER_KEEPALIVE: Final = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"

# A prepared statement keeps its plan. One made for a small table scans the whole table after it has grown, until the
# server analyzes it again: looking up 1,000 customers among 16,000 took 1.2 s, now 2 ms. Large tables are always read
# by key, so sequential scans are off; JIT and parallel workers never pay off here and took up to 15 ms to start.
_PLANNER_OPTIONS: Final = "-c enable_seqscan=off -c jit=off -c max_parallel_workers_per_gather=0"


def create_postgres_engine(url: URL, pool_size: int, lock_timeout: float, statement_timeout: float) -> Engine:
    """An engine that connects on first use.

    A statement waits at most `lock_timeout` seconds for a lock and takes at most `statement_timeout` seconds. A server
    that does not answer for a second longer loses its connection.
    """
    milliseconds = f"{statement_timeout * 1000:.0f}"
    parameters = {**_LIBPQ, "tcp_user_timeout": milliseconds}
    arguments = {name: value for name, value in parameters.items() if name not in url.query}
    timeouts = f"-c lock_timeout={lock_timeout * 1000:.0f}ms -c statement_timeout={milliseconds}ms"
    # The URL's own options come last and override ours.
    options = f"{_PLANNER_OPTIONS} {_SERVER_KEEPALIVE} {timeouts} {_get_url_options(url)}"
    engine = create_engine(
        url,
        connect_args=arguments | {"options": options},
        # Transactions are begun explicitly where they are needed: a read costs one round trip, not two.
        isolation_level="AUTOCOMMIT",
        **build_pool_options(pool_size, lock_timeout),
    )

    def connect(_dialect: object, _record: object, _: Sequence[Any], given: dict[str, Any]) -> BoundedConnection:
        return BoundedConnection.open(statement_timeout, **given)

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", _replace_dead_connection)
    return engine


def open_unpooled_connection(engine: Engine, connect_timeout: int, statement_timeout: float) -> BoundedConnection:
    """A new connection apart from the pool, whose connections may all be in use or hang. Raises `psycopg.Error`."""
    _, arguments = engine.dialect.create_connect_args(engine.url)
    given = {**_LIBPQ, **arguments, "connect_timeout": connect_timeout}
    return BoundedConnection.open(statement_timeout, **given)


def _get_url_options(url: URL) -> str:
    options = url.query.get("options", "")
    return options if isinstance(options, str) else " ".join(options)


def _replace_dead_connection(connection: BoundedConnection, _record: object, _pooled: object) -> None:
    """Lets the service recover by itself after a restart of the database."""
    try:
        connection.check_alive()
    except psycopg.Error:
        # Replaces this connection and all older ones.
        raise exc.InvalidatePoolError from None
