"""Answers are kept with their batches, and the keys of requests that are processed once."""

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
    _do_not_compress_twice()


def _do_not_compress_twice() -> None:
    """PostgreSQL would try to compress large answers once more, in vain."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE batches ALTER COLUMN answer SET STORAGE EXTERNAL")
