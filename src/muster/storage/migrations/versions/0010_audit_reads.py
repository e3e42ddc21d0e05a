"""The last use of tokens, and indexes for reading the audit log by user, by action and by time.

Code of revision 0004 and later can work on the schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("last_used_at", sa.DateTime(timezone=True)))
    op.create_index("audit_log_actor", "audit_log", ["actor", "at", "number"])
    op.create_index("audit_log_action", "audit_log", ["action", "at", "number"])
    op.create_index("audit_log_at", "audit_log", ["at", "number"])
