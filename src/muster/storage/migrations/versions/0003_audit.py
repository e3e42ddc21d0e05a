"""The audit log, which can be added to and not changed; when a key ends; and what older code can work on the schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_json = sa.JSON().with_variant(JSONB(), "postgresql")

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
    _refuse_changes()
    op.add_column("idempotency_keys", sa.Column("valid_until", sa.DateTime(timezone=True)))
    _tell_older_code()


def _tell_older_code() -> None:
    """From here on a schema says which is the oldest code that can work on it, so that an upgrade needs no standstill.

    A migration that older code can't live with sets a later one; adding tables, and columns with a default or that
    may be null, does not.
    """
    revisions = sa.table("revisions", sa.column("name"), sa.column("revision"))
    op.bulk_insert(revisions, [{"name": "oldest code", "revision": 3}])


def _refuse_changes() -> None:
    """Keeps out mistakes. Who owns the database can take the triggers away; the chain of hashes shows what follows."""
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
