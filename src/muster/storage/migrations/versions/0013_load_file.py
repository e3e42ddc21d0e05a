"""Dry runs of uploads that are loaded afterwards, and saved mappings.

Code of revision 0004 and later can work on the schema. A worker of code before this revision that takes a dry run of an
upload finds no parts of it, and the dry run fails; the upload stays, and its user starts another dry run.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("loads", sa.Column("parts_of", sa.Uuid))
    op.create_index("loads_parts_of", "loads", ["parts_of"])
    op.create_table(
        "mappings",
        sa.Column("name", _KEY, primary_key=True),
        sa.Column("header_sha256", sa.LargeBinary, nullable=False),
        sa.Column("mapping", sa.JSON, nullable=False),
        sa.Column("saved_by", _KEY, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("mappings_header", "mappings", ["header_sha256"])
