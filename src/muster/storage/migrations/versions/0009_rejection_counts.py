"""Counts of each batch by business unit and by code, indexes for searching batches and rejections, rows of rejections.

Only adds. `batches.is_counted` is null for batches that older code saves; newer code counts them when it reads. Code of
revision 0004 and later can work on the schema.

The counts come first, because they lock nothing; indexes and columns come last, because they lock `rejections` and
`batches` until the commit.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_COUNT_UNITS = """
INSERT INTO batch_units (batch_id, business_unit, day, sender, accepted, rejected)
SELECT counted.batch_id, counted.unit, {day}, batches.sender, sum(counted.accepted), sum(counted.rejected)
FROM (
  SELECT batch_id, business_unit AS unit, count(*) AS accepted, 0 AS rejected
  FROM communications GROUP BY batch_id, business_unit
  UNION ALL
  SELECT batch_id, coalesce(business_unit, ''), 0, count(*)
  FROM rejections GROUP BY batch_id, coalesce(business_unit, '')
) AS counted JOIN batches ON batches.id = counted.batch_id
GROUP BY counted.batch_id, counted.unit, batches.received_at, batches.sender
"""

# A rejection counts once for each of its codes; the first one is its `errorCode`. MORE is no code: it says that there
# were more violations.
_COUNT_CODES = """
INSERT INTO rejection_counts (batch_id, code, business_unit, day, sender, rejected, mentioned)
SELECT found.batch_id, found.code, found.unit, {day}, batches.sender, sum(found.is_first), count(*)
FROM (
  SELECT batch_id, position, coalesce(business_unit, '') AS unit, {code} AS code,
    max(CASE WHEN {number} THEN 1 ELSE 0 END) AS is_first
  FROM rejections, {violations}
  WHERE {code} <> 'MORE'
  GROUP BY batch_id, position, coalesce(business_unit, ''), {code}
) AS found JOIN batches ON batches.id = found.batch_id
GROUP BY found.batch_id, found.code, found.unit, batches.received_at, batches.sender
"""

_POSTGRES = {
    "day": "(batches.received_at AT TIME ZONE 'UTC')::date",
    "code": "violation.value ->> 0",
    "number": "violation.number = 1",
    "violations": "jsonb_array_elements(violations) WITH ORDINALITY AS violation (value, number)",
}
_SQLITE = {
    "day": "date(batches.received_at)",
    "code": "json_extract(violation.value, '$[0]')",
    "number": "violation.key = 0",
    "violations": "json_each(violations) AS violation",
}

# Batches that older code has saved since the counting began, and batches whose customers were purged.
_IS_UNCOUNTED = "NOT EXISTS (SELECT 1 FROM batch_units WHERE batch_units.batch_id = batches.id)"


def upgrade() -> None:
    is_postgres = op.get_bind().dialect.name == "postgresql"
    _create_tables()
    for statement in (_COUNT_UNITS, _COUNT_CODES):
        op.execute(sa.text(statement.format(**(_POSTGRES if is_postgres else _SQLITE))))
    if is_postgres:
        # The statistics decide how a report reads the tables; the autovacuum daemon would take minutes to make them.
        op.execute("ANALYZE batch_units, rejection_counts")
    op.create_index("rejection_counts_code", "rejection_counts", ["code", "batch_id"])
    op.add_column("rejections", sa.Column("first_row", sa.BigInteger()))
    _create_identifier_index("rejections_customer", "customer_ext_id")
    _create_identifier_index("rejections_number", "communication_number")
    _extend_batches(is_postgres)


def _create_tables() -> None:
    op.create_table(
        "batch_units",
        sa.Column("batch_id", sa.Uuid(), primary_key=True),
        sa.Column("business_unit", _key, primary_key=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sender", _key, nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
    )
    op.create_table(
        "rejection_counts",
        sa.Column("batch_id", sa.Uuid(), primary_key=True),
        sa.Column("code", _key, primary_key=True),
        sa.Column("business_unit", _key, primary_key=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sender", _key, nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("mentioned", sa.Integer(), nullable=False),
    )
    op.create_table(
        "rejection_days",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("code", _key, primary_key=True),
        sa.Column("sender", _key, primary_key=True),
        sa.Column("business_unit", _key, primary_key=True),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("mentioned", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "customer_days",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("sender", _key, primary_key=True),
        sa.Column("business_unit", _key, primary_key=True),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "report_days",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("counted", sa.BigInteger(), nullable=False),
    )


def _create_identifier_index(name: str, column: str) -> None:
    """Compares by code point on PostgreSQL too, which takes less time than its collations."""
    op.create_index(name, "rejections", [column, "batch_id"], postgresql_ops={column: "text_pattern_ops"})


def _extend_batches(is_postgres: bool) -> None:
    if is_postgres:
        # A constant default writes no row: PostgreSQL keeps it for the rows that are there. Later ones have none.
        op.execute("ALTER TABLE batches ADD COLUMN is_counted BOOLEAN DEFAULT true")
        op.execute("ALTER TABLE batches ALTER COLUMN is_counted DROP DEFAULT")
        op.execute(sa.text(f"UPDATE batches SET is_counted = NULL WHERE {_IS_UNCOUNTED}"))  # noqa: S608 - no values
    else:
        op.add_column("batches", sa.Column("is_counted", sa.Boolean()))
        op.execute(sa.text(f"UPDATE batches SET is_counted = true WHERE NOT ({_IS_UNCOUNTED})"))  # noqa: S608
    condition = sa.text("is_counted IS NULL")
    op.create_index("batches_uncounted", "batches", ["id"], postgresql_where=condition, sqlite_where=condition)
    op.create_index("batches_sender", "batches", ["sender", "id"])
