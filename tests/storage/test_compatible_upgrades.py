"""Code of every revision that the schema names as compatible can work on it: its statements name columns, and an
upgrade takes none of these away and demands no other.

The schemas are compared as the databases describe them, so nothing here needs the older code. What such code does is
in its statements: inserts with a list of the columns of its revision, and conditions on keys.
"""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Inspector, inspect

from muster.storage import Storage, open_storage
from muster.storage.engine import write_transaction
from muster.storage.schema import REVISIONS, migrate
from tests.storage.samples import fetch

Schema = dict[str, dict[str, Any]]


def describe(engine: Engine | Connection) -> Schema:
    """Columns, primary key and what else an insert must meet, for each table."""
    inspector: Inspector = inspect(engine)
    return {
        table: {
            "columns": {column["name"]: column for column in inspector.get_columns(table)},
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "unique": {
                *(tuple(found["column_names"]) for found in inspector.get_unique_constraints(table)),
                *(tuple(found["column_names"]) for found in inspector.get_indexes(table) if found["unique"]),
            },
            "conditions": len(inspector.get_check_constraints(table)) + len(inspector.get_foreign_keys(table)),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def list_obstacles(older: Schema, newer: Schema) -> list[str]:
    """What keeps statements for the older schema from working on the newer one."""
    found = [f"{table} is gone" for table in older.keys() - newer.keys()]
    for table in older.keys() & newer.keys():
        before, after = older[table], newer[table]
        columns = after["columns"]
        for name, column in before["columns"].items():
            if name not in columns:
                found.append(f"{table}.{name} is gone")
            elif repr(columns[name]["type"]) != repr(column["type"]):
                found.append(f"{table}.{name} has another type")
            elif column["nullable"] and not columns[name]["nullable"]:
                found.append(f"{table}.{name} is mandatory now")
        added = (columns[name] for name in columns.keys() - before["columns"].keys())
        mandatory = [column["name"] for column in added if not column["nullable"] and column["default"] is None]
        found += [f"{table}.{name} is new and mandatory" for name in mandatory]
        found += [f"{table} has another key"] if before["key"] != after["key"] else []
        found += [f"{table} has another unique key"] if before["unique"] != after["unique"] else []
        found += [f"{table} has another condition"] if before["conditions"] != after["conditions"] else []
    return sorted(found)


@pytest.mark.untraced  # it repeats lines that other tests cover
def test_statements_of_every_compatible_revision_work_on_the_schema(empty: Storage) -> None:
    older: dict[str, Schema] = {}
    for revision in REVISIONS:
        with write_transaction(empty.engine) as connection:
            migrate(connection, revision)
        older[revision] = describe(empty.engine)
    [(oldest,)] = fetch(empty, "SELECT revision FROM revisions WHERE name = 'min_compatible_revision'")
    compatible = [revision for revision in REVISIONS if int(revision) >= oldest]
    assert compatible
    assert {name: list_obstacles(older[name], older[REVISIONS[-1]]) for name in compatible} == {
        name: [] for name in compatible
    }


CHANGES = {
    "ALTER TABLE batches DROP COLUMN answer": ["batches.answer is gone"],
    "ALTER TABLE batches ADD COLUMN added INTEGER NOT NULL": ["batches.added is new and mandatory"],
    "ALTER TABLE batches ADD COLUMN added INTEGER": [],
    "ALTER TABLE batches ADD COLUMN added INTEGER NOT NULL DEFAULT 0": [],
    "ALTER TABLE rejections ALTER COLUMN customer_ext_id SET NOT NULL": ["rejections.customer_ext_id is mandatory now"],
    "ALTER TABLE batches ALTER COLUMN accepted TYPE BIGINT": ["batches.accepted has another type"],
    "ALTER TABLE batches ADD CHECK (accepted > 0)": ["batches has another condition"],
    "CREATE UNIQUE INDEX added ON rejections (customer_ext_id)": ["rejections has another unique key"],
    "CREATE INDEX added ON rejections (business_unit)": [],
    "DROP TABLE replay_responses": ["replay_responses is gone"],
    "CREATE TABLE added (id INTEGER)": [],
}


def test_change_that_older_statements_do_not_survive_is_found(postgres_url: str) -> None:
    storage = open_storage(postgres_url)
    with storage.engine.execution_options(isolation_level="READ COMMITTED").connect() as connection:
        before = describe(connection)
        for change, obstacles in CHANGES.items():
            connection.rollback()
            connection.exec_driver_sql(change)
            assert list_obstacles(before, describe(connection)) == obstacles, change
    storage.close()
