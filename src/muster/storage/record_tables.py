"""The tables of batches, of the customers that they saved and rejected, and of the counts for reports."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, Table, Text, Uuid

from muster.storage.columns import Document, Json, Key, UtcDateTime, metadata

communications = Table(
    "communications",
    metadata,
    Column("communication_number", Key, primary_key=True),
    Column("batch_id", Uuid, nullable=False),
    Column("business_unit", Key, nullable=False),
    Column("customer_ext_id", Key, nullable=False),
    Column("version", Integer, nullable=False),
    sqlite_with_rowid=False,
)


def _customer_columns(*, version_in_key: bool) -> list[Column[Any]]:
    return [
        Column("customer_ext_id", Key, primary_key=True),
        Column("business_unit", Key, primary_key=True),
        Column("version", Integer, primary_key=version_in_key, nullable=False, autoincrement=False),
        Column("communication_number", Key, nullable=False),
        Column("entity_type", Text, nullable=False),
        Column("customer_status", Text, nullable=False),
        Column("batch_id", Uuid, nullable=False),
        Column("document", Document, nullable=False),
    ]


customers = Table("customers", metadata, *_customer_columns(version_in_key=False))

customer_history = Table("customer_history", metadata, *_customer_columns(version_in_key=True))

batches = Table(
    "batches",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("sender", Text, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    # The redacted content of the 200 response, compressed with zstd; null once a purge removed it.
    Column("answer", LargeBinary),
    Column("warnings", Integer),  # null if saved by code before revision 0007
    # The load that the batch is a chunk of, and its rows; null for the batch of a request.
    Column("load_id", Uuid),
    Column("first_row", BigInteger),
    Column("last_row", BigInteger),
    # Null for a batch that `batch_units` and `rejection_counts` do not have: saved by code before revision 0009.
    Column("is_counted", Boolean),
    Index("batches_sender", "sender", "id"),
)
Index(
    "batches_load",
    batches.c.load_id,
    batches.c.first_row,
    postgresql_where=batches.c.load_id.is_not(None),
    sqlite_where=batches.c.load_id.is_not(None),
)
Index(
    "batches_uncounted",
    batches.c.id,
    postgresql_where=batches.c.is_counted.is_(None),
    sqlite_where=batches.c.is_counted.is_(None),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("sender", Key, primary_key=True),
    Column("idempotency_key", Key, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime),  # null if stored by code before revision 0003
)

# Responses as they were sent, where `batches.answer` has a redacted one and an idempotency key replays the response.
replay_responses = Table(
    "replay_responses",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("answer", LargeBinary, nullable=False),  # compressed with zstd
)

rejections = Table(
    "rejections",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("communication_number", Text),
    Column("customer_ext_id", Text),
    Column("business_unit", Text),
    Column("violations", Json, nullable=False),  # [[code, pointer], …]
    Column("first_row", BigInteger),  # of the customer in the file of a load; null for others
)
# The operator class compares by code point, as keys do: these columns have the collation of the database.
Index(
    "rejections_customer",
    rejections.c.customer_ext_id,
    rejections.c.batch_id,
    postgresql_ops={"customer_ext_id": "text_pattern_ops"},
)
Index(
    "rejections_number",
    rejections.c.communication_number,
    rejections.c.batch_id,
    postgresql_ops={"communication_number": "text_pattern_ops"},
)

# The customers of a batch by business unit; "" stands for rejected customers without a known unit. Both tables repeat
# day and sender, so that a report reads one table.
batch_units = Table(
    "batch_units",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("business_unit", Key, primary_key=True),
    Column("day", Date, nullable=False),  # UTC
    Column("sender", Key, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
)

# The rejected customers of a batch by code: how many have it as their `errorCode`, and how many at all.
rejection_counts = Table(
    "rejection_counts",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("code", Key, primary_key=True),
    Column("business_unit", Key, primary_key=True),
    Column("day", Date, nullable=False),
    Column("sender", Key, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("mentioned", Integer, nullable=False),
    Index("rejection_counts_code", "code", "batch_id"),
)

# `rejection_counts` and `batch_units` by day, of days that are over. Reports make them, see `report_days.py`.
rejection_days = Table(
    "rejection_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("code", Key, primary_key=True),
    Column("sender", Key, primary_key=True),
    Column("business_unit", Key, primary_key=True),
    Column("rejected", BigInteger, nullable=False),
    Column("mentioned", BigInteger, nullable=False),
)

customer_days = Table(
    "customer_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("sender", Key, primary_key=True),
    Column("business_unit", Key, primary_key=True),
    Column("accepted", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
)

report_days = Table(
    "report_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("counted", BigInteger, nullable=False),  # rows of `batch_units` on this day, when its counts were made
)
