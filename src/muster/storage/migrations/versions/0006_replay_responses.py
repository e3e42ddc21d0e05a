"""A table for responses as they were sent; `batches.answer` has them redacted.

Code before this revision stores the response as it was sent in `batches.answer`, and works on the new schema. In a
mixed operation it replays the redacted response of a batch that newer code has saved.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replay_responses",
        sa.Column("batch_id", sa.Uuid(), primary_key=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Compressed already, as `batches.answer`.
        op.execute("ALTER TABLE replay_responses ALTER COLUMN answer SET STORAGE EXTERNAL")
