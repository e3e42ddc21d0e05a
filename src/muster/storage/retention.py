"""Retention: removing old rows in chunks, while the service works on the same tables.

A purge scans a table once, in the order of its primary key: no chunk rescans the rows that an earlier chunk left, and
none holds its locks for long.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    and_,
    delete,
    false,
    func,
    literal,
    not_,
    select,
    true,
    tuple_,
    union_all,
    update,
)

from muster.records.retention import RetentionKind
from muster.storage.batch_ids import build_first_id
from muster.storage.erasure import erasing_transaction
from muster.storage.errors import scrub_errors
from muster.storage.load_retention import cancel_abandoned, has_old_refused, is_abandoned, purge_refused_rows
from muster.storage.postgres.bounded_connection import without_timeout
from muster.storage.postgres.citus import fetch_value, is_distributed
from muster.storage.sqlite.wal_checkpoint import CHECKPOINT_TIMEOUT_SECONDS, truncate_wal
from muster.storage.tables import (
    batches,
    communications,
    customer_history,
    customers,
    idempotency_keys,
    loads,
    rejection_counts,
    rejection_days,
    rejections,
    replay_responses,
    report_days,
)

# Rows that one transaction scans. A stored response may have 50 KB.
CHUNK_ROWS: Final = 2_000
CHUNK_RESPONSES: Final = 200

Condition = ColumnElement[bool]

_KEY: Final = idempotency_keys.c


class SqlRetentionStore:
    """A `RetentionStore`; `checkpoint_timeout` is in seconds."""

    def __init__(
        self,
        engine: Engine,
        *,
        chunk_rows: int = CHUNK_ROWS,
        chunk_responses: int = CHUNK_RESPONSES,
        checkpoint_timeout: float = CHECKPOINT_TIMEOUT_SECONDS,
    ) -> None:
        self._engine = engine
        self._chunk_rows = chunk_rows
        self._chunk_responses = chunk_responses
        self._checkpoint_timeout = checkpoint_timeout

    @scrub_errors
    def count(self, kind: RetentionKind, before: datetime, now: datetime) -> int:
        table, is_old = self._select_old(kind, before, now)
        # Scans the whole table.
        with self._engine.connect() as connection, without_timeout(connection):
            count: int = connection.execute(select(func.count()).select_from(table).where(is_old)).scalar_one()
        return count

    def purge(self, kind: RetentionKind, before: datetime, now: datetime) -> Iterator[int]:
        match kind:
            case RetentionKind.REFUSED_ROWS:
                return purge_refused_rows(self._engine, before)
            case RetentionKind.ABANDONED_UPLOADS:
                return cancel_abandoned(self._engine, before)
            case _:
                return self._scan(kind, before, now)

    def _scan(self, kind: RetentionKind, before: datetime, now: datetime) -> Iterator[int]:
        if kind is RetentionKind.REJECTIONS:
            for table, is_old in _select_old_counts(before):
                for _ in self._scan_table(kind, table, is_old):
                    yield 0
        yield from self._scan_table(kind, *self._select_old(kind, before, now))

    def _scan_table(self, kind: RetentionKind, table: Table, is_old: Condition) -> Iterator[int]:
        last: Sequence[Any] | None = ()
        while last is not None:
            last, removed = self._purge_chunk(kind, table, is_old, last)
            yield removed

    @scrub_errors
    def wipe(self) -> bool:
        """Truncates SQLite's write-ahead log. PostgreSQL reuses the space by autovacuum and recycles its own log."""
        return self._engine.dialect.name != "sqlite" or truncate_wal(self._engine, self._checkpoint_timeout)

    def _select_old(self, kind: RetentionKind, before: datetime, now: datetime) -> tuple[Table, Condition]:
        """The table that a kind of data is in, and the condition for rows to remove."""
        match kind:
            case RetentionKind.KEYS:
                return idempotency_keys, and_(_KEY.created_at < before, not_(_is_valid(now)))
            case RetentionKind.REJECTIONS:
                return rejections, rejections.c.batch_id < build_first_id(before)
            case RetentionKind.RESPONSES:
                is_old = and_(batches.c.id < build_first_id(before), batches.c.answer.is_not(None))
                return batches, and_(is_old, self._is_unreferenced(before, now))
            case RetentionKind.REFUSED_ROWS:
                return loads, has_old_refused(before)
            case RetentionKind.ABANDONED_UPLOADS:
                return loads, is_abandoned(before)
            case RetentionKind.CLOSED_CUSTOMERS:
                day = func.substr(self._extract("closingDate"), 1, len("2024-05-26"))
                return customers, and_(customers.c.customer_status == "CLOSED", day < before.date().isoformat())

    @scrub_errors
    def _is_unreferenced(self, before: datetime, now: datetime) -> Condition:
        """Excludes batches that an unexpired idempotency key refers to.

        Such keys are rare and no index finds them, so one query first checks whether any exists. Keys that are created
        later refer to later batches.
        """
        referenced = select(_KEY.batch_id).where(_KEY.created_at < before, _is_valid(now))
        with self._engine.connect() as connection:
            if connection.execute(referenced.limit(1)).first() is None:
                return true()
        return batches.c.id.not_in(referenced)

    def _extract(self, field: str) -> ColumnElement[Any]:
        """The text of a top-level field of the customer's document."""
        if self._engine.dialect.name == "sqlite":
            return func.json_extract(customers.c.document, f"$.{field}")
        return customers.c.document.op("->>", return_type=Text())(literal(field, Text()))  # json has it as jsonb

    @scrub_errors
    def _purge_chunk(
        self, kind: RetentionKind, table: Table, is_old: Condition, last: Sequence[Any]
    ) -> tuple[Sequence[Any] | None, int]:
        """Removes the old rows of the chunk after the key `last`.

        Returns the last key of the chunk, None at the end of the table, and the number of rows removed.
        """
        key = tuple_(*table.primary_key.columns)
        after = key > tuple_(*last) if last else true()
        size = self._chunk_responses if kind is RetentionKind.RESPONSES else self._chunk_rows
        with erasing_transaction(self._engine) as connection:
            end = connection.execute(_select_keys(table).where(after).offset(size - 1).limit(1)).one_or_none()
            in_chunk = and_(after, key <= tuple_(*end)) if end else after
            return end, _remove(connection, kind, table, and_(in_chunk, is_old))


def _select_old_counts(before: datetime) -> list[tuple[Table, Condition]]:
    """The counts of rejections by code, which go with the rejections and are not reported as removed.

    Those of days go last: a report may make them again from counts of batches that are not removed yet.
    """
    return [
        (rejection_counts, rejection_counts.c.batch_id < build_first_id(before)),
        (report_days, report_days.c.day < before.date()),
        (rejection_days, rejection_days.c.day < before.date()),
    ]


def _is_valid(now: datetime) -> Condition:
    """Whether a key has a stored end of validity that is not over; keys of code before 0003 have none."""
    return func.coalesce(_KEY.valid_until >= now, false())


def _select_keys(table: Table) -> Select[Any]:
    columns = table.primary_key.columns
    return select(*columns).order_by(*columns)


def _remove(connection: Connection, kind: RetentionKind, table: Table, condition: Condition) -> int:
    match kind:
        case RetentionKind.KEYS:
            _remove_replay_responses(connection, select(_KEY.batch_id).where(condition))
            return connection.execute(delete(table).where(condition)).rowcount
        case RetentionKind.RESPONSES:
            _remove_replay_responses(connection, select(batches.c.id).where(condition))
            return connection.execute(update(table).where(condition).values(answer=None)).rowcount
        case RetentionKind.CLOSED_CUSTOMERS:
            return _remove_customers(connection, condition)
        case _:
            return connection.execute(delete(table).where(condition)).rowcount


def _remove_replay_responses(connection: Connection, batch_ids: Select[Any]) -> None:
    """Removes the responses that only a replay needs, with the keys or the responses of their batches."""
    connection.execute(delete(replay_responses).where(replay_responses.c.batch_id.in_(batch_ids)))


def _remove_customers(connection: Connection, condition: Condition) -> int:
    """Removes customers with their history and their communication numbers.

    Skips customers that a concurrent transaction has locked, so a purge neither waits for a batch nor deadlocks with
    it; the next purge removes them.
    """
    keys = list(_lock_customers(connection, condition))
    if not keys:
        return 0

    def is_selected(table: Table) -> Condition:
        return tuple_(table.c.customer_ext_id, table.c.business_unit).in_(keys)

    numbers = union_all(
        *(select(table.c.communication_number).where(is_selected(table)) for table in (customers, customer_history))
    )
    connection.execute(delete(communications).where(communications.c.communication_number.in_(numbers)))
    connection.execute(delete(customer_history).where(is_selected(customer_history)))
    return connection.execute(delete(customers).where(is_selected(customers))).rowcount


def _lock_customers(connection: Connection, condition: Condition) -> Iterator[tuple[Any, ...]]:
    """Locks customers without waiting, and gives the keys of those that nobody else has locked."""
    if connection.dialect.name != "postgresql" or not is_distributed(partial(fetch_value, connection)):
        yield from _lock_at_once(connection, condition)
        return
    # A table that Citus has distributed locks rows of one value of the distribution column at a time.
    for ext_id, unit in connection.execute(_select_keys(customers).where(condition)).all():
        is_customer = customers.c.customer_ext_id == ext_id, customers.c.business_unit == unit
        lock = _select_keys(customers).where(*is_customer, condition).with_for_update(skip_locked=True)
        yield from map(tuple, connection.execute(lock))


def _lock_at_once(connection: Connection, condition: Condition) -> Iterator[tuple[Any, ...]]:
    lock = _select_keys(customers).where(condition).with_for_update(skip_locked=True)
    yield from map(tuple, connection.execute(lock))
