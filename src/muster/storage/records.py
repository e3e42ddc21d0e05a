"""What is on record, read by the same statements on both databases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Select, Table, Text, cast, select, union_all

from muster.records.record_store import BatchSummary, Communication, CustomerVersion
from muster.storage.compression import decompress_response
from muster.storage.errors import scrub_errors
from muster.storage.tables import batches, communications, customer_history, customers

_BATCH = (batches.c.id, batches.c.received_at, batches.c.sender, batches.c.accepted, batches.c.rejected)
_COMMUNICATION = select(
    communications.c.communication_number,
    communications.c.customer_ext_id,
    communications.c.business_unit,
    communications.c.version,
    communications.c.batch_id,
    batches.c.received_at,
    batches.c.sender,
).join_from(communications, batches, batches.c.id == communications.c.batch_id)


class SqlRecordStore:
    """The records of the installation, a `RecordStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def communication(self, number: str) -> Communication | None:
        rows = self._rows(_COMMUNICATION.where(communications.c.communication_number == number))
        return Communication(*rows[0]) if rows else None

    def batch(self, batch_id: UUID) -> BatchSummary | None:
        rows = self._rows(select(*_BATCH).where(batches.c.id == batch_id))
        return BatchSummary(*rows[0]) if rows else None

    def batches(self, *, sender: str | None, before: UUID | None, limit: int) -> Sequence[BatchSummary]:
        """By their ids, which sort by the time of arrival."""
        query = select(*_BATCH).order_by(batches.c.id.desc()).limit(limit)
        if sender is not None:
            query = query.where(batches.c.sender == sender)
        if before is not None:
            query = query.where(batches.c.id < before)
        return [BatchSummary(*row) for row in self._rows(query)]

    def customer(self, ext_id: str, unit: str, at: datetime | None) -> CustomerVersion | None:
        query = _versions_of(ext_id, unit).limit(1)
        if at is not None:
            query = query.where(batches.c.received_at <= at)
        rows = self._rows(query)
        return _version(rows[0]) if rows else None

    def versions(self, ext_id: str, unit: str, *, below: int | None, limit: int) -> Sequence[CustomerVersion]:
        query = _versions_of(ext_id, unit, below).limit(limit)
        return [_version(row) for row in self._rows(query)]

    def answer(self, batch_id: UUID) -> bytes | None:
        rows = self._rows(select(batches.c.answer).where(batches.c.id == batch_id))
        return decompress_response(rows[0][0]) if rows and rows[0][0] is not None else None

    @scrub_errors
    def _rows(self, query: Select[Any]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()


def _versions_of(ext_id: str, unit: str, below: int | None = None) -> Select[Any]:
    """All versions of a customer, newest first: the current one, and those that it replaced."""

    def of(table: Table) -> Select[Any]:
        chosen = select(
            table.c.customer_ext_id,
            table.c.business_unit,
            table.c.version,
            table.c.communication_number,
            table.c.batch_id,
            cast(table.c.document, Text).label("document"),
        ).where(table.c.customer_ext_id == ext_id, table.c.business_unit == unit)
        return chosen if below is None else chosen.where(table.c.version < below)

    found = union_all(of(customers), of(customer_history)).subquery()
    return (
        select(
            found.c.communication_number,
            found.c.customer_ext_id,
            found.c.business_unit,
            found.c.version,
            found.c.batch_id,
            batches.c.received_at,
            batches.c.sender,
            found.c.document,
        )
        .join_from(found, batches, batches.c.id == found.c.batch_id)
        .order_by(found.c.version.desc())
    )


def _version(row: Any) -> CustomerVersion:
    *known, document = row
    return CustomerVersion(*(*known, document.encode()))
