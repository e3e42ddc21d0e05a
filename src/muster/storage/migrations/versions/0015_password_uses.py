"""The last use of passwords.

Code of revision 0004 and later can work on the schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("password_used_at", sa.DateTime(timezone=True)))
