"""Batches for the store's tests, and how to read what it wrote."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from muster.intake.customer_store import (
    AcceptedCustomer,
    Batch,
    ConflictError,
    CustomerKey,
    Known,
    RejectedCustomer,
    Session,
)
from muster.storage import Storage

AT = datetime(2024, 5, 26, 16, 49, 50, 237_000, tzinfo=UTC)


ANSWER = b'{"resultType":"REQUEST_ACCEPTED","results":[],"timeElapsedMs":7}'


def answer() -> bytes:
    """What a batch of these tests is answered."""
    return ANSWER


def arrival(number: str, ext_id: str = "customer", version: int = 1, **changes: Any) -> AcceptedCustomer:
    """A customer under this number, of business unit MAIN unless `business_unit` says otherwise."""
    made = AcceptedCustomer(
        number, "MAIN", ext_id, version, "INDIVIDUAL", "ACTIVE", json.dumps({"from": number}).encode()
    )
    return made._replace(**changes)


def batch(*arrivals: AcceptedCustomer, rejections: tuple[RejectedCustomer, ...] = ()) -> Batch:
    return Batch(uuid4(), AT, "sender", arrivals, rejections)


def save(store: Storage, *arrivals: AcceptedCustomer) -> None:
    with store.customers.session() as session:
        session.save(batch(*arrivals), answer)


def look_up(store: Storage, numbers: list[str], customers: list[CustomerKey] | None = None) -> Known:
    with store.customers.session() as session:
        return session.look_up(numbers, customers or [])


def read(store: Storage, query: str) -> list[tuple[Any, ...]]:
    with store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def counts(store: Storage) -> dict[str, int]:
    """Rows by table, for all tables that a save writes to."""
    tables = ("communications", "customers", "customer_history", "batches", "rejections")
    return {table: read(store, f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def document(store: Storage, table: str = "customers") -> Any:
    """The one document of the table, decimals as they were sent."""
    [(content,)] = read(store, f"SELECT CAST(document AS TEXT) FROM {table}")
    return json.loads(content, parse_float=Decimal)


def take_in(session: Session, numbers: list[str], ext_ids: list[str]) -> tuple[list[str], int]:
    """Saves customers as the intake does: new or updated as it finds them, and again on a conflict.

    Returns the numbers that it got, and how often it met a conflict.
    """
    conflicts = 0
    while True:
        known = session.look_up(numbers, [("MAIN", ext_id) for ext_id in ext_ids])
        free = [
            (number, ext_id) for number, ext_id in zip(numbers, ext_ids, strict=True) if number not in known.numbers
        ]
        try:
            session.save(batch(*(arrival(n, e, known.versions.get(("MAIN", e), 0) + 1) for n, e in free)), answer)
        except ConflictError:
            conflicts += 1
        else:
            return [number for number, _ in free], conflicts
