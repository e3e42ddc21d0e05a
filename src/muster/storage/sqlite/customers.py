"""Customers on SQLite: one writer at a time, which says BEGIN IMMEDIATE and then sees nobody change anything."""

import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Table

from muster.intake.customer_store import AcceptedCustomer, Batch, ConflictError, CustomerKey, Known
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse
from muster.storage.compression import compress_response
from muster.storage.errors import StorageUnavailableError, scrub_errors
from muster.storage.idempotency import build_find_key, build_store_key, compute_lock_number, to_stored_response
from muster.storage.pool import check_out_connection, get_write_lock
from muster.storage.sqlite.file_locks import FileLocks
from muster.storage.tables import batches, communications, customer_history, customers, rejections
from muster.storage.text import sanitize_text
from muster.storage.write_plan import WritePlan, build_write_plan

_USED_NUMBERS = """
SELECT communication_number FROM json_each(?) AS wanted
CROSS JOIN communications ON communication_number = wanted.value
"""

# For one unit: with pairs of a unit and an id for all of them, an empty table took 0.9 µs a customer and takes 0.4.
_KNOWN_CUSTOMERS = """
SELECT customer_ext_id, version FROM json_each(?) AS wanted
CROSS JOIN customers ON customer_ext_id = wanted.value AND business_unit = ?
"""

_CUSTOMER_COLUMNS = ", ".join(customers.columns.keys())
_KEEP_OLD = f"""
INSERT INTO customer_history ({_CUSTOMER_COLUMNS}) SELECT {_CUSTOMER_COLUMNS} FROM customers
WHERE customer_ext_id = ? AND business_unit = ? AND version = ?
"""  # noqa: S608 - the columns are ours
_DELETE_OLD = "DELETE FROM customers WHERE customer_ext_id = ? AND business_unit = ? AND version = ?"


def _insert_into(table: Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({', '.join(table.columns.keys())}) VALUES ({marks})"  # noqa: S608 - the names are ours


_ADD_COMMUNICATION = _insert_into(communications)
_ADD_CUSTOMER = _insert_into(customers)
_ADD_HISTORY = _insert_into(customer_history)
_ADD_BATCH = _insert_into(batches)
_ADD_REJECTION = _insert_into(rejections)
_FIND_KEY = build_find_key("?")
_KEEP_KEY = build_store_key("?")


class SqliteCustomerStore:
    """The customers of a SQLite database, a `CustomerStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = get_write_lock(engine)
        # By the real path, as SQLite names its own files: the database may be opened by several names.
        self._keys = FileLocks(f"{os.path.realpath(engine.url.database or '')}-keys")

    @contextmanager
    def session(self) -> Iterator["SqliteSession"]:
        """One connection for one request. Raises `StorageUnavailableError` when the file can't be opened."""
        pooled = check_out_connection(self._engine)
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        try:
            yield SqliteSession(connection, self._turn, self._keys)
        finally:
            pooled.close()


class SqliteSession:
    """A `Session` on one connection in autocommit mode."""

    def __init__(self, connection: sqlite3.Connection, turn: AbstractContextManager[object], keys: FileLocks) -> None:
        self._connection = connection
        self._turn = turn
        self._keys = keys

    @scrub_errors
    def look_up(self, numbers: Collection[str], customers: Collection[CustomerKey]) -> Known:
        """One query for the numbers and one for the customers of each unit, whatever their count."""
        used = self._all(_USED_NUMBERS, numbers)
        of_units: dict[str, list[str]] = {}
        for unit, ext_id in customers:
            of_units.setdefault(unit, []).append(ext_id)
        versions = {
            (unit, ext_id): version
            for unit, ext_ids in of_units.items()
            for ext_id, version in self._all(_KNOWN_CUSTOMERS, ext_ids, unit)
        }
        return Known(frozenset(number for (number,) in used), versions)

    @contextmanager
    def claim(self, once: IdempotencyKey) -> Iterator[StoredResponse | None]:
        """Holds a lock of the operating system's, which ends with this process at the latest."""
        if not self._lock(compute_lock_number(once)):
            raise KeyInProgressError
        try:
            yield self._kept(once)
        finally:
            self._keys.release(compute_lock_number(once))

    @scrub_errors
    def save(self, batch: Batch, answer: Callable[[], bytes]) -> bytes:
        """All or nothing. Waits for its turn among the threads, and then for other processes as long as the engine has
        patience; then `StorageUnavailableError`."""
        steps = build_write_plan(batch.accepted)
        with self._turn, _transaction(self._connection) as connection:
            _write(connection, steps, batch)
            body = answer()
            counts = len(batch.accepted), len(batch.rejected)
            connection.execute(
                _ADD_BATCH, (batch.id.hex, _moment(batch.received_at), batch.sender, *counts, compress_response(body))
            )
        return body

    def _lock(self, number: int) -> bool:
        try:
            return self._keys.acquire(number)
        except OSError as error:
            raise StorageUnavailableError(f"the file of the keys' locks can't be used: {error.strerror}") from None

    @scrub_errors
    def _kept(self, once: IdempotencyKey) -> StoredResponse | None:
        found = self._connection.execute(_FIND_KEY, (once.sender, once.key, _moment(once.valid_from)))
        row = found.fetchone()
        return to_stored_response(row) if row else None

    def _all(self, query: str, wanted: Collection[str], *more: str) -> list[Any]:
        if not wanted:
            return []
        return self._connection.execute(query, (json.dumps(list(wanted), ensure_ascii=False), *more)).fetchall()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        # After an error, of the COMMIT too. Some errors end the transaction by themselves (a full disk).
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _write(connection: sqlite3.Connection, steps: WritePlan, batch: Batch) -> None:
    batch_id = batch.id.hex
    connection.executemany(_ADD_COMMUNICATION, _communication_rows(steps.numbered, batch_id))
    if steps.replaced:
        kept = connection.executemany(_KEEP_OLD, steps.replaced).rowcount
        if kept != len(steps.replaced):
            raise ConflictError("a customer was changed by another request")
        connection.executemany(_DELETE_OLD, steps.replaced)
    connection.executemany(_ADD_CUSTOMER, _customer_rows(steps.created, batch_id))
    connection.executemany(_ADD_CUSTOMER, _customer_rows(steps.updated, batch_id))
    connection.executemany(_ADD_HISTORY, _customer_rows(steps.passed, batch_id))
    connection.executemany(_ADD_REJECTION, _rejection_rows(batch))
    if batch.idempotency_key:
        _keep_key(connection, batch.idempotency_key, batch)


def _keep_key(connection: sqlite3.Connection, once: IdempotencyKey, batch: Batch) -> None:
    moments = _moment(batch.received_at), _moment(once.valid_until)
    row = once.sender, once.key, once.fingerprint, batch.id.hex, *moments
    if connection.execute(_KEEP_KEY, (*row, _moment(once.valid_from))).rowcount != 1:
        raise KeyInProgressError  # nobody who holds it gets here


def _moment(at: datetime) -> str:
    """As SQLAlchemy writes a datetime for SQLite; such texts sort by time."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _communication_rows(arrivals: Iterable[AcceptedCustomer], batch_id: str) -> list[tuple[Any, ...]]:
    return [(a.communication_number, batch_id, a.business_unit, a.customer_ext_id, a.version) for a in arrivals]


def _customer_rows(arrivals: Iterable[AcceptedCustomer], batch_id: str) -> list[tuple[Any, ...]]:
    return [
        (
            a.customer_ext_id,
            a.business_unit,
            a.version,
            a.communication_number,
            a.entity_type,
            a.customer_status,
            batch_id,
            a.document.decode(),
        )
        for a in arrivals
    ]


def _rejection_rows(batch: Batch) -> list[tuple[Any, ...]]:
    return [
        (
            batch.id.hex,
            r.position,
            sanitize_text(r.communication_number),
            sanitize_text(r.customer_ext_id),
            sanitize_text(r.business_unit),
            json.dumps(r.violations),
        )
        for r in batch.rejected
    ]
