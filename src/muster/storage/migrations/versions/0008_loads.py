"""Tables for the loads of files, their parts and their refused rows; the load and the rows of a batch.

Only adds, and the new columns of `batches` are null for batches that older code saves. Code of revision 0004 and later
can work on the schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_loads()
    op.create_table(
        "load_parts",
        sa.Column("load_id", sa.Uuid(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("received_at", _time, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "load_refused_rows",
        sa.Column("load_id", sa.Uuid(), primary_key=True),
        sa.Column("first_row", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Compressed already, as `batches.answer`.
        op.execute("ALTER TABLE load_parts ALTER COLUMN content SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE load_refused_rows ALTER COLUMN content SET STORAGE EXTERNAL")
    _extend_batches()


def _create_loads() -> None:
    op.create_table(
        "loads",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("sender", _key, nullable=False),
        sa.Column("business_units", sa.JSON(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger()),
        sa.Column("content_sha256", sa.LargeBinary()),
        sa.Column("state", _key, nullable=False),
        sa.Column("is_uploaded", sa.Boolean(), nullable=False),
        sa.Column("position_row", sa.BigInteger(), nullable=False),
        sa.Column("position_offset", sa.BigInteger(), nullable=False),
        sa.Column("position_digest", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("warnings", sa.BigInteger(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("started_at", _time),
        sa.Column("ended_at", _time),
        sa.Column("layout", sa.JSON()),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("lease", sa.Uuid()),
        sa.Column("leased_at", _time),
        sa.Column("leased_until", _time),
        sa.Column("takeovers", sa.Integer(), nullable=False),
    )
    op.create_index("loads_fingerprint", "loads", ["fingerprint"])
    op.create_index("loads_state", "loads", ["state"])
    op.create_index("loads_turn", "loads", ["sender", "leased_at"])


def _extend_batches() -> None:
    """Last, because it locks `batches`: the index takes one scan of the table, and no batch is in it yet."""
    op.add_column("batches", sa.Column("load_id", sa.Uuid()))
    op.add_column("batches", sa.Column("first_row", sa.BigInteger()))
    op.add_column("batches", sa.Column("last_row", sa.BigInteger()))
    condition = sa.text("load_id IS NOT NULL")
    op.create_index(
        "batches_load", "batches", ["load_id", "first_row"], postgresql_where=condition, sqlite_where=condition
    )
