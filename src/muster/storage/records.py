"""The records, read by the same statements on both databases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Select, Table, Text, cast, select, union_all

from muster.records.record_store import BatchSummary, Communication, CustomerVersion
from muster.storage.compression import decompress_response
from muster.storage.errors import scrub_errors
from muster.storage.tables import batches, communications, customer_history, customers

_SELECT_BATCHES = select(batches.c.id, batches.c.received_at, batches.c.sender, batches.c.accepted, batches.c.rejected)
_SELECT_COMMUNICATIONS = select(
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
        rows = self._fetch(_SELECT_COMMUNICATIONS.where(communications.c.communication_number == number))
        return Communication(*rows[0]) if rows else None

    def batch(self, batch_id: UUID) -> BatchSummary | None:
        rows = self._fetch(_SELECT_BATCHES.where(batches.c.id == batch_id))
        return BatchSummary(*rows[0]) if rows else None

    def batches(self, *, sender: str | None, before: UUID | None, limit: int) -> Sequence[BatchSummary]:
        """Sorted by id: batch ids begin with the time of receipt."""
        query = _SELECT_BATCHES.order_by(batches.c.id.desc()).limit(limit)
        if sender is not None:
            query = query.where(batches.c.sender == sender)
        if before is not None:
            query = query.where(batches.c.id < before)
        return [BatchSummary(*row) for row in self._fetch(query)]

    def customer(self, ext_id: str, unit: str, at: datetime | None) -> CustomerVersion | None:
        query = _select_versions(ext_id, unit).limit(1)
        if at is not None:
            query = query.where(batches.c.received_at <= at)
        rows = self._fetch(query)
        return _to_version(rows[0]) if rows else None

    def versions(self, ext_id: str, unit: str, *, below: int | None, limit: int) -> Sequence[CustomerVersion]:
        query = _select_versions(ext_id, unit, below).limit(limit)
        return [_to_version(row) for row in self._fetch(query)]

    def response(self, batch_id: UUID) -> bytes | None:
        rows = self._fetch(select(batches.c.answer).where(batches.c.id == batch_id))
        return decompress_response(rows[0][0]) if rows and rows[0][0] is not None else None

    @scrub_errors
    def _fetch(self, query: Select[Any]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()


def _select_versions(ext_id: str, unit: str, below: int | None = None) -> Select[Any]:
    """All versions of a customer, the current one and the replaced ones, newest first."""

    def select_from(table: Table) -> Select[Any]:
        query = select(
            table.c.customer_ext_id,
            table.c.business_unit,
            table.c.version,
            table.c.communication_number,
            table.c.batch_id,
            cast(table.c.document, Text).label("document"),
        ).where(table.c.customer_ext_id == ext_id, table.c.business_unit == unit)
        return query if below is None else query.where(table.c.version < below)

    versions = union_all(select_from(customers), select_from(customer_history)).subquery()
    return (
        select(
            versions.c.communication_number,
            versions.c.customer_ext_id,
            versions.c.business_unit,
            versions.c.version,
            versions.c.batch_id,
            batches.c.received_at,
            batches.c.sender,
            versions.c.document,
        )
        .join_from(versions, batches, batches.c.id == versions.c.batch_id)
        .order_by(versions.c.version.desc())
    )


def _to_version(row: Any) -> CustomerVersion:
    *fields, document = row
    return CustomerVersion(*(*fields, document.encode()))
