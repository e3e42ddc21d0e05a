"""Sessions of the console.

Code of revision 0004 and later can work on the schema. Code before this revision ends no sessions when it changes a
password or disables a user; a disabled user's sessions do not work all the same.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("sha256", sa.LargeBinary, primary_key=True),
        sa.Column("id", _KEY, nullable=False, unique=True),
        sa.Column("user_name", _KEY, nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("business_units", _JSON),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("user_agent", sa.Text, nullable=False),
    )
    op.create_index("sessions_user", "sessions", ["user_name"])
