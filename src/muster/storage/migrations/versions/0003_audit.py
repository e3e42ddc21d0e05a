"""The append-only audit log, the end of validity of idempotency keys, and the compatibility of older code."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_json = sa.JSON().with_variant(JSONB(), "postgresql")

# Stored in the database, so it never changes.
_REFUSAL = "entries of the audit log stay as they are"


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", _key, nullable=False),
        sa.Column("action", _key, nullable=False),
        sa.Column("subject", _key, nullable=False),
        sa.Column("details", _json, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
    )
    op.create_index("audit_log_subject", "audit_log", ["subject"])
    head = op.create_table(
        "audit_head",
        sa.Column("name", _key, primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
    )
    op.bulk_insert(head, [{"name": "audit", "number": 0, "sha256": bytes(32)}])
    _reject_changes()
    op.add_column("idempotency_keys", sa.Column("valid_until", sa.DateTime(timezone=True)))
    _state_compatibility()


def _state_compatibility() -> None:
    """From this revision on, the schema states the oldest code that can work on it, so upgrades need no downtime.

    A migration that breaks older code raises the value. Adding tables, or columns that are nullable or have a default,
    does not break it.
    """
    revisions = sa.table("revisions", sa.column("name"), sa.column("revision"))
    op.bulk_insert(revisions, [{"name": "oldest code", "revision": 3}])


def _reject_changes() -> None:
    """Prevents mistakes. The owner of the database can drop the triggers, but the hash chain reveals later changes."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_log_stays() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_stays()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_log_stays_{change.lower()} BEFORE {change} ON audit_log "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
