"""The tables, one schema for both databases. Migrations create them; a test compares the two.

Every unique key is a possible distribution key, and there are no foreign keys and no sequences, so Citus can distribute
the schema over a cluster of PostgreSQL nodes unchanged.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

# Text compared and sorted by code point, as in Python and SQLite. Writers lock rows in the order of such columns, and
# must all use the same order.
Key = Text().with_variant(Text(collation="C"), "postgresql")

# A small JSON list, read and written as Python values.
Json = JSON().with_variant(JSONB(), "postgresql")

# A JSON value as it was given: its keys keep their order, and its texts may have NUL, which JSONB refuses.
ExactJson = JSON()

# The document of a customer. Written and read as text, because Python floats would round its decimals.
Document = Text().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, read in UTC. SQLite stores it as UTC without a time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError for a datetime without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

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

# Each chunk and each renewal of a lease updates the row of its load. No index has a column that they change, so that
# PostgreSQL adds nothing to the indexes (HOT: 240 of 241 updates).
loads = Table(
    "loads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sender", Key, nullable=False),
    Column("business_units", ExactJson, nullable=False),  # [code, …]
    Column("name", Text, nullable=False),
    Column("options", ExactJson, nullable=False),  # LoadOptions
    Column("fingerprint", LargeBinary, nullable=False),
    Column("size", BigInteger),
    Column("content_sha256", LargeBinary),
    Column("state", Key, nullable=False),
    Column("is_uploaded", Boolean, nullable=False),  # false: the file is not in `load_parts`
    Column("position_row", BigInteger, nullable=False),
    Column("position_offset", BigInteger, nullable=False),
    Column("position_digest", LargeBinary, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("warnings", BigInteger, nullable=False),
    Column("codes", ExactJson, nullable=False),  # [CodeCount, …]
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("layout", ExactJson),
    Column("bytes_read", BigInteger, nullable=False),
    Column("problem", Text),
    Column("lease", Uuid),
    Column("leased_at", UtcDateTime),
    Column("leased_until", UtcDateTime),
    Column("takeovers", Integer, nullable=False),  # expired leases since the last checkpoint
    Index("loads_fingerprint", "fingerprint"),
    Index("loads_state", "state"),
    Index("loads_turn", "sender", "leased_at"),
)

load_parts = Table(
    "load_parts",
    metadata,
    Column("load_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),  # of the part as it was sent
    Column("content", LargeBinary, nullable=False),  # compressed with zstd
)

load_refused_rows = Table(
    "load_refused_rows",
    metadata,
    Column("load_id", Uuid, primary_key=True),
    Column("first_row", BigInteger, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),  # of one chunk, packed by `loads/refused_rows.py`
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

users = Table(
    "users",
    metadata,
    Column("name", Key, primary_key=True),
    Column("role", Text, nullable=False),  # the names of the roles, with commas between them
    Column("business_units", Json, nullable=False),  # [code, …]
    Column("password_hash", Text),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("id", Key, nullable=False, unique=True),
    Column("user_name", Key, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),  # at most an hour before the last use; null for no use since revision 0010
)

classifier_entries = Table(
    "classifier_entries",
    metadata,
    Column("classifier", Key, primary_key=True),
    Column("code", Key, primary_key=True),
    Column("title", Text, nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("name", Key, primary_key=True),
    Column("revision", Integer, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Key, nullable=False),
    Column("action", Key, nullable=False),
    Column("subject", Key, nullable=False),
    Column("details", Json, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Index("audit_log_subject", "subject"),
    Index("audit_log_actor", "actor", "at", "number"),
    Index("audit_log_action", "action", "at", "number"),
    Index("audit_log_at", "at", "number"),
)

# One row: the last entry of the log. Appending an entry locks it.
audit_head = Table(
    "audit_head",
    metadata,
    Column("name", Key, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
)
