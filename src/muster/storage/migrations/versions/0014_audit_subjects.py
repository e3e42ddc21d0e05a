"""An index for reading the entries of one subject by time: who read a customer.

Code of revision 0004 and later can work on the schema.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("audit_log_subject", "audit_log")
    op.create_index("audit_log_subject", "audit_log", ["subject", "at", "number"])
