"""Removing rows that have been kept long enough, a portion at a time, while the service works on the same tables.

A table is walked over once, in the order of its primary key: no portion looks again at what an earlier one has left,
and none holds its locks for long.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    and_,
    delete,
    false,
    func,
    not_,
    select,
    true,
    tuple_,
    union_all,
    update,
)

from muster.records.retention import RetentionKind
from muster.storage.engine import write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.sqlite.wal_checkpoint import truncate_wal
from muster.storage.tables import (
    batches,
    communications,
    customer_history,
    customers,
    idempotency_keys,
    rejections,
)

# Rows that one transaction walks over. An answer may have 50 KB.
CHUNK_ROWS: Final = 2_000
CHUNK_RESPONSES: Final = 200

Condition = ColumnElement[bool]

_KEY: Final = idempotency_keys.c


class SqlRetentionStore:
    """A `RetentionStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @scrub_errors
    def count(self, kind: RetentionKind, before: datetime, now: datetime) -> int:
        table, old = self._old(kind, before, now)
        with self._engine.connect() as connection:
            counted: int = connection.execute(select(func.count()).select_from(table).where(old)).scalar_one()
        return counted

    def purge(self, kind: RetentionKind, before: datetime, now: datetime) -> Iterator[int]:
        table, old = self._old(kind, before, now)
        last: Sequence[Any] | None = ()
        while last is not None:
            last, removed = self._portion(kind, table, old, last)
            yield removed

    @scrub_errors
    def wipe(self) -> bool:
        """On SQLite the log of pages is emptied too. PostgreSQL has autovacuum, and its own log of what was."""
        return self._engine.dialect.name != "sqlite" or truncate_wal(self._engine)

    def _old(self, kind: RetentionKind, before: datetime, now: datetime) -> tuple[Table, Condition]:
        match kind:
            case RetentionKind.KEYS:
                return idempotency_keys, and_(_KEY.created_at < before, not_(_is_valid(now)))
            case RetentionKind.REJECTIONS:
                return rejections, rejections.c.batch_id < _first_id(before)
            case RetentionKind.ANSWERS:
                kept = batches.c.answer.is_not(None)
                return batches, and_(batches.c.id < _first_id(before), kept, self._is_asked_for_no_more(before, now))
            case RetentionKind.CLOSED_CUSTOMERS:
                day = func.substr(self._in_document("closingDate"), 1, len("2024-05-26"))
                return customers, and_(customers.c.customer_status == "CLOSED", day < before.date().isoformat())

    @scrub_errors
    def _is_asked_for_no_more(self, before: datetime, now: datetime) -> Condition:
        """No key that is still valid stands for a batch. There is hardly ever such a key, and no index to find it by:
        so it is asked once whether there is one. Later ones are of later batches."""
        standing = select(_KEY.batch_id).where(_KEY.created_at < before, _is_valid(now))
        with self._engine.connect() as connection:
            if connection.execute(standing.limit(1)).first() is None:
                return true()
        return batches.c.id.not_in(standing)

    def _in_document(self, name: str) -> ColumnElement[Any]:
        if self._engine.dialect.name == "sqlite":
            return func.json_extract(customers.c.document, f"$.{name}")
        return func.jsonb_extract_path_text(customers.c.document, name)

    @scrub_errors
    def _portion(
        self, kind: RetentionKind, table: Table, old: Condition, last: Sequence[Any]
    ) -> tuple[Sequence[Any] | None, int]:
        """Removes what is old among the rows after `last`; gives where they end, None at the end of the table, and how
        many it removed."""
        key = tuple_(*table.primary_key.columns)
        after = key > tuple_(*last) if last else true()
        size = CHUNK_RESPONSES if kind is RetentionKind.ANSWERS else CHUNK_ROWS
        with write_transaction(self._engine) as connection:
            if connection.dialect.name == "sqlite":
                # What is removed is written over with zeros, and not only forgotten.
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            end = connection.execute(_key_of(table).where(after).offset(size - 1).limit(1)).one_or_none()
            within = and_(after, key <= tuple_(*end)) if end else after
            return end, _remove(connection, kind, table, and_(within, old))


def _is_valid(now: datetime) -> Condition:
    """Whether a key says of itself that it is still valid."""
    return func.coalesce(_KEY.valid_until >= now, false())


def _key_of(table: Table) -> Select[Any]:
    columns = table.primary_key.columns
    return select(*columns).order_by(*columns)


def _remove(connection: Connection, kind: RetentionKind, table: Table, which: Condition) -> int:
    match kind:
        case RetentionKind.ANSWERS:
            return connection.execute(update(table).where(which).values(answer=None)).rowcount
        case RetentionKind.CLOSED_CUSTOMERS:
            return _remove_customers(connection, which)
        case _:
            return connection.execute(delete(table).where(which)).rowcount


def _remove_customers(connection: Connection, which: Condition) -> int:
    """With their history and their communication numbers. A customer that is just being changed is left for the next
    time: so this waits for no batch, and no batch waits for it in a circle."""
    chosen = [
        tuple(row) for row in connection.execute(_key_of(customers).where(which).with_for_update(skip_locked=True))
    ]
    if not chosen:
        return 0

    def theirs(table: Table) -> Condition:
        return tuple_(table.c.customer_ext_id, table.c.business_unit).in_(chosen)

    numbers = union_all(
        *(select(table.c.communication_number).where(theirs(table)) for table in (customers, customer_history))
    )
    connection.execute(delete(communications).where(communications.c.communication_number.in_(numbers)))
    connection.execute(delete(customer_history).where(theirs(customer_history)))
    return connection.execute(delete(customers).where(theirs(customers))).rowcount


def _first_id(at: datetime) -> UUID:
    """Smaller than the id of every batch that came at that moment or later: ids begin with the time, since 1970."""
    return UUID(int=max(int(at.timestamp() * 1000), 0) << 80)
