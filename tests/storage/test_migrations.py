"""Migrations create the declared schema, stay frozen, and fail as a whole."""

import ast
import hashlib
import importlib
import json
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from muster.classifiers.csv_import import read_classifier_file
from muster.storage import SchemaState, Storage, open_storage
from muster.storage.engine import write_transaction
from muster.storage.postgres.citus import fetch_value, is_distributed
from muster.storage.schema import HEAD_REVISION, REVISIONS, migrate
from muster.storage.tables import metadata
from tests.storage.samples import fetch


def test_migrations_create_the_declared_tables(storage: Storage) -> None:
    with storage.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
        if connection.dialect.name == "postgresql" and is_distributed(partial(fetch_value, connection)):
            # A cluster keeps documents as json.
            assert {change[0][:4] for change in found} == {
                ("modify_type", None, table, "document") for table in ("customers", "customer_history")
            }
        else:
            assert found == []


def test_declared_revisions_match_the_files() -> None:
    config = Config()
    config.set_main_option("script_location", "muster.storage:migrations")
    scripts = ScriptDirectory.from_config(config)

    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS
    assert scripts.get_current_head() == HEAD_REVISION


def test_new_installation_has_the_packaged_code_lists(storage: Storage) -> None:
    """A change of the packaged code lists needs a migration for existing installations."""
    revision, entries = storage.classifiers.entries()
    assert revision == storage.classifiers.revision()
    packaged = read_classifier_file(Path(str(files("muster.classifiers").joinpath("installation.csv"))))
    assert list(entries) == sorted(packaged, key=lambda entry: (entry.classifier, entry.code))


def test_first_migration_inserts_the_frozen_code_lists(empty: Storage) -> None:
    """The packaged code lists may change; what revision 0001 inserts must not."""
    with write_transaction(empty.engine) as connection:
        migrate(connection, "0001")
    rows = fetch(empty, "SELECT classifier, code, title FROM classifier_entries")
    digest = hashlib.sha256(json.dumps(sorted(map(list, rows))).encode()).hexdigest()
    assert (len(rows), digest) == (43, "0607585828c99dcb442d7bb3ea15ffa775e5a4a50ed13aa10cc3f9d2adc8d769")
    assert fetch(empty, "SELECT name, revision FROM revisions") == [("classifiers", 1)]


@pytest.mark.parametrize("revision", REVISIONS)
def test_migration_imports_nothing_of_muster(revision: str) -> None:
    """A migration stays as it was written, so it must not depend on code that changes."""
    package = importlib.import_module("muster.storage.migrations")
    [path] = Path(str(package.__file__)).parent.glob(f"versions/{revision}_*.py")
    imports: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imports.add(node.module or "")
    assert {name.partition(".")[0] for name in imports} <= {"alembic", "sqlalchemy"}


def test_failed_migration_leaves_nothing(empty: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("alembic.op.bulk_insert", fail)
    with pytest.raises(RuntimeError):
        empty.upgrade()
    assert empty.schema_state() is SchemaState.EMPTY

    monkeypatch.undo()
    assert empty.upgrade()


def test_postgres_compares_keys_by_code_point(postgres_url: str) -> None:
    storage = open_storage(postgres_url)
    keys = fetch(
        storage,
        """
        SELECT kcu.table_name, kcu.column_name, c.collation_name
        FROM information_schema.key_column_usage kcu JOIN information_schema.columns c USING (table_name, column_name)
        WHERE c.data_type = 'text'
        """,
    )
    storage.close()

    assert ("customers", "customer_ext_id", "C") in keys
    assert {collation for _, _, collation in keys} == {"C"}


def test_documents_are_compressed_with_lz4_where_the_server_supports_it(postgres_url: str) -> None:
    storage = open_storage(postgres_url)
    [(methods,)] = fetch(storage, "SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'")
    query = "SELECT DISTINCT attcompression FROM pg_attribute WHERE attname = 'document' AND attnum > 0"
    used = fetch(storage, query)
    storage.close()

    expected = b"l" if "lz4" in methods else b""
    assert {value.encode() if isinstance(value, str) else value.strip(b"\0") for (value,) in used} == {expected}


def test_every_table_can_be_distributed() -> None:
    """No foreign keys and no sequences, so that the schema can be distributed over nodes unchanged."""
    for table in metadata.sorted_tables:
        assert not table.foreign_keys
        assert all(column.autoincrement in (False, "auto") for column in table.primary_key)
        assert table.autoincrement_column is None, table.name
