"""The claim of an idempotency key: a transaction that holds a row of the key from the first look to the commit.

A row and not an advisory lock: a lock of the session is lost behind a pooler, which gives each transaction another
session, and an advisory lock of one node of a cluster is not seen by the others. The row is not committed before its
batch, so it ends with its transaction, whatever dies.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg

from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse
from muster.storage.errors import scrub_errors
from muster.storage.idempotency import build_claim_parameters, read_stored_response
from muster.storage.postgres import statements
from muster.storage.postgres.bounded_connection import BoundedConnection

# How long a claim waits for another transaction that holds the key. One that is about to commit gives its response.
_WAIT_MILLISECONDS: Final = 50

_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED; "
_BOUND_WAIT: Final = f"SET LOCAL lock_timeout = {_WAIT_MILLISECONDS}"
_RETURN: Final = "ROLLBACK TO SAVEPOINT claimed"


class KeyClaim:
    """The claim of the request that uses this connection."""

    def __init__(self, connection: BoundedConnection) -> None:
        self._connection = connection
        self.is_held = False

    @contextmanager
    def hold(self, key: IdempotencyKey) -> Iterator[StoredResponse | None]:
        """Gives the response stored under the key, or holds the key. Raises `KeyInProgressError`.

        Looks first, and without a lock: repetitions of a request don't exclude each other.
        """
        stored = self._find_response(key)
        if stored is None and not self._take(key):
            stored = self._find_response(key)
            if stored is None:
                raise KeyInProgressError
        try:
            yield stored
        finally:
            self.release()

    @contextmanager
    def undoing(self) -> Iterator[None]:
        """Undoes a batch that conflicts. The key stays held, so that the batch can be decided again."""
        try:
            yield
        except BaseException:
            with suppress(psycopg.Error):  # then the transaction has ended, and `release` finds that out
                self._connection.run_script(_RETURN)
            raise

    def commit(self) -> None:
        """Raises `psycopg.Error` when the transaction was not committed, or lost the connection."""
        self.is_held = False
        if self._connection.run_script("COMMIT").status != "COMMIT":  # of an aborted transaction
            raise psycopg.OperationalError("the transaction was rolled back")

    def release(self) -> None:
        """Ends the transaction, if there is one. Never raises: when it can't be ended, the connection is closed."""
        if not self.is_held:
            return
        self.is_held = False
        try:
            self._connection.rollback()
        except psycopg.Error:
            self._connection.close()

    @scrub_errors
    def _find_response(self, key: IdempotencyKey) -> StoredResponse | None:
        parameters = key.sender, key.key, key.valid_from
        return read_stored_response(self._fetch, statements.FIND_KEY, statements.FIND_RESPONSE, parameters)

    def _fetch(self, query: str, parameters: Sequence[Any]) -> Any:
        return self._connection.execute(query, parameters).fetchone()

    @scrub_errors
    def _take(self, key: IdempotencyKey) -> bool:
        """Begins the transaction. False when another one holds the key, or has saved a batch under it."""
        self.is_held, is_taken = True, False
        try:
            is_taken = self._insert(key)
        except psycopg.errors.LockNotAvailable as error:
            # PostgreSQL says which row a statement waited for. Without that, it waited for the table.
            if error.diag.context is None:
                raise
        finally:
            if not is_taken:
                self.release()
        return is_taken

    def _insert(self, key: IdempotencyKey) -> bool:
        connection = self._connection
        connection.set_up_transaction(_BEGIN, _BOUND_WAIT)
        if connection.execute(statements.CLAIM_KEY, build_claim_parameters(key)).rowcount != 1:
            return False
        connection.run_script(f"SET LOCAL lock_timeout = {connection.lock_timeout}; SAVEPOINT claimed")
        return True
