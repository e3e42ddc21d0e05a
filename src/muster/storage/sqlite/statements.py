"""The SQL that reads and writes customers on SQLite, and its parameters."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Table

from muster.intake.customer_store import Batch, RejectedCustomer
from muster.intake.write_plan import AcceptedCustomer
from muster.storage.batch_counts import BatchCounts
from muster.storage.idempotency import build_find_key, build_find_response, build_upsert_key
from muster.storage.tables import (
    batch_units,
    batches,
    communications,
    customer_history,
    customers,
    load_refused_rows,
    rejection_counts,
    rejections,
    replay_responses,
)
from muster.storage.text import sanitize_text

Rows = list[tuple[Any, ...]]

# CROSS JOIN makes SQLite scan the short list, and look up each of its values by key.
FIND_NUMBERS: Final = """
SELECT communication_number FROM json_each(?) AS requested
CROSS JOIN communications ON communication_number = requested.value
"""

# One query per unit: with one query over pairs of unit and id, a lookup in an empty table took 0.9 µs a customer; this
# takes 0.4.
FIND_CUSTOMERS: Final = """
SELECT customer_ext_id, version FROM json_each(?) AS requested
CROSS JOIN customers ON customer_ext_id = requested.value AND business_unit = ?
"""

_CUSTOMER_COLUMNS: Final = ", ".join(customers.columns.keys())

# Parameters of both: (customer_ext_id, business_unit, version). The row count tells whether all versions were current.
COPY_TO_HISTORY: Final = f"""
INSERT INTO customer_history ({_CUSTOMER_COLUMNS}) SELECT {_CUSTOMER_COLUMNS} FROM customers
WHERE customer_ext_id = ? AND business_unit = ? AND version = ?
"""  # noqa: S608 - column names, not values
DELETE_REPLACED: Final = "DELETE FROM customers WHERE customer_ext_id = ? AND business_unit = ? AND version = ?"


def _build_insert(table: Table) -> str:
    placeholders = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({', '.join(table.columns.keys())}) VALUES ({placeholders})"  # noqa: S608 - names


INSERT_COMMUNICATION: Final = _build_insert(communications)
INSERT_CUSTOMER: Final = _build_insert(customers)
INSERT_HISTORY: Final = _build_insert(customer_history)
INSERT_BATCH: Final = _build_insert(batches)
INSERT_REJECTION: Final = _build_insert(rejections)
INSERT_UNIT: Final = _build_insert(batch_units)
INSERT_CODE: Final = _build_insert(rejection_counts)
INSERT_REPLAY_RESPONSE: Final = _build_insert(replay_responses)
INSERT_REFUSED_ROWS: Final = _build_insert(load_refused_rows)
# The row count tells whether the load is leased by this worker, and stands where the chunk begins.
MOVE_LOAD: Final = """
UPDATE loads
SET position_row = ?, position_offset = ?, position_digest = ?,
    rows = ?, accepted = ?, refused = ?, warnings = ?, codes = ?, takeovers = 0
WHERE id = ? AND lease = ? AND position_row = ? AND position_offset = ? AND position_digest = ?
"""
FIND_BATCH: Final = "SELECT 1 FROM batches WHERE id = ?"
FIND_KEY: Final = build_find_key("?")
FIND_RESPONSE: Final = build_find_response("?")
UPSERT_KEY: Final = build_upsert_key("?")


def format_time(at: datetime) -> str:
    """Formats a time as SQLAlchemy does for SQLite; these texts sort by time."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def build_communication_rows(customers: Sequence[AcceptedCustomer], batch_id: str) -> Rows:
    return [(c.communication_number, batch_id, c.business_unit, c.customer_ext_id, c.version) for c in customers]


def build_customer_rows(customers: Sequence[AcceptedCustomer], batch_id: str) -> Rows:
    return [
        (
            c.customer_ext_id,
            c.business_unit,
            c.version,
            c.communication_number,
            c.entity_type,
            c.customer_status,
            batch_id,
            c.document.decode(),
        )
        for c in customers
    ]


def build_rejection_rows(batch: Batch, rejected: Iterable[RejectedCustomer]) -> Rows:
    rows = batch.checkpoint.record_rows if batch.checkpoint else ()
    return [
        (
            batch.id.hex,
            r.position,
            sanitize_text(r.communication_number),
            sanitize_text(r.customer_ext_id),
            sanitize_text(r.business_unit),
            json.dumps(r.violations),
            rows[r.position] if rows else None,
        )
        for r in rejected
    ]


def build_unit_rows(counts: BatchCounts, batch_id: str) -> Rows:
    return [(batch_id, unit, day.isoformat(), *rest) for unit, day, *rest in counts.list_units()]


def build_code_rows(counts: BatchCounts, batch_id: str) -> Rows:
    return [(batch_id, code, unit, day.isoformat(), *rest) for code, unit, day, *rest in counts.list_codes()]
