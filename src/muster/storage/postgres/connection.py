"""The SQLAlchemy engine of a PostgreSQL database: timeouts, planner options, and dead connections replaced."""

import re
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
# hold the locks of its batch and of its idempotency key. Behind a pooler, the pooler is the client.
_SERVER_KEEPALIVE: Final = {"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}

# A prepared statement keeps its plan. One made for a small table scans the whole table after it has grown, until the
# server analyzes it again: looking up 1,000 customers among 16,000 took 1.2 s, now 2 ms. Large tables are always read
# by key, so sequential scans are off; JIT and parallel workers never pay off here and took up to 15 ms to start.
_PLANNER_OPTIONS: Final = {"enable_seqscan": "off", "jit": "off", "max_parallel_workers_per_gather": "0"}

# What PgBouncer answers to `options`, from 1.20 on to those that it does not track.
_OPTIONS_REFUSED: Final = "unsupported startup parameter"

# An option of the server, `-c name=value` or `--name=value`. A backslash makes the next character part of the value.
_OPTION: Final = re.compile(r"(?:^|(?<=\s))(?:-c\s*|--)([\w.-]+)=((?:\\.|[^\s\\])*)")

# The execution option of an engine that holds its `PostgresConnector`.
_CONNECTOR: Final = "muster_connector"


class PostgresConnector:
    """Opens the connections of one engine. Threads may share it."""

    def __init__(self, url: URL, lock_timeout: float, statement_timeout: float) -> None:
        given = url.query.get("options", "")
        self._url_options = given if isinstance(given, str) else " ".join(given)
        timeouts = {"lock_timeout": _to_milliseconds(lock_timeout)}
        timeouts["statement_timeout"] = _to_milliseconds(statement_timeout)
        # The URL's own options come last and override ours.
        self._parameters = {**_PLANNER_OPTIONS, **timeouts, **parse_options(self._url_options)}
        ours = {**_PLANNER_OPTIONS, **_SERVER_KEEPALIVE, **timeouts}
        self._options = " ".join([*(f"-c {name}={value}" for name, value in ours.items()), self._url_options])
        self._is_refused = False  # whether a pooler has refused `options`

    def connect(self, statement_timeout: float, **arguments: Any) -> BoundedConnection:
        """Connects with our options, or to a pooler without them. Raises `psycopg.Error`."""
        arguments.pop("options", None)
        if not self._is_refused:
            try:
                return BoundedConnection.open(
                    statement_timeout, self._parameters, **arguments, options=self._options.strip()
                )
            except psycopg.OperationalError as error:
                if _OPTIONS_REFUSED not in str(error):
                    raise
        connection = BoundedConnection.open(statement_timeout, self._parameters, is_pooled=True, **arguments)
        self._is_refused = True
        return connection


def create_postgres_engine(url: URL, pool_size: int, lock_timeout: float, statement_timeout: float) -> Engine:
    """An engine that connects on first use.

    A statement waits at most `lock_timeout` seconds for a lock and takes at most `statement_timeout` seconds. A server
    that does not answer for a second longer loses its connection.
    """
    parameters = {**_LIBPQ, "tcp_user_timeout": f"{statement_timeout * 1000:.0f}"}
    arguments = {name: value for name, value in parameters.items() if name not in url.query}
    connector = PostgresConnector(url, lock_timeout, statement_timeout)
    engine = create_engine(
        url,
        connect_args=arguments,
        # Transactions are begun explicitly where they are needed: a read costs one round trip, not two.
        isolation_level="AUTOCOMMIT",
        execution_options={_CONNECTOR: connector},
        **build_pool_options(pool_size, lock_timeout),
    )

    def connect(_dialect: object, _record: object, _: Sequence[Any], given: dict[str, Any]) -> BoundedConnection:
        return connector.connect(statement_timeout, **given)

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", _replace_dead_connection)
    return engine


def open_unpooled_connection(engine: Engine, connect_timeout: int, statement_timeout: float) -> BoundedConnection:
    """A new connection apart from the pool, whose connections may all be in use or hang. Raises `psycopg.Error`."""
    connector: PostgresConnector = engine.get_execution_options()[_CONNECTOR]
    _, arguments = engine.dialect.create_connect_args(engine.url)
    return connector.connect(statement_timeout, **{**_LIBPQ, **arguments, "connect_timeout": connect_timeout})


def parse_options(options: str) -> dict[str, str]:
    """The parameters in libpq's `options`, such as "-c jit=off". Those of other forms are not for a pooler."""
    return {name.replace("-", "_"): re.sub(r"\\(.)", r"\1", value) for name, value in _OPTION.findall(options)}


def _to_milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


def _replace_dead_connection(connection: BoundedConnection, _record: object, _pooled: object) -> None:
    """Lets the service recover by itself after a restart of the database."""
    try:
        connection.check_alive()
    except psycopg.Error:
        # Replaces this connection and all older ones.
        raise exc.InvalidatePoolError from None
