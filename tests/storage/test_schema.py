"""Migrations, the state of a schema, and the compatibility of older and newer code."""

import gc
import json
import multiprocessing
from datetime import date
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import text

from muster.audit.reader import verify_log
from muster.loads.load_store import LoadListFilter
from muster.records.record_filter import RecordFilter
from muster.records.visibility import Visibility
from muster.storage import SchemaState, SchemaTooNewError, Storage, StorageError, open_storage
from muster.storage.engine import write_transaction
from muster.storage.schema import HEAD_REVISION, MIN_COMPATIBLE, REVISIONS, migrate
from tests.events import some_event
from tests.postgres_databases import DatabaseMaker
from tests.storage.samples import fetch, list_batches

# The row that code of revision 0003 reads.
MIN_COMPATIBLE_BEFORE_0004 = "oldest code"


def _migrate(storage: Storage, revision: str) -> None:
    with write_transaction(storage.engine) as connection:
        migrate(connection, revision)


def _set_revision(storage: Storage, revision: str) -> None:
    with storage.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})


def _set_min_compatible(storage: Storage, revision: int) -> None:
    with storage.engine.begin() as connection:
        query = text("UPDATE revisions SET revision = :to WHERE name = :of")
        connection.execute(query, {"to": revision, "of": MIN_COMPATIBLE})


def _fetch_min_compatible(storage: Storage, name: str) -> list[int]:
    return [revision for (revision,) in fetch(storage, f"SELECT revision FROM revisions WHERE name = '{name}'")]


def test_upgrade_of_an_empty_database_makes_it_current(empty: Storage) -> None:
    assert empty.schema_state() is SchemaState.EMPTY
    assert not empty.ready()

    assert empty.upgrade()
    assert empty.schema_state() is SchemaState.CURRENT
    assert empty.ready()
    assert not empty.upgrade()


def test_upgrade_from_the_first_revision_keeps_batches(empty: Storage) -> None:
    with write_transaction(empty.engine) as connection:
        migrate(connection, "0001")
        row = {"id": uuid4().hex, "at": "2024-05-26 16:49:50.237000"}
        connection.execute(text("INSERT INTO batches VALUES (:id, :at, 'anna', 2, 1)"), row)
    assert empty.schema_state() is SchemaState.OUTDATED

    assert empty.upgrade()
    assert empty.schema_state() is SchemaState.CURRENT
    [batch] = list_batches(empty, sender=None, before=None, limit=10)
    assert (batch.sender, batch.accepted, batch.rejected) == ("anna", 2, 1)
    assert empty.records.response(batch.id) is None


def test_batches_from_before_0007_have_no_number_of_warnings_and_older_code_can_add_some(empty: Storage) -> None:
    insert = "INSERT INTO batches (id, received_at, sender, accepted, rejected) VALUES (:id, :at, 'anna', 2, 1)"
    row = {"id": uuid4().hex, "at": "2024-05-26 16:49:50.237000"}
    with write_transaction(empty.engine) as connection:
        migrate(connection, "0006")
        connection.execute(text(insert), row)
    assert empty.upgrade()
    with write_transaction(empty.engine) as connection:
        connection.execute(text(insert), {**row, "id": uuid4().hex})
    assert fetch(empty, "SELECT warnings FROM batches") == [(None,), (None,)]


def test_batches_from_before_0008_belong_to_no_load_and_older_code_can_add_some(empty: Storage) -> None:
    columns = "id, received_at, sender, accepted, rejected, answer, warnings"
    insert = f"INSERT INTO batches ({columns}) VALUES (:id, :at, 'anna', 2, 1, NULL, 0)"
    row = {"id": uuid4().hex, "at": "2024-05-26 16:49:50.237000"}
    with write_transaction(empty.engine) as connection:
        migrate(connection, "0007")
        connection.execute(text(insert), row)
    assert empty.upgrade()
    with write_transaction(empty.engine) as connection:
        connection.execute(text(insert), {**row, "id": uuid4().hex})
    found = list_batches(empty, sender=None, before=None, limit=9)
    assert [(batch.accepted, batch.load_id, batch.first_row, batch.last_row) for batch in found] == [
        (2, None, None, None)
    ] * 2
    assert list(empty.loads.list(sender=None, before=None, limit=9)) == []


def test_dry_runs_from_before_0012_are_listed_and_older_code_can_add_loads(empty: Storage) -> None:
    columns = (
        "id, created_at, sender, business_units, name, options, fingerprint, state, is_uploaded, position_row, "
        "position_offset, position_digest, rows, accepted, refused, warnings, codes, bytes_read, takeovers"
    )
    values = (
        ":id, '2024-05-26 16:49:50', 'anna', '[]', 'a.csv', :options, :empty, 'completed', false, 0, 0, :empty, 0, 0, "
        "0, 0, '[]', 0, 0"
    )
    insert = text(f"INSERT INTO loads ({columns}) VALUES ({values})")
    ids = [uuid4() for _ in range(3)]
    rows = [
        {"id": load_id.hex, "options": json.dumps({"dry_run": is_dry_run}), "empty": b""}
        for load_id, is_dry_run in zip(ids, (True, False, False), strict=True)
    ]
    with write_transaction(empty.engine) as connection:
        migrate(connection, "0011")
        connection.execute(insert, rows[:2])
    assert empty.upgrade()
    with write_transaction(empty.engine) as connection:
        connection.execute(insert, rows[2])
    for is_dry_run, expected in ((True, {ids[0]}), (False, set(ids[1:]))):
        found = empty.loads.list(LoadListFilter(is_dry_run=is_dry_run), sender=None, before=None, limit=9)
        assert {load.id for load in found} == expected


def test_users_from_before_0015_have_no_use_of_their_password_and_older_code_can_add_some(empty: Storage) -> None:
    insert = (
        "INSERT INTO users (name, role, business_units, disabled, created_at, changed_at) "
        "VALUES (:name, 'SUBMIT', '[]', false, :at, :at)"
    )
    with write_transaction(empty.engine) as connection:
        migrate(connection, "0014")
        connection.execute(text(insert), {"name": "anna", "at": "2024-05-26 16:49:50.237000"})
    assert empty.upgrade()
    with write_transaction(empty.engine) as connection:
        connection.execute(text(insert), {"name": "ben", "at": "2024-05-26 16:49:50.237000"})
    assert [(user.name, user.password_used_at) for user in empty.users.users()] == [("anna", None), ("ben", None)]


def test_tokens_from_before_0010_have_no_last_use_and_older_code_can_add_some(empty: Storage) -> None:
    insert = "INSERT INTO tokens (sha256, id, user_name, created_at) VALUES (:sha256, :id, 'anna', :at)"
    row = {"at": "2024-05-26 16:49:50.237000"}
    with write_transaction(empty.engine) as connection:
        migrate(connection, "0009")
        connection.execute(text(insert), {**row, "sha256": b"a", "id": "a"})
    empty.audit.append(some_event())
    assert empty.upgrade()
    with write_transaction(empty.engine) as connection:
        connection.execute(text(insert), {**row, "sha256": b"b", "id": "b"})
    assert [token.last_used_at for token in empty.users.tokens()] == [None, None]
    verify_log(empty.audit)


def test_rejections_from_before_0009_are_counted_and_older_code_can_add_some(empty: Storage) -> None:
    def save_as_older_code() -> None:
        """The statements of revision 0008; the batch has two rejected customers and an accepted one."""
        row = {"id": uuid4().hex, "at": "2024-05-26 16:49:50.237000", "number": uuid4().hex}
        violations = '[["C002", "/customers/0"], ["C006", "/customers/0"], ["MORE", "/customers/0"]]'
        with write_transaction(empty.engine) as connection:
            for statement in (
                "INSERT INTO batches (id, received_at, sender, accepted, rejected, answer, warnings) "
                "VALUES (:id, :at, 'anna', 1, 2, NULL, 0)",
                "INSERT INTO communications (communication_number, batch_id, business_unit, customer_ext_id, version) "
                "VALUES (:number, :id, 'MAIN', 'c', 1)",
                "INSERT INTO rejections (batch_id, position, communication_number, customer_ext_id, business_unit, "
                f"violations) VALUES (:id, 0, 'r', 'x', 'MAIN', '{violations}')",
                'INSERT INTO rejections (batch_id, position, violations) VALUES (:id, 2, \'[["C006", ""]]\')',
            ):
                parameters = {key: value for key, value in row.items() if f":{key}" in statement}
                connection.execute(text(statement), parameters)

    day = date(2024, 5, 26)
    codes = [(day, "C002", "anna", "MAIN", 1, 1), (day, "C006", "anna", "", 1, 1), (day, "C006", "anna", "MAIN", 0, 1)]
    _migrate(empty, "0008")
    save_as_older_code()
    assert empty.upgrade()
    found = empty.search.count(RecordFilter(), Visibility(), limit=9)
    assert [tuple(row) for row in found[0]] == codes
    assert [tuple(row) for row in found[1]] == [(day, "anna", "", 0, 1), (day, "anna", "MAIN", 1, 1)]

    save_as_older_code()
    codes_of_both, customers = empty.search.count(RecordFilter(), Visibility(), limit=9)
    assert [(*row[:4], row.rejected / 2, row.mentioned / 2) for row in codes_of_both] == codes
    assert sum(row.accepted + row.rejected for row in customers) == 6
    page = empty.search.rejections(RecordFilter(customer_ext_id="x"), Visibility(), after=None, limit=9)
    assert [(found.first_row, found.has_more_violations) for found in page.items] == [(None, True)] * 2


def test_loads_of_0012_have_files_of_their_own_after_an_upgrade(empty: Storage) -> None:
    _migrate(empty, "0012")
    with empty.engine.begin() as connection:
        row = (
            "INSERT INTO loads (id, created_at, sender, business_units, name, options, fingerprint, state, is_uploaded,"
            " position_row, position_offset, position_digest, rows, accepted, refused, warnings, codes, bytes_read,"
            " takeovers) VALUES (:id, '2024-05-26 00:00:00', 'anna', '[]', 'a.csv', '{}', :digest, 'receiving', :no,"
            " 0, 0, :digest, 0, 0, 0, 0, '[]', 0, 0)"
        )
        load_id = uuid4()
        values = {"id": load_id.hex, "digest": b"", "no": False}
        connection.execute(text(row), values)
    assert empty.upgrade()
    load = empty.loads.get(load_id)
    assert load is not None
    assert (load.parts_of, load.file_id) == (None, load_id)
    assert fetch(empty, "SELECT * FROM mappings") == []


@pytest.mark.untraced  # it repeats lines that other tests cover
@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_every_older_schema_is_outdated_and_can_be_upgraded(empty: Storage, revision: str) -> None:
    _migrate(empty, revision)
    assert empty.schema_state() is SchemaState.OUTDATED
    assert not empty.ready()
    assert empty.upgrade()
    assert empty.ready()


def test_incompatible_newer_schema_is_not_used_or_upgraded(storage: Storage) -> None:
    _set_revision(storage, "9999")
    _set_min_compatible(storage, int(HEAD_REVISION) + 1)
    assert storage.schema_state() is SchemaState.NEWER_INCOMPATIBLE
    assert not storage.ready()
    with pytest.raises(SchemaTooNewError):
        storage.upgrade()


def test_compatible_newer_schema_is_used_but_not_upgraded(storage: Storage) -> None:
    _set_revision(storage, "9999")
    _set_min_compatible(storage, int(HEAD_REVISION))
    assert storage.schema_state() is SchemaState.NEWER_COMPATIBLE
    assert storage.ready()
    assert not storage.upgrade()
    assert storage.schema_state() is SchemaState.NEWER_COMPATIBLE


def test_schema_states_the_oldest_compatible_code(storage: Storage) -> None:
    [min_compatible] = _fetch_min_compatible(storage, MIN_COMPATIBLE)
    assert f"{min_compatible:04}" in REVISIONS


NEW_CODES = {("legalForm", "CORPORATION"), ("riskManagementCategory", "LEAD_AMLYZE")}


@pytest.mark.parametrize(
    ("change", "added"),
    [
        ("UPDATE classifier_entries SET title = 'Ltd.' WHERE code = 'LTD'", NEW_CODES),
        ("DELETE FROM classifier_entries WHERE code = 'COOPERATIVE'", {("riskManagementCategory", "LEAD_AMLYZE")}),
        (
            "INSERT INTO classifier_entries VALUES ('legalForm', 'GMBH', '')",
            {("riskManagementCategory", "LEAD_AMLYZE")},
        ),
        ("UPDATE classifier_entries SET code = 'L' WHERE code = 'LEAD_IND'", {("legalForm", "CORPORATION")}),
    ],
)
def test_new_codes_are_added_to_lists_that_are_as_shipped(
    empty: Storage, change: str, added: set[tuple[str, str]]
) -> None:
    query = "SELECT classifier, code FROM classifier_entries"
    _migrate(empty, "0004")
    with empty.engine.begin() as connection:
        connection.execute(text(change))
    before, revision = set(fetch(empty, query)), empty.classifiers.revision()
    assert empty.upgrade()
    assert set(fetch(empty, query)) - before == added
    assert empty.classifiers.revision() > revision


def test_code_of_0003_can_work_on_the_schema_during_an_upgrade(empty: Storage) -> None:
    """Code of 0003 serves a later schema if the row under the old name holds 3 or less; both rows must agree."""
    _migrate(empty, "0003")
    assert empty.upgrade()
    assert (
        _fetch_min_compatible(empty, MIN_COMPATIBLE_BEFORE_0004) == _fetch_min_compatible(empty, MIN_COMPATIBLE) == [3]
    )


def test_row_under_the_old_name_does_not_make_a_newer_schema_compatible(storage: Storage) -> None:
    _set_revision(storage, "9999")
    with storage.engine.begin() as connection:
        connection.execute(text("DELETE FROM revisions WHERE name = :name"), {"name": MIN_COMPATIBLE})
    assert _fetch_min_compatible(storage, MIN_COMPATIBLE_BEFORE_0004) == [3]
    assert storage.schema_state() is SchemaState.NEWER_INCOMPATIBLE


@pytest.mark.parametrize("change", ["DELETE FROM revisions", "DROP TABLE revisions"])
def test_newer_schema_that_states_nothing_is_incompatible(storage: Storage, change: str) -> None:
    _set_revision(storage, "9999")
    with storage.engine.begin() as connection:
        connection.execute(text(change))
    assert storage.schema_state() is SchemaState.NEWER_INCOMPATIBLE


def upgrade_in_process(url: str, start: Barrier, has_upgraded: "SimpleQueue[bool]") -> None:
    gc.freeze()  # the connections of the test are not this process's to close
    storage = open_storage(url)
    start.wait(60)
    has_upgraded.put(storage.upgrade())


@pytest.mark.untraced  # it repeats lines that other tests cover
def test_concurrent_upgrades_of_several_processes_all_succeed(empty_database_url: str) -> None:
    fork = multiprocessing.get_context("fork")
    start, has_upgraded = fork.Barrier(3), fork.SimpleQueue()
    upgrades = [
        fork.Process(target=upgrade_in_process, args=(empty_database_url, start, has_upgraded), daemon=True)
        for _ in range(3)
    ]
    for process in upgrades:
        process.start()
    for process in upgrades:
        process.join(60)

    assert [process.exitcode for process in upgrades] == [0] * 3
    assert sorted(has_upgraded.get() for _ in upgrades) == [False, False, True]
    storage = open_storage(empty_database_url)
    assert storage.ready()
    storage.close()


def test_database_in_another_encoding_is_rejected(postgres_databases: DatabaseMaker) -> None:
    storage = open_storage(postgres_databases.make(options="ENCODING 'LATIN1' LOCALE 'C'"))

    with pytest.raises(StorageError, match="UTF8"):
        storage.upgrade()
    assert storage.schema_state() is SchemaState.EMPTY
    storage.close()
