"""Customers on SQLite. One writer at a time: BEGIN IMMEDIATE excludes all other writers until the commit."""

import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Engine

from muster.intake.customer_store import Batch, ConflictError, CustomerKey, Known
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse
from muster.storage.compression import compress_response
from muster.storage.errors import StorageUnavailableError, scrub_errors
from muster.storage.idempotency import compute_lock_number, to_stored_response
from muster.storage.pool import check_out_connection, get_write_lock
from muster.storage.sqlite import statements
from muster.storage.sqlite.file_locks import FileLocks
from muster.storage.write_plan import WritePlan, build_write_plan


class SqliteCustomerStore:
    """The customers of a SQLite database, a `CustomerStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._write_lock = get_write_lock(engine)
        # Named after the real path, as SQLite's own files are: several paths may lead to one database.
        self._key_locks = FileLocks(f"{os.path.realpath(engine.url.database or '')}-keys")

    @contextmanager
    def session(self) -> Iterator["SqliteSession"]:
        """Holds one connection for one request. Raises `StorageUnavailableError` when the file can't be opened."""
        pooled = check_out_connection(self._engine)
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        try:
            yield SqliteSession(connection, self._write_lock, self._key_locks)
        finally:
            pooled.close()


class SqliteSession:
    """A `Session` on one connection in autocommit mode."""

    def __init__(
        self, connection: sqlite3.Connection, write_lock: AbstractContextManager[object], key_locks: FileLocks
    ) -> None:
        self._connection = connection
        self._write_lock = write_lock
        self._key_locks = key_locks

    @scrub_errors
    def look_up(self, numbers: Collection[str], customers: Collection[CustomerKey]) -> Known:
        """Runs one query for all numbers, and one for the customers of each unit."""
        used = self._find(statements.FIND_NUMBERS, numbers)
        ext_ids_by_unit: dict[str, list[str]] = {}
        for unit, ext_id in customers:
            ext_ids_by_unit.setdefault(unit, []).append(ext_id)
        versions = {
            (unit, ext_id): version
            for unit, ext_ids in ext_ids_by_unit.items()
            for ext_id, version in self._find(statements.FIND_CUSTOMERS, ext_ids, unit)
        }
        return Known(frozenset(number for (number,) in used), versions)

    @contextmanager
    def claim(self, key: IdempotencyKey) -> Iterator[StoredResponse | None]:
        """Holds an operating system lock, which ends with this process at the latest."""
        number = compute_lock_number(key)
        if not self._acquire(number):
            raise KeyInProgressError
        try:
            yield self._find_response(key)
        finally:
            self._key_locks.release(number)

    @scrub_errors
    def save(self, batch: Batch, build_response: Callable[[], bytes]) -> bytes:
        """Writes the batch in one transaction, or nothing.

        Waits for other threads and then for other processes, each up to the engine's lock timeout. Raises
        `ConflictError`, `StorageUnavailableError`.
        """
        plan = build_write_plan(batch.accepted)
        with self._write_lock, _transaction(self._connection) as connection:
            _write(connection, plan, batch)
            content = build_response()
            received_at = statements.format_time(batch.received_at)
            counts = len(batch.accepted), len(batch.rejected)
            stored = compress_response(batch.redacted_response or content)
            row = batch.id.hex, received_at, batch.sender, *counts, stored
            connection.execute(statements.INSERT_BATCH, row)
            if batch.idempotency_key and batch.redacted_response:
                connection.execute(statements.INSERT_REPLAY_RESPONSE, (batch.id.hex, compress_response(content)))
        return content

    def _acquire(self, number: int) -> bool:
        try:
            return self._key_locks.acquire(number)
        except OSError as error:
            raise StorageUnavailableError(f"the lock file of the keys can't be used: {error.strerror}") from None

    @scrub_errors
    def _find_response(self, key: IdempotencyKey) -> StoredResponse | None:
        parameters = key.sender, key.key, statements.format_time(key.valid_from)
        row = self._connection.execute(statements.FIND_KEY, parameters).fetchone()
        return to_stored_response(row) if row else None

    def _find(self, query: str, values: Collection[str], *more: str) -> list[Any]:
        if not values:
            return []
        return self._connection.execute(query, (json.dumps(list(values), ensure_ascii=False), *more)).fetchall()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        # After an error, including one of COMMIT. Some errors, such as a full disk, end the transaction themselves.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _write(connection: sqlite3.Connection, plan: WritePlan, batch: Batch) -> None:
    batch_id = batch.id.hex
    write = connection.executemany
    write(statements.INSERT_COMMUNICATION, statements.build_communication_rows(plan.communications, batch_id))
    if plan.replaced:
        if write(statements.COPY_TO_HISTORY, plan.replaced).rowcount != len(plan.replaced):
            raise ConflictError("a customer was changed by another request")
        write(statements.DELETE_REPLACED, plan.replaced)
    write(statements.INSERT_CUSTOMER, statements.build_customer_rows(plan.created, batch_id))
    write(statements.INSERT_CUSTOMER, statements.build_customer_rows(plan.updated, batch_id))
    write(statements.INSERT_HISTORY, statements.build_customer_rows(plan.superseded, batch_id))
    write(statements.INSERT_REJECTION, statements.build_rejection_rows(batch))
    if batch.idempotency_key:
        _store_key(connection, batch.idempotency_key, batch)


def _store_key(connection: sqlite3.Connection, key: IdempotencyKey, batch: Batch) -> None:
    times = (statements.format_time(at) for at in (batch.received_at, key.valid_until, key.valid_from))
    created_at, valid_until, valid_from = times
    row = key.sender, key.key, key.fingerprint, batch.id.hex, created_at, valid_until
    if connection.execute(statements.UPSERT_KEY, (*row, valid_from)).rowcount != 1:
        raise KeyInProgressError  # unreachable for a session that has claimed the key
