import csv
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from muster.classifiers.entries import ClassifierEntry
from muster.storage import SchemaState, SchemaTooNewError, Storage, StorageError, open_storage
from muster.storage.engine import write_transaction
from muster.storage.schema import HEAD_REVISION, MIN_COMPATIBLE, REVISIONS, migrate
from muster.storage.tables import metadata
from tests.conftest import DatabaseMaker
from tests.storage.samples import read

UPGRADE = (
    "import sys; from muster.storage import open_store; sys.stdin.read(); print(open_store(sys.argv[1]).upgrade())"
)


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Storage]:
    store = open_storage(empty_database_url)
    yield store
    store.close()


def _set_revision(store: Storage, revision: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})


def _set_oldest_code(store: Storage, oldest: int) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            text("UPDATE revisions SET revision = :to WHERE name = :of"), {"to": oldest, "of": MIN_COMPATIBLE}
        )


def test_the_migrated_schema_is_that_of_the_tables(store: Storage) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_revisions_are_those_of_the_files() -> None:
    config = Config()
    config.set_main_option("script_location", "muster.storage:migrations")
    scripts = ScriptDirectory.from_config(config)

    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS
    assert scripts.get_current_head() == HEAD_REVISION


def test_an_empty_database_becomes_a_current_one(empty: Storage) -> None:
    assert empty.schema_state() is SchemaState.EMPTY
    assert not empty.ready()

    assert empty.upgrade()
    assert empty.schema_state() is SchemaState.CURRENT
    assert empty.ready()
    assert not empty.upgrade()


def test_a_database_of_the_first_version_keeps_its_batches(empty: Storage) -> None:
    with write_transaction(empty.engine) as connection:
        migrate(connection, "0001")
        row = {"id": uuid4().hex, "at": "2024-05-26 16:49:50.237000"}
        connection.execute(text("INSERT INTO batches VALUES (:id, :at, 'anna', 2, 1)"), row)
    assert empty.schema_state() is SchemaState.OUTDATED

    assert empty.upgrade()
    assert empty.schema_state() is SchemaState.CURRENT
    [batch] = empty.records.batches(sender=None, before=None, limit=10)
    assert (batch.sender, batch.accepted, batch.rejected) == ("anna", 2, 1)
    assert empty.records.answer(batch.id) is None


def test_the_states_are_told_apart(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    _set_revision(store, "9999")
    _set_oldest_code(store, int(HEAD_REVISION) + 1)
    assert store.schema_state() is SchemaState.NEWER_INCOMPATIBLE
    assert not store.ready()
    with pytest.raises(SchemaTooNewError):
        store.upgrade()

    monkeypatch.setattr("muster.storage.schema.REVISIONS", ("0000", HEAD_REVISION))
    _set_revision(store, "0000")
    assert store.schema_state() is SchemaState.OUTDATED
    assert not store.ready()


def test_a_later_schema_that_lets_this_version_work_is_served_from_and_not_touched(store: Storage) -> None:
    _set_revision(store, "9999")
    _set_oldest_code(store, int(HEAD_REVISION))
    assert store.schema_state() is SchemaState.NEWER_COMPATIBLE
    assert store.ready()
    assert not store.upgrade()
    assert store.schema_state() is SchemaState.NEWER_COMPATIBLE


def test_a_schema_says_which_code_can_work_on_it(store: Storage) -> None:
    [(oldest,)] = read(store, f"SELECT revision FROM revisions WHERE name = '{MIN_COMPATIBLE}'")
    assert f"{oldest:04}" in REVISIONS


@pytest.mark.parametrize("foreign", ["DELETE FROM revisions WHERE name = 'oldest code'", "DROP TABLE revisions"])
def test_a_schema_of_somebody_else_is_not_touched(store: Storage, foreign: str) -> None:
    _set_revision(store, "9999")
    with store.engine.begin() as connection:
        connection.execute(text(foreign))
    assert store.schema_state() is SchemaState.NEWER_INCOMPATIBLE


def test_an_installation_starts_with_the_packaged_code_lists(store: Storage) -> None:
    table = resources.files("muster.classifiers").joinpath("installation.csv").read_text(encoding="utf-8")
    packaged = [
        ClassifierEntry(row["classifier"], row["code"], row["title"]) for row in csv.DictReader(table.splitlines())
    ]

    revision, entries = store.classifiers.entries()
    assert revision == store.classifiers.revision() == 1
    assert list(entries) == sorted(packaged, key=lambda entry: (entry.classifier, entry.code))


def test_processes_that_upgrade_at_once_all_succeed(empty_database_url: str) -> None:
    upgrades = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, empty_database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in upgrades:  # they have loaded when they read this
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    answers = [process.communicate(timeout=60) for process in upgrades]

    assert [process.returncode for process in upgrades] == [0] * 4, answers
    assert sorted(out for out, _ in answers).count("True\n") == 1
    store = open_storage(empty_database_url)
    assert store.ready()
    store.close()


def test_a_migration_that_fails_leaves_nothing(empty: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("csv.DictReader", fail)
    with pytest.raises(RuntimeError):
        empty.upgrade()
    assert empty.schema_state() is SchemaState.EMPTY

    monkeypatch.undo()
    assert empty.upgrade()


def test_a_database_that_cannot_hold_every_name_is_refused(postgres_databases: DatabaseMaker) -> None:
    store = open_storage(postgres_databases.make(options="ENCODING 'LATIN1' LOCALE 'C'"))

    with pytest.raises(StorageError, match="UTF8"):
        store.upgrade()
    assert store.schema_state() is SchemaState.EMPTY
    store.close()


def test_keys_are_compared_by_code_point_on_postgres(postgres_url: str) -> None:
    store = open_storage(postgres_url)
    keys = read(
        store,
        """
        SELECT kcu.table_name, kcu.column_name, c.collation_name
        FROM information_schema.key_column_usage kcu JOIN information_schema.columns c USING (table_name, column_name)
        WHERE c.data_type = 'text'
        """,
    )
    store.close()

    assert ("customers", "customer_ext_id", "C") in keys
    assert {collation for _, _, collation in keys} == {"C"}


def test_documents_are_compressed_with_lz4_where_the_server_can(postgres_url: str) -> None:
    store = open_storage(postgres_url)
    [(kinds,)] = read(store, "SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'")
    chosen = read(store, "SELECT DISTINCT attcompression FROM pg_attribute WHERE attname = 'document' AND attnum > 0")
    store.close()

    expected = b"l" if "lz4" in kinds else b""
    assert {value.encode() if isinstance(value, str) else value.strip(b"\0") for (value,) in chosen} == {expected}


def test_every_unique_key_could_distribute_its_table() -> None:
    """No foreign keys and no sequences, so that the schema can be spread over nodes as it stands."""
    for table in metadata.sorted_tables:
        assert not table.foreign_keys
        assert all(column.autoincrement in (False, "auto") for column in table.primary_key)
        assert table.autoincrement_column is None, table.name
