"""The tables, one schema for both databases. Migrations create them; a test compares the two.

Those of records and of loads have modules of their own. Every unique key is a possible distribution key, and there are
no foreign keys and no sequences, so Citus can distribute the schema over a cluster: `postgres/citus_layout.py`.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from muster.storage.columns import Json, Key, UtcDateTime, metadata
from muster.storage.load_tables import load_parts, load_refused_rows, loads, mappings
from muster.storage.record_tables import (
    batch_units,
    batches,
    communications,
    customer_days,
    customer_history,
    customers,
    idempotency_keys,
    rejection_counts,
    rejection_days,
    rejections,
    replay_responses,
    report_days,
)

__all__ = [
    "audit_head",
    "audit_log",
    "batch_units",
    "batches",
    "classifier_entries",
    "communications",
    "customer_days",
    "customer_history",
    "customers",
    "idempotency_keys",
    "load_parts",
    "load_refused_rows",
    "loads",
    "mappings",
    "metadata",
    "rejection_counts",
    "rejection_days",
    "rejections",
    "replay_responses",
    "report_days",
    "revisions",
    "tokens",
    "users",
]

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
    # At most an hour before the last use of the password; null for no use since revision 0015.
    Column("password_used_at", UtcDateTime),
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

# Signed-in browsers. A row ends with the session, with its user's password, and when the user is disabled.
sessions = Table(
    "sessions",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("id", Key, nullable=False, unique=True),
    Column("user_name", Key, nullable=False),
    # The roles and business units of a user of an OpenID provider; null for others, whose rights `users` has.
    Column("role", Text),
    Column("business_units", Json),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime, nullable=False),  # at most a minute before the last use
    Column("address", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Index("sessions_user", "user_name"),
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
    Index("audit_log_subject", "subject", "at", "number"),
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
