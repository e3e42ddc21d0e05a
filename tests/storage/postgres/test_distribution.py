"""Spreading the tables over a Citus cluster. Most of it needs one: see `tests/citus.py`."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from muster.audit.events import Action, AuditEvent, EntryFilter
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError
from muster.storage import NotDistributableError, Storage, StorageError, StorageUnavailableError, open_storage
from muster.storage.postgres.citus_layout import LAYOUT, Spread
from muster.storage.schema import REVISIONS
from muster.storage.tables import metadata
from tests.citus import COORDINATOR, CitusDatabaseMaker
from tests.storage.samples import AT, RESPONSE, build_batch, build_customer, count_rows, fetch, save
from tests.storage.test_citus_statements import REFUSED

on_citus = pytest.mark.skipif(COORDINATOR is None, reason="needs a Citus cluster, see tests/citus.py")

# An unsupported feature, an internal error, no such unique key for ON CONFLICT, a missing value.
REFUSALS = {"0A000", "XX000", "42P10", "22004"}

# A batch of these customers needs every node.
MANY = [build_customer(f"n-{number}", f"c-{number}") for number in range(100)]


@pytest.fixture
def distributed(citus_url: str) -> Iterator[Storage]:
    storage = open_storage(citus_url)
    yield storage
    storage.close()


def test_layout_has_every_table() -> None:
    assert {layout.table for layout in LAYOUT} == {*metadata.tables, "alembic_version"}


def test_distribution_column_is_in_every_unique_key() -> None:
    for layout in LAYOUT:
        if layout.column is not None:
            assert layout.column in metadata.tables[layout.table].primary_key.columns


def test_other_database_says_what_it_lacks(storage: Storage) -> None:
    if storage.engine.dialect.name == "postgresql" and COORDINATOR:
        pytest.skip("it may be one of a cluster")
    with pytest.raises(NotDistributableError, match="not on a Citus cluster") as raised:
        storage.plan_distribution()
    assert "create the extension citus" in raised.value.remedy


@on_citus
def test_distributed_database_has_nothing_left_to_do(distributed: Storage) -> None:
    assert list(distributed.plan_distribution()) == []
    distributed.distribute()
    assert distributed.audit.is_guarded()
    assert distributed.ready()


@on_citus
def test_documents_of_a_cluster_of_an_older_version_become_json(citus_url: str) -> None:
    with closing(open_storage(citus_url)) as storage:
        with storage.engine.begin() as connection:
            for table in ("customers", "customer_history"):
                connection.execute(text(f"ALTER TABLE {table} ALTER COLUMN document TYPE jsonb USING document::jsonb"))
        save(storage, *MANY)
        save(storage, *(build_customer(f"2-{n}", f"c-{n}", 2) for n in range(100)))
        assert len(storage.plan_distribution()) == 2
        storage.distribute()
        assert list(storage.plan_distribution()) == []
    with closing(open_storage(citus_url)) as storage:
        save(storage, *(build_customer(f"3-{n}", f"c-{n}", 3) for n in range(100)))
        versions = [storage.records.version("c-7", "MAIN", version) for version in (1, 2, 3)]
        assert [json.loads(found.document)["from"] for found in versions if found] == ["n-7", "2-7", "3-7"]


@on_citus
def test_filled_database_keeps_its_rows_and_leaves_none_on_the_coordinator(citus_databases: CitusDatabaseMaker) -> None:
    storage = open_storage(citus_databases.make_empty())
    storage.upgrade()
    save(storage, *MANY)
    storage.audit.append(AuditEvent("os:root", Action.USER_DISABLED, "anna"))
    before = count_rows(storage)
    steps = [step.description for step in storage.plan_distribution()]
    assert "remove the rows of customers that are left on the coordinator" in steps
    storage.distribute()
    assert list(storage.plan_distribution()) == []
    assert count_rows(storage) == before
    for layout in LAYOUT:
        if layout.spread is not Spread.LOCAL:
            assert fetch(storage, f"SELECT pg_relation_size('{layout.table}')") == [(0,)], layout.table
    assert [entry.subject for entry in storage.audit.latest_entries(EntryFilter(), limit=9)] == ["anna"]
    storage.close()


@on_citus
def test_table_that_an_upgrade_has_brought_is_distributed_by_the_next_call(distributed: Storage) -> None:
    fetch(distributed, "SELECT undistribute_table('mappings')")
    fetch(distributed, "SELECT undistribute_table('rejection_counts')")
    steps = [step.description for step in distributed.plan_distribution()]
    assert steps == ["distribute rejection_counts by batch_id, beside batches", "copy mappings to all nodes"]
    distributed.distribute()
    assert list(distributed.plan_distribution()) == []


@on_citus
def test_later_migration_changes_all_shards(distributed: Storage) -> None:
    with distributed.engine.begin() as connection:
        connection.execute(text("ALTER TABLE batches ADD COLUMN later INTEGER"))
        connection.execute(text("CREATE INDEX batches_later ON batches (later)"))
        connection.execute(text("UPDATE batches SET later = 1"))
        connection.execute(text("CREATE TABLE later (id INTEGER PRIMARY KEY)"))
    save(distributed, *MANY)
    assert fetch(distributed, "SELECT count(*) FROM batches WHERE later IS NULL") == [(1,)]


@on_citus
def test_table_that_is_distributed_otherwise_is_named(distributed: Storage) -> None:
    fetch(distributed, "SELECT undistribute_table('mappings')")
    fetch(distributed, "SELECT create_distributed_table('mappings', 'name')")
    with pytest.raises(NotDistributableError, match="mappings is spread in another way: distributed name"):
        distributed.plan_distribution()


@on_citus
def test_worker_node_refers_to_the_coordinator(distributed: Storage, citus_databases: CitusDatabaseMaker) -> None:
    storage = open_storage(citus_databases.get_url(str(distributed.engine.url.database), node=1))
    with pytest.raises(NotDistributableError, match="a worker"):
        storage.distribute()
    _execute(distributed, f"UPDATE alembic_version SET version_num = '{REVISIONS[-2]}'")
    with pytest.raises(StorageError, match="a worker") as raised:
        storage.upgrade()
    assert "name the coordinator" in raised.value.remedy
    storage.close()


@on_citus
def test_citus_refuses_what_the_rules_say(distributed: Storage) -> None:
    save(distributed, *MANY)
    with psycopg.connect(
        distributed.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    ) as c:
        for refused, statement in REFUSED.items():
            with pytest.raises(psycopg.Error) as raised:
                c.execute(statement.encode())
            c.rollback()
            assert raised.value.sqlstate in REFUSALS, (refused, raised.value)


@on_citus
def test_entries_are_guarded_on_the_node_that_has_them(distributed: Storage) -> None:
    distributed.audit.append(AuditEvent("os:root", Action.USER_DISABLED, "anna"))
    with distributed.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_log_row_stays ON audit_log"))
    assert not distributed.audit.is_guarded()
    distributed.distribute()
    assert distributed.audit.is_guarded()


@on_citus
def test_missing_node_is_an_obstacle_and_nothing_is_half_saved(distributed: Storage) -> None:
    save(distributed, build_customer("1"))
    before = count_rows(distributed)
    [(node, port)] = fetch(distributed, "SELECT nodeid, nodeport FROM pg_dist_node WHERE groupid = 2")
    move = f"UPDATE pg_dist_node SET nodeport = {{}} WHERE nodeid = {node}"
    _execute(distributed, move.format(1))
    assert distributed.find_obstacle() == "a node of the database's cluster does not respond"
    with pytest.raises(StorageUnavailableError, match="08006"):
        save(distributed, *MANY)
    _execute(distributed, move.format(port))
    assert distributed.find_obstacle() is None
    assert count_rows(distributed) == before
    save(distributed, *MANY)


@on_citus
def test_two_nodes_see_each_others_claims(distributed: Storage, citus_databases: CitusDatabaseMaker) -> None:
    other = open_storage(citus_databases.get_url(str(distributed.engine.url.database), node=2))
    key = IdempotencyKey("sender", "key", b"f", AT, AT + timedelta(days=1))
    batch = build_batch(build_customer("1"))
    with distributed.customers.session() as session, session.claim(key) as stored:
        assert stored is None
        with other.customers.session() as later, pytest.raises(KeyInProgressError), later.claim(key):
            pass
        session.save(replace(batch, idempotency_key=key, redacted_response=RESPONSE), RESPONSE)
    with other.customers.session() as later, later.claim(key) as stored:
        assert stored is not None
        assert stored.batch_id == batch.id
    other.close()


def _execute(storage: Storage, statement: str) -> None:
    with storage.engine.begin() as connection:
        connection.execute(text("SET LOCAL allow_system_table_mods = on"))
        connection.execute(text(statement))
