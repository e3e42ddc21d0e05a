"""Stored responses of batches, and idempotency keys."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("batches", sa.Column("answer", sa.LargeBinary()))
    op.create_table(
        "idempotency_keys",
        sa.Column("sender", _key, primary_key=True),
        sa.Column("idempotency_key", _key, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    _disable_compression()


def _disable_compression() -> None:
    """Responses are compressed already; PostgreSQL would try again without success."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE batches ALTER COLUMN answer SET STORAGE EXTERNAL")
