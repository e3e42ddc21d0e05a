"""A connection to PostgreSQL on which no wait is endless, and which knows the server process that commits for it.

`statement_timeout` ends a statement on a server that works. It does nothing on one that is stopped, frozen or cut off,
and over a Unix socket neither does any option of TCP. So the client has a bound of its own.

Behind a pooler, such as PgBouncer, each transaction may run on another connection of the server. So parameters are set
for each transaction, no statement is prepared, and each transaction asks which process runs it.
"""

import select
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final, NamedTuple, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL, Literal
from sqlalchemy import Connection, text

from muster.storage.postgres.pooled_cursors import PooledCursor, PooledServerCursor

R = TypeVar("R")

# A server that works ends the statement itself, and the connection stays usable; so the client waits a little longer.
_GRACE_SECONDS: Final = 1.0

# How often psycopg looks at the bound, its own default.
_INTERVAL_SECONDS: Final = 0.1

_FROM_BACKEND: Final = "pid, backend_start FROM pg_stat_get_activity(pg_backend_pid())"

_Row = tuple[Any, ...]
_Cursor = psycopg.Cursor[_Row]


class Backend(NamedTuple):
    """A process of the server. Process ids are reused, so the start belongs to it."""

    pid: int
    started_at: datetime


class ScriptResult(NamedTuple):
    """The last row of the statements of a script, and the tag of the last command."""

    row: _Row | None
    status: str | None


class NoAnswerError(psycopg.OperationalError):
    """The server did not answer in time. The connection was closed, and the server may still do what it was told."""


class BoundedConnection(psycopg.Connection[_Row]):
    """Closes itself when the server answers nothing for `timeout_seconds`; None means no bound.

    `backend` serves the connection, or the present transaction on a pooled connection; None where it can't be read.
    """

    timeout_seconds: float | None = None
    backend: Backend | None = None
    is_pooled: bool = False
    is_distributed: bool | None = None  # whether the tables are those of a Citus cluster; None until it is needed
    has_json_documents: bool | None = None  # see `has_json_documents`; None until it is needed
    lock_timeout: str = ""  # as a literal
    set_up: str = ""  # on a pooled connection, the select that sets the parameters of a transaction

    @classmethod
    def open(
        cls, statement_timeout: float, parameters: Mapping[str, str], *, is_pooled: bool = False, **arguments: Any
    ) -> Self:
        """Connects in autocommit mode, and reads which backend serves the connection.

        A pooler makes up the process id that the protocol gives to the client, so another one than the backend's shows
        a pooler. `is_pooled` says that there is one for certain.
        """
        connection = cls.connect(**arguments, autocommit=True)
        connection.timeout_seconds = statement_timeout + _GRACE_SECONDS
        connection.lock_timeout = Literal(parameters["lock_timeout"]).as_string(connection)
        try:
            pid = connection._read_backend()
        except BaseException:
            connection.close()
            raise
        if is_pooled or pid != connection.info.backend_pid:
            connection._adapt_to_pooler(parameters)
        return connection

    def _read_backend(self) -> object:
        """The id of the process that serves the connection."""
        # Some installations hide backends. Then a batch that is not found has an unknown outcome.
        with suppress(psycopg.errors.InsufficientPrivilege):
            self.backend = _to_backend(self.run_script(f"SELECT {_FROM_BACKEND}").row)
        row = self.backend or self.run_script("SELECT pg_backend_pid()").row
        return row and row[0]

    def _adapt_to_pooler(self, parameters: Mapping[str, str]) -> None:
        calls = [SQL("set_config({}, {}, true)").format(*map(Literal, item)) for item in parameters.items()]
        self.set_up = (SQL("SELECT ") + SQL(", ").join(calls)).as_string(self)
        self.is_pooled = True
        self.prepare_threshold = None
        self.cursor_factory = PooledCursor
        self.server_cursor_factory = PooledServerCursor

    # psycopg calls this method for everything that it sends on the connection.
    def wait(self, gen: PQGen[R], interval: float = _INTERVAL_SECONDS, timeout: float | None = None) -> R:
        if self.timeout_seconds is None:
            return super().wait(gen, interval)
        try:
            return super().wait(_limit(gen, self.timeout_seconds), interval)
        except NoAnswerError:
            self.close()
            raise

    @contextmanager
    def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> Iterator[psycopg.Transaction]:
        is_outermost = self.info.transaction_status is TransactionStatus.IDLE
        with super().transaction(savepoint_name, force_rollback) as transaction:
            if is_outermost:
                self.set_up_transaction()
            yield transaction

    def run_script(self, script: str) -> ScriptResult:
        """Runs statements without parameters in one round trip."""
        cursor, row = psycopg.Cursor[_Row](self), None
        cursor.execute(script.encode(), prepare=False)
        while True:
            row = cursor.fetchone() if cursor.description else row
            if not cursor.nextset():
                return ScriptResult(row, cursor.statusmessage)

    def fetch_value(self, query: str) -> Any:
        """The only value of a query without parameters."""
        row = self.run_script(query).row
        return row and row[0]

    def set_up_transaction(self, begin: str = "", end: str = "") -> None:
        """Runs two scripts at the beginning of a transaction, and between them what a pooled connection needs there."""
        if self.is_pooled:
            backend = f", {_FROM_BACKEND}" if self.backend else ""
            result = self.run_script(f"{begin}{self.set_up}{backend}; {end}")
            self.backend = _to_backend(result.row) if self.backend else None
        elif begin or end:
            self.run_script(begin + end)

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
    scope, is_pooled = ("LOCAL", True) if driver.is_pooled else ("SESSION", False)
    bound, set_up = driver.timeout_seconds, driver.set_up
    if is_pooled:
        driver.set_up += ", set_config('statement_timeout', '0', true)"
    if not is_pooled or driver.info.transaction_status is TransactionStatus.INTRANS:
        connection.execute(text(f"SET {scope} statement_timeout = 0"))
    driver.timeout_seconds = None
    try:
        yield
    finally:
        driver.timeout_seconds, driver.set_up = bound, set_up
        # A failed transaction takes no statement, and its rollback resets the parameter anyway.
        if not is_pooled and driver.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS):
            connection.execute(text("RESET statement_timeout"))


def _to_backend(row: _Row | None) -> Backend | None:
    """The backend in the last columns of a row."""
    return Backend(*row[-len(Backend._fields) :]) if row else None


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
