"""A connection to PostgreSQL on which no wait is endless, and which can be told from all other connections.

`statement_timeout` ends a statement on a server that works. It does nothing on one that is stopped, frozen or cut off,
and over a Unix socket neither does any option of TCP. So the client has a bound of its own.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, text

R = TypeVar("R")

# A server that works ends the statement itself, and the connection stays usable; so the client waits a little longer.
_GRACE_SECONDS: Final = 1.0

# How often psycopg looks at the bound, its own default.
_INTERVAL_SECONDS: Final = 0.1

_READ_BACKEND: Final = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"


class Backend(NamedTuple):
    """The server process behind a connection. Process ids are reused, so the start belongs to it."""

    pid: int
    started_at: datetime


class NoAnswerError(psycopg.OperationalError):
    """The server did not answer in time. The connection was closed, and the server may still do what it was told."""


class BoundedConnection(psycopg.Connection[tuple[Any, ...]]):
    """Closes itself when the server answers nothing for `timeout_seconds`; None means no bound."""

    timeout_seconds: float | None = None
    backend: Backend | None = None

    @classmethod
    def open(cls, statement_timeout: float, **arguments: Any) -> "BoundedConnection":
        """Connects in autocommit mode and reads which backend serves the connection.

        The backend is asked for, because behind a proxy the protocol's own process id may be the proxy's.
        """
        connection = cls.connect(**arguments, autocommit=True)
        connection.timeout_seconds = statement_timeout + _GRACE_SECONDS
        try:
            # Some installations hide the view. Then a batch that is not found has an unknown outcome.
            with suppress(psycopg.errors.InsufficientPrivilege):
                row = connection.execute(_READ_BACKEND).fetchone()
                connection.backend = Backend(*row) if row else None
        except BaseException:
            connection.close()
            raise
        return connection

    # psycopg calls this method for everything that it sends on the connection.
    def wait(self, gen: PQGen[R], interval: float = _INTERVAL_SECONDS, timeout: float | None = None) -> R:
        if self.timeout_seconds is None:
            return super().wait(gen, interval)
        try:
            return super().wait(_limit(gen, self.timeout_seconds), interval)
        except NoAnswerError:
            self.close()
            raise

    def check_alive(self) -> None:
        """Raises `psycopg.Error` when the server has closed the connection.

        A server that ends a connection sends a message, so an idle connection that is readable is suspect. Testing
        every connection instead (SQLAlchemy's `pool_pre_ping`) takes two round trips, a fifth of the work of a small
        request.
        """
        if self._is_readable():
            self.execute("SELECT 1")

    def _is_readable(self) -> bool:
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return bool(poll.poll(0))


@contextmanager
def without_timeout(connection: Connection) -> Iterator[None]:
    """Lifts the bounds for statements that may take long, such as migrations; on SQLite there are none."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, BoundedConnection):
        yield
        return
    connection.execute(text("SET statement_timeout = 0"))
    bound, driver.timeout_seconds = driver.timeout_seconds, None
    try:
        yield
    finally:
        driver.timeout_seconds = bound
        # A failed transaction takes no statement, and its rollback resets the parameter anyway.
        if driver.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS):
            connection.execute(text("RESET statement_timeout"))


def _limit(gen: PQGen[R], seconds: float) -> PQGen[R]:
    """The same generator, which raises `NoAnswerError` when it is resumed after the deadline without being ready."""
    deadline = time.monotonic() + seconds
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise NoAnswerError(f"the server did not answer within {seconds:g} seconds")
            wanted = gen.send(ready)
    except StopIteration as done:
        result: R = done.value
        return result
