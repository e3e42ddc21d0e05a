"""Cursors of connections behind a pooler, where each transaction sets the server's parameters for itself.

A `SET` would stay on a connection of the server that the next transaction, of anybody, gets.
"""

from typing import TYPE_CHECKING, Any, Self, cast

import psycopg
from psycopg.pq import TransactionStatus

if TYPE_CHECKING:
    from muster.storage.postgres.bounded_connection import BoundedConnection

_Row = tuple[Any, ...]


class PooledCursor(psycopg.Cursor[_Row]):
    """Sets the parameters together with the first statement of a transaction, in one round trip.

    The two are one script, which is one transaction. psycopg's pipelines won't do: they end with a Flush after the
    Sync. PgBouncer may have taken the server's connection back by then, gives the client another one for the Flush,
    and waits for an answer that never comes: the connection is lost to all others until the client's next statement.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        connection = cast("BoundedConnection", self.connection)
        if connection.info.transaction_status is not TransactionStatus.IDLE:
            return super().execute(query, params, **options)
        statement = psycopg.ClientCursor(connection).mogrify(query, params)
        super().execute(f"{connection.set_up}; {statement}".encode(), prepare=False)
        while self.nextset():
            pass
        return self

    def executemany(self, *args: Any, **options: Any) -> None:
        connection = cast("BoundedConnection", self.connection)
        if connection.autocommit and connection.info.transaction_status is TransactionStatus.IDLE:
            with connection.transaction():
                super().executemany(*args, **options)
            return
        _begin(self)
        super().executemany(*args, **options)


class PooledServerCursor(psycopg.ServerCursor[_Row]):
    """A cursor on the server exists in a transaction only, so `execute` may begin one."""

    def execute(self, *args: Any, **options: Any) -> Self:
        _begin(self)
        return super().execute(*args, **options)


def _begin(cursor: psycopg.Cursor[_Row] | psycopg.ServerCursor[_Row]) -> None:
    """Begins the transaction that psycopg would begin for the next statement, and sets it up."""
    connection = cast("BoundedConnection", cursor.connection)
    if connection.info.transaction_status is TransactionStatus.IDLE and not connection.autocommit:
        psycopg.Cursor[_Row](connection).execute(connection.set_up.encode())
