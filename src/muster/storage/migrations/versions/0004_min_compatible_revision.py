"""Adds the row `min_compatible_revision` to `revisions`; the row `oldest code` with the same meaning stays.

The value is the oldest revision whose code can work on the schema. This migration changes no table, so it copies the
value.

Code of revision 0003 (muster 0.1) reads the row `oldest code` when it finds a later schema, and serves only if the
value is 3 or less. Without the row, an upgrade would cause downtime. A later migration can remove the row once muster
0.1 is out of support. Until then, a migration that breaks older code raises both values.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        sa.text(
            "INSERT INTO revisions (name, revision) "
            "SELECT 'min_compatible_revision', revision FROM revisions WHERE name = 'oldest code'"
        )
    )
