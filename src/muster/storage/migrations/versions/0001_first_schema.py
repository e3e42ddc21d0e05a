"""The first schema, with the code lists that an installation starts with.

Frozen: it says what the tables were when it was written, and later migrations change them. So it imports nothing
of `tables.py`.
"""

import csv
from importlib import resources

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_json = sa.JSON().with_variant(JSONB(), "postgresql")
_document = sa.Text().with_variant(JSONB(), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_customer_tables()
    _create_batch_tables()
    _create_user_tables()
    _create_classifiers()
    _compress_documents()


def _create_customer_tables() -> None:
    op.create_table(
        "communications",
        sa.Column("communication_number", _key, primary_key=True),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("business_unit", _key, nullable=False),
        sa.Column("customer_ext_id", _key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    for name, version_in_key in (("customers", False), ("customer_history", True)):
        op.create_table(
            name,
            sa.Column("customer_ext_id", _key, primary_key=True),
            sa.Column("business_unit", _key, primary_key=True),
            sa.Column("version", sa.Integer(), primary_key=version_in_key, nullable=False, autoincrement=False),
            sa.Column("communication_number", _key, nullable=False),
            sa.Column("entity_type", sa.Text(), nullable=False),
            sa.Column("customer_status", sa.Text(), nullable=False),
            sa.Column("batch_id", sa.Uuid(), nullable=False),
            sa.Column("document", _document, nullable=False),
        )


def _create_batch_tables() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("received_at", _time, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
    )
    op.create_table(
        "rejections",
        sa.Column("batch_id", sa.Uuid(), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("communication_number", sa.Text()),
        sa.Column("customer_ext_id", sa.Text()),
        sa.Column("business_unit", sa.Text()),
        sa.Column("violations", _json, nullable=False),
    )


def _create_user_tables() -> None:
    op.create_table(
        "users",
        sa.Column("name", _key, primary_key=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("business_units", _json, nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("changed_at", _time, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("sha256", sa.LargeBinary(), primary_key=True),
        sa.Column("id", _key, nullable=False, unique=True),
        sa.Column("user_name", _key, nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("expires_at", _time),
        sa.Column("revoked_at", _time),
    )


def _create_classifiers() -> None:
    entries = op.create_table(
        "classifier_entries",
        sa.Column("classifier", _key, primary_key=True),
        sa.Column("code", _key, primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
    )
    revisions = op.create_table(
        "revisions",
        sa.Column("name", _key, primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    table = resources.files("muster.classifiers").joinpath("installation.csv").read_text(encoding="utf-8")
    op.bulk_insert(entries, list(csv.DictReader(table.splitlines())))
    op.bulk_insert(revisions, [{"name": "classifiers", "revision": 1}])


def _compress_documents() -> None:
    """With lz4 where the server was built with it: full documents are written a fifth faster than with pglz."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    kinds = sa.text("SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'")
    if "lz4" not in (connection.execute(kinds).scalar() or ()):
        return
    for table in ("customers", "customer_history"):
        op.execute(sa.text(f"ALTER TABLE {table} ALTER COLUMN document SET COMPRESSION lz4"))
