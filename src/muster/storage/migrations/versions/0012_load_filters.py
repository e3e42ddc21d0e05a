"""Indexes for lists of loads by sender, by state, and of dry runs.

Code of revision 0004 and later can work on the schema. The dry runs that code before this revision creates afterwards
are not listed as such.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("loads", sa.Column("is_dry_run", sa.Boolean))
    loads = sa.table("loads", sa.column("options", sa.JSON), sa.column("is_dry_run", sa.Boolean))
    op.execute(loads.update().values(is_dry_run=loads.c.options["dry_run"].as_boolean()))
    op.create_index("loads_sender", "loads", ["sender", "id"])
    op.drop_index("loads_state", "loads")
    op.create_index("loads_state", "loads", ["state", "id"])
    # As SQLAlchemy writes the condition of a query: SQLite uses a partial index for exactly that one.
    op.create_index(
        "loads_dry_run",
        "loads",
        ["id"],
        postgresql_where=sa.text("is_dry_run IS true"),
        sqlite_where=sa.text("is_dry_run IS 1"),
    )
