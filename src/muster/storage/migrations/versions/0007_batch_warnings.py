"""The number of warnings of a batch, which a replayed response states in its header `Muster-Warnings`.

Null for batches that older code saved. Code of revision 0004 and later can work on the schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("warnings", sa.Integer()))
