"""Counts the batches that code before revision 0009 has saved, when counts are first read after that.

During an upgrade, services of two versions save into one database. The older ones write no counts.
"""

from collections import Counter
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, insert, select, update

from muster.intake.customer_store import Batch
from muster.intake.response import REQUEST_ACCEPTED
from muster.storage.batch_counts import NO_UNIT, BatchCounts
from muster.storage.compression import decompress_response
from muster.storage.engine import write_transaction
from muster.storage.errors import scrub_errors
from muster.storage.tables import batch_units, batches, rejection_counts, rejections

# Batches of one transaction, and transactions of one read: the others are left to the next read.
CHUNK_BATCHES: Final = 50
MAX_CHUNKS: Final = 20

_UNCOUNTED: Final = select(batches.c.id).where(batches.c.is_counted.is_(None))


class _ResultUnit(msgspec.Struct, rename="camel"):
    result_type: str
    business_unit: str | None


class _StoredResults(msgspec.Struct):
    results: list[_ResultUnit]


_decode: Final = msgspec.json.Decoder(_StoredResults).decode


@scrub_errors
def count_missing_batches(engine: Engine) -> None:
    """Counts batches that have no counts; costs a look at an empty index when there are none."""
    for _ in range(MAX_CHUNKS):
        with engine.connect() as connection:
            if connection.execute(_UNCOUNTED.limit(1)).first() is None:
                return
        with write_transaction(engine) as connection:
            for (batch_id,) in connection.execute(_UNCOUNTED.order_by(batches.c.id).limit(CHUNK_BATCHES)).all():
                _count(connection, batch_id)


def _count(connection: Connection, batch_id: UUID) -> None:
    columns = batches.c
    # First, so that one of several processes counts the batch: the others wait here for its commit.
    is_uncounted = columns.id == batch_id, columns.is_counted.is_(None)
    if connection.execute(update(batches).where(*is_uncounted).values(is_counted=True)).rowcount == 0:
        return
    query = select(columns.received_at, columns.sender, columns.accepted, columns.rejected, columns.answer)
    received_at, sender, accepted, rejected, answer = connection.execute(query.where(columns.id == batch_id)).one()
    counts = BatchCounts(Batch(batch_id, received_at, sender))
    for unit, count in _count_accepted(accepted, answer).items():
        counts.add_accepted(unit, count)
    kept = select(rejections.c.business_unit, rejections.c.violations).where(rejections.c.batch_id == batch_id)
    rows = connection.execute(kept).all()
    for unit, violations in rows:
        counts.add_rejected(unit, [code for code, _ in violations])
    counts.add_unknown_rejected(rejected - len(rows))
    _insert(connection, batch_units, batch_id, counts.list_units())
    _insert(connection, rejection_counts, batch_id, counts.list_codes())


def _count_accepted(accepted: int, answer: bytes | None) -> Counter[str]:
    """Accepted customers by unit; under no unit when the response is no longer stored."""
    if answer is None:
        return Counter({NO_UNIT: accepted})
    results = _decode(decompress_response(answer)).results
    return Counter(found.business_unit or NO_UNIT for found in results if found.result_type == REQUEST_ACCEPTED)


def _insert(connection: Connection, table: Any, batch_id: UUID, rows: list[tuple[Any, ...]]) -> None:
    names = [column.name for column in table.columns]
    if rows:
        connection.execute(insert(table), [dict(zip(names, (batch_id, *row), strict=True)) for row in rows])
