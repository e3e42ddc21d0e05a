"""Customers on SQLite. One writer at a time: BEGIN IMMEDIATE excludes all other writers until the commit."""

import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from muster.intake.checkpoint import Checkpoint, LeaseLostError
from muster.intake.customer_store import (
    Batch,
    CommitOutcome,
    ConflictError,
    Known,
    LostCommitError,
    group_by_unit,
)
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse
from muster.intake.large_body import ResponseBody
from muster.intake.write_plan import CustomerKey
from muster.storage.batch_counts import BatchCounts
from muster.storage.compression import CompressedResponses, compress_responses
from muster.storage.errors import StorageUnavailableError, is_open_outcome, scrub_errors
from muster.storage.idempotency import compute_lock_number, read_stored_response
from muster.storage.load_rows import build_checkpoint_parameters
from muster.storage.pool import check_out_connection, get_write_lock
from muster.storage.sqlite import statements
from muster.storage.sqlite.file_locks import FileLocks
from muster.storage.sqlite.statements import Rows


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
        versions = {
            (unit, ext_id): version
            for unit, ext_ids in group_by_unit(customers).items()
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
    def save(self, batch: Batch, response: ResponseBody) -> None:
        """Writes the batch in one transaction, or nothing.

        Waits for other threads and then for other processes, each up to the engine's lock timeout. Raises
        `ConflictError`, `LeaseLostError`, `LostCommitError`, `StorageUnavailableError`.
        """
        # All rows are made before the locks: nobody else can write while they are held.
        rows = _BatchRows.build(batch, compress_responses(batch, response))
        with self._write_lock, _transaction(self._connection, batch.id) as connection:
            _write(connection, rows)

    def find_outcome(self, batch_id: UUID) -> CommitOutcome:
        """Only for errors that leave the outcome open, so a missing batch proves nothing."""
        try:
            row = self._connection.execute(statements.FIND_BATCH, (batch_id.hex,)).fetchone()
        except sqlite3.Error:
            return CommitOutcome.UNKNOWN
        return CommitOutcome.SAVED if row else CommitOutcome.UNKNOWN

    def _acquire(self, number: int) -> bool:
        try:
            return self._key_locks.acquire(number)
        except OSError as error:
            raise StorageUnavailableError(f"the lock file of the keys can't be used: {error.strerror}") from None

    @scrub_errors
    def _find_response(self, key: IdempotencyKey) -> StoredResponse | None:
        parameters = key.sender, key.key, statements.format_time(key.valid_from)
        return read_stored_response(self._fetch, statements.FIND_KEY, statements.FIND_RESPONSE, parameters)

    def _fetch(self, query: str, parameters: Sequence[Any]) -> Any:
        return self._connection.execute(query, parameters).fetchone()

    def _find(self, query: str, values: Collection[str], *more: str) -> list[Any]:
        if not values:
            return []
        return self._connection.execute(query, (json.dumps(list(values), ensure_ascii=False), *more)).fetchall()


@contextmanager
def _transaction(connection: sqlite3.Connection, batch_id: UUID) -> Iterator[sqlite3.Connection]:
    """Raises `LostCommitError` when the commit fails in a way that leaves its outcome open."""
    is_lost = False
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        try:
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            is_lost = is_open_outcome(error)
            if not is_lost:
                raise
    finally:
        # After an error, including one of COMMIT. Some errors, such as a full disk, end the transaction themselves.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    if is_lost:
        raise LostCommitError(batch_id)


@dataclass(frozen=True, slots=True)
class _BatchRows:
    """The rows of one batch by table, ready to be written."""

    communications: Rows
    replaced: Rows  # the keys of versions that move to the history
    customers: Rows
    superseded: Rows
    rejections: Rows
    units: Rows
    codes: Rows
    key: tuple[Any, ...] | None
    batch: tuple[Any, ...]
    replay_response: tuple[str, bytes] | None
    moved_load: tuple[Any, ...] | None  # the parameters of the checkpoint
    refused_rows: tuple[str, int, bytes] | None

    @classmethod
    def build(cls, batch: Batch, responses: CompressedResponses) -> "_BatchRows":
        plan = batch.plan
        batch_id, received_at = batch.id.hex, statements.format_time(batch.received_at)
        checkpoint, counts = batch.checkpoint, BatchCounts(batch)
        rejections = statements.build_rejection_rows(batch, counts.watch(batch.rejected))
        return cls(
            communications=statements.build_communication_rows(plan.accepted, batch_id),
            replaced=list(plan.replaced),
            customers=statements.build_customer_rows([*plan.created, *plan.updated], batch_id),
            superseded=statements.build_customer_rows(plan.superseded, batch_id),
            rejections=rejections,
            units=statements.build_unit_rows(counts, batch_id),
            codes=statements.build_code_rows(counts, batch_id),
            key=_build_key_row(batch.idempotency_key, batch_id, received_at) if batch.idempotency_key else None,
            batch=(
                batch_id,
                received_at,
                batch.sender,
                len(plan.accepted),
                len(batch.rejected),
                responses.kept,
                batch.warnings,
                *((checkpoint.load_id.hex, checkpoint.first_row, checkpoint.after.row) if checkpoint else [None] * 3),
                True,  # is_counted
            ),
            replay_response=(batch_id, responses.replay) if responses.replay is not None else None,
            moved_load=_build_load_row(checkpoint) if checkpoint else None,
            refused_rows=(checkpoint.load_id.hex, checkpoint.first_row, checkpoint.refused)
            if checkpoint and checkpoint.refused is not None
            else None,
        )


def _build_key_row(key: IdempotencyKey, batch_id: str, created_at: str) -> tuple[Any, ...]:
    valid_until, valid_from = (statements.format_time(at) for at in (key.valid_until, key.valid_from))
    return key.sender, key.key, key.fingerprint, batch_id, created_at, valid_until, valid_from


def _build_load_row(checkpoint: Checkpoint) -> tuple[Any, ...]:
    parameters = build_checkpoint_parameters(checkpoint)
    return tuple(value.hex if isinstance(value, UUID) else value for value in parameters)


def _write(connection: sqlite3.Connection, rows: _BatchRows) -> None:
    write = connection.executemany
    # First, because it is cheap to find out that the rest would be in vain.
    if rows.moved_load and connection.execute(statements.MOVE_LOAD, rows.moved_load).rowcount != 1:
        raise LeaseLostError
    write(statements.INSERT_COMMUNICATION, rows.communications)
    if rows.replaced:
        if write(statements.COPY_TO_HISTORY, rows.replaced).rowcount != len(rows.replaced):
            raise ConflictError("a customer was changed by another request")
        write(statements.DELETE_REPLACED, rows.replaced)
    write(statements.INSERT_CUSTOMER, rows.customers)
    write(statements.INSERT_HISTORY, rows.superseded)
    write(statements.INSERT_REJECTION, rows.rejections)
    write(statements.INSERT_UNIT, rows.units)
    write(statements.INSERT_CODE, rows.codes)
    if rows.key and connection.execute(statements.UPSERT_KEY, rows.key).rowcount != 1:
        raise KeyInProgressError  # unreachable for a session that has claimed the key
    connection.execute(statements.INSERT_BATCH, rows.batch)
    if rows.replay_response:
        connection.execute(statements.INSERT_REPLAY_RESPONSE, rows.replay_response)
    if rows.refused_rows:
        connection.execute(statements.INSERT_REFUSED_ROWS, rows.refused_rows)
