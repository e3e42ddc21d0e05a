"""Customers on PostgreSQL: one query for a lookup, binary COPY for writes."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import Engine

from muster.intake.customer_store import AcceptedCustomer, Batch, ConflictError, CustomerKey, Known
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse
from muster.storage.compression import compress_response
from muster.storage.errors import scrub_errors
from muster.storage.idempotency import compute_lock_number, to_stored_response
from muster.storage.pool import check_out_connection
from muster.storage.postgres import binary_copy, statements
from muster.storage.postgres.statements import join_texts
from muster.storage.write_plan import WritePlan, build_write_plan

_Connection = psycopg.Connection[tuple[Any, ...]]
_Cursor = psycopg.Cursor[tuple[Any, ...]]


class PostgresCustomerStore:
    """The customers of a PostgreSQL database, a `CustomerStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def session(self) -> Iterator["PostgresSession"]:
        """Holds one connection for one request. Raises `StorageUnavailableError` when none can be had."""
        pooled = check_out_connection(self._engine)
        connection = pooled.driver_connection
        assert isinstance(connection, psycopg.Connection)
        try:
            yield PostgresSession(connection)
        finally:
            if connection.closed:
                pooled.invalidate()
            pooled.close()


class PostgresSession:
    """A `Session` on one connection in autocommit mode."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    @scrub_errors
    def look_up(self, numbers: Collection[str], customers: Collection[CustomerKey]) -> Known:
        """Runs one query, whatever the counts."""
        if not (numbers or customers):
            return Known(frozenset(), {})
        units, ext_ids = zip(*customers, strict=True) if customers else ((), ())
        requested = *join_texts(numbers), *join_texts(ext_ids)
        if len(set(units)) == 1:
            rows = self._connection.execute(statements.FIND_KNOWN_IN_UNIT, (*requested, units[0]))
        else:
            rows = self._connection.execute(statements.FIND_KNOWN_IN_UNITS, (*requested, *join_texts(units)))
        used: set[str] = set()
        versions: dict[CustomerKey, int] = {}
        for unit, identifier, version in rows:
            if unit is None:
                used.add(identifier)
            else:
                versions[unit, identifier] = version
        return Known(frozenset(used), versions)

    @contextmanager
    def claim(self, key: IdempotencyKey) -> Iterator[StoredResponse | None]:
        """Holds a session-level advisory lock, which ends with the connection at the latest."""
        number = compute_lock_number(key)
        if not self._lock(number):
            raise KeyInProgressError
        try:
            yield self._find_response(key)
        finally:
            self._unlock(number)

    @scrub_errors
    def save(self, batch: Batch, build_response: Callable[[], bytes]) -> bytes:
        """Writes the batch in one transaction, or nothing. Raises `ConflictError`, `StorageUnavailableError`.

        The order of the steps prevents deadlocks: numbers, then new customers, then existing ones. A transaction that
        has locked an existing customer waits only for other such transactions, and these lock in the order of the key.
        """
        plan = build_write_plan(batch.accepted)
        if len(plan.created) == len(plan.communications) == 1 and not batch.rejected and batch.idempotency_key is None:
            return self._save_one(plan.created[0], batch, build_response())
        with self._connection.transaction(), self._connection.cursor() as cursor:
            if plan.communications:
                rows = binary_copy.build_communication_rows(plan.communications, batch)
                _copy(cursor, statements.COPY_COMMUNICATIONS, rows)
            if plan.created:
                _copy(cursor, statements.COPY_CUSTOMERS, binary_copy.build_customer_rows(plan.created, batch))
            if plan.replaced:
                _replace(cursor, plan, batch)
            if plan.superseded:
                _copy(cursor, statements.COPY_HISTORY, binary_copy.build_customer_rows(plan.superseded, batch))
            if batch.rejected:
                _copy(cursor, statements.COPY_REJECTIONS, binary_copy.build_rejection_rows(batch.rejected, batch))
            if batch.idempotency_key:
                _store_key(cursor, batch.idempotency_key, batch)
            counts = len(batch.accepted), len(batch.rejected)
            content = build_response()
            stored = compress_response(batch.redacted_response or content)
            row = batch.id, _get_received_at(batch), batch.sender, *counts, stored
            cursor.execute(statements.INSERT_BATCH, row)
            if batch.idempotency_key and batch.redacted_response:
                cursor.execute(statements.INSERT_REPLAY_RESPONSE, (batch.id, compress_response(content)))
        return content

    def _save_one(self, customer: AcceptedCustomer, batch: Batch, content: bytes) -> bytes:
        number, unit, ext_id, version, entity_type, status, document = customer
        communication_row = number, batch.id, unit, ext_id, version
        stored = compress_response(batch.redacted_response or content)
        batch_row = batch.id, _get_received_at(batch), batch.sender, stored
        customer_row = ext_id, unit, number, entity_type, status, batch.id, document.decode()
        self._connection.execute(statements.INSERT_ONE, (*communication_row, *batch_row, *customer_row))
        return content

    @scrub_errors
    def _lock(self, number: int) -> bool:
        row = self._connection.execute(statements.LOCK_KEY, (number,)).fetchone()
        return bool(row and row[0])

    @scrub_errors
    def _find_response(self, key: IdempotencyKey) -> StoredResponse | None:
        row = self._connection.execute(statements.FIND_KEY, (key.sender, key.key, key.valid_from)).fetchone()
        return to_stored_response(row) if row else None

    def _unlock(self, number: int) -> None:
        """Never raises: if unlocking fails, closing the connection releases the lock."""
        with suppress(psycopg.Error):
            self._connection.execute(statements.UNLOCK_KEY, (number,))
            return
        self._connection.close()


def _get_received_at(batch: Batch) -> datetime:
    return batch.received_at.astimezone(UTC)


def _store_key(cursor: _Cursor, key: IdempotencyKey, batch: Batch) -> None:
    created_at, valid_until = _get_received_at(batch), key.valid_until.astimezone(UTC)
    row = key.sender, key.key, key.fingerprint, batch.id, created_at, valid_until
    if cursor.execute(statements.UPSERT_KEY, (*row, key.valid_from)).rowcount != 1:
        raise KeyInProgressError  # unreachable for a session that has claimed the key


def _replace(cursor: _Cursor, plan: WritePlan, batch: Batch) -> None:
    """Moves the replaced versions into the history and writes the new ones.

    Old rows are deleted and new ones copied: 23 µs a customer. An UPDATE from arrays took 25, and would be a second way
    of writing the same row.
    """
    ext_ids, units, versions = zip(*plan.replaced, strict=True)
    replaced = *join_texts(ext_ids), *join_texts(units)
    if cursor.execute(statements.COPY_TO_HISTORY, (*replaced, list(versions))).rowcount != len(plan.replaced):
        raise ConflictError("a customer was changed by another request")
    cursor.execute(statements.DELETE_REPLACED, replaced)
    _copy(cursor, statements.COPY_CUSTOMERS, binary_copy.build_customer_rows(plan.updated, batch))


def _copy(cursor: _Cursor, statement: str, chunks: Iterator[bytes]) -> None:
    with cursor.copy(statement) as copy:
        for chunk in chunks:
            copy.write(chunk)
