"""Batches for the storage tests, and helpers that read what was written."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace
from sqlalchemy import text

from muster.intake.customer_store import Batch, ConflictError, Known, RejectedCustomer, Session
from muster.intake.write_plan import AcceptedCustomer, CustomerKey, build_write_plan
from muster.records.record_filter import RecordFilter
from muster.records.record_store import BatchSummary
from muster.records.visibility import Visibility
from muster.storage import Storage

AT = datetime(2024, 5, 26, 16, 49, 50, 237_000, tzinfo=UTC)


# The content of the 200 response to every batch of these tests.
RESPONSE = b'{"resultType":"REQUEST_ACCEPTED","results":[],"timeElapsedMs":7}'


def build_customer(number: str, ext_id: str = "customer", version: int = 1, **changes: Any) -> AcceptedCustomer:
    """A customer with this communication number, of business unit MAIN unless `business_unit` is given."""
    document = json.dumps({"from": number}).encode()
    customer = AcceptedCustomer(number, "MAIN", ext_id, version, "INDIVIDUAL", "ACTIVE", document)
    return replace(customer, **changes)


def build_batch(*accepted: AcceptedCustomer, rejected: tuple[RejectedCustomer, ...] = ()) -> Batch:
    return Batch(uuid4(), AT, "sender", build_write_plan(accepted), rejected)


def save(storage: Storage, *accepted: AcceptedCustomer) -> None:
    with storage.customers.session() as session:
        session.save(build_batch(*accepted), RESPONSE)


def list_batches(
    storage: Storage, *, sender: str | None = None, before: UUID | None = None, limit: int = 99
) -> Sequence[BatchSummary]:
    """The saved batches, newest first."""
    return storage.search.batches(RecordFilter(sender=sender), Visibility(), before=before, limit=limit)


def look_up(storage: Storage, numbers: list[str], customers: list[CustomerKey] | None = None) -> Known:
    with storage.customers.session() as session:
        return session.look_up(numbers, customers or [])


def fetch(storage: Storage, query: str) -> list[tuple[Any, ...]]:
    with storage.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def count_rows(storage: Storage) -> dict[str, int]:
    """Rows by table, for all tables that `save` writes to."""
    tables = ("communications", "customers", "customer_history", "batches", "rejections")
    return {table: fetch(storage, f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def fetch_document(storage: Storage, table: str = "customers") -> Any:
    """The only document in the table, with exact decimals."""
    [(content,)] = fetch(storage, f"SELECT CAST(document AS TEXT) FROM {table}")
    return json.loads(content, parse_float=Decimal)


def save_free(session: Session, numbers: list[str], ext_ids: list[str]) -> list[str]:
    """Saves the customers whose numbers are free, as the intake does: creates or updates, and retries after a conflict.

    Returns the numbers that were saved.
    """
    while True:
        known = session.look_up(numbers, [("MAIN", ext_id) for ext_id in ext_ids])
        free = [
            (number, ext_id) for number, ext_id in zip(numbers, ext_ids, strict=True) if number not in known.numbers
        ]
        batch = build_batch(*(build_customer(n, e, known.versions.get(("MAIN", e), 0) + 1) for n, e in free))
        try:
            session.save(batch, RESPONSE)
        except ConflictError:
            continue
        return [number for number, _ in free]
