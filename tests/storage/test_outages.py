"""The database goes away, comes back, or is held up by somebody else."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from muster.audit.events import Action, AuditEvent
from muster.storage import SchemaState, Storage, StorageError, StorageUnavailableError, open_storage
from muster.storage import engine as engines
from tests.conftest import OwnPostgres
from tests.storage.samples import answer, arrival, batch, counts, look_up, save


@pytest.fixture
def own_store(own_postgres: OwnPostgres) -> Iterator[Storage]:
    store = open_storage(own_postgres.url, pool_size=4)
    yield store
    store.close()


def test_the_next_request_works_when_the_server_is_back(own_postgres: OwnPostgres, own_store: Storage) -> None:
    save(own_store, arrival("1"))
    # Several connections, of which each must be replaced.
    with own_store.customers.session(), own_store.customers.session(), own_store.customers.session():
        pass
    own_postgres.stop()

    assert not own_store.ready()
    with pytest.raises(StorageUnavailableError):
        save(own_store, arrival("2", "2"))
    with pytest.raises(StorageUnavailableError):
        own_store.users.user("somebody")
    with pytest.raises(StorageUnavailableError):
        own_store.classifiers.revision()
    with pytest.raises(StorageUnavailableError):
        own_store.schema_state()

    own_postgres.start()
    assert own_store.ready()
    with own_store.customers.session() as first, own_store.customers.session() as second:
        first.save(batch(arrival("2", "2")), answer)
        assert second.look_up(["1", "2"], []).numbers == {"1", "2"}
    assert own_store.users.user("somebody") is None


def test_a_session_that_loses_its_connection_saves_nothing(own_postgres: OwnPostgres, own_store: Storage) -> None:
    def lose() -> None:
        with own_store.customers.session() as session:
            session.look_up(["1"], [])
            own_postgres.stop()
            session.save(batch(arrival("secret", "secret")), answer)

    with pytest.raises(StorageUnavailableError) as caught:
        lose()
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None

    own_postgres.start()
    assert look_up(own_store, ["secret"]).numbers == frozenset()
    assert counts(own_store)["batches"] == 0


def test_a_connection_that_the_server_ended_is_replaced(postgres_url: str) -> None:
    store = open_storage(postgres_url, pool_size=1)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'muster' AND datname = %s"

    def lose() -> None:
        with store.customers.session() as session, psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute(end, (other.info.dbname,))
            session.save(batch(arrival("1")), answer)

    with pytest.raises(StorageUnavailableError):
        lose()
    save(store, arrival("1"))
    store.close()


def test_more_sessions_than_connections_wait_and_then_are_told(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_SPARE", 0)
    monkeypatch.setattr(engines, "_PATIENCE", 0.2)
    store = open_storage(postgres_url, pool_size=1)
    with store.customers.session(), pytest.raises(StorageUnavailableError, match="in use"):
        look_up(store, ["1"])
    assert look_up(store, ["1"]).numbers == frozenset()
    store.close()


def test_a_server_that_never_was_is_unavailable() -> None:
    store = open_storage("postgresql://user:secret@127.0.0.1:1/muster")

    with pytest.raises(StorageUnavailableError) as caught:
        look_up(store, ["1"])
    assert "secret" not in str(caught.value)
    assert not store.ready()
    store.close()


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    store = open_storage(f"sqlite:///{tmp_path}/no/such/directory.db")

    with pytest.raises(StorageUnavailableError):
        look_up(store, ["1"])
    assert not store.ready()


def test_a_file_that_is_no_database_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database\n" * 1000)
    store = open_storage(f"sqlite:///{tmp_path}/text.db")

    assert not store.ready()
    with pytest.raises(StorageError):
        store.upgrade()


def test_a_writer_who_waits_too_long_is_told(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_PATIENCE", 0.2)
    store = open_storage(sqlite_url)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailableError, match="SQLITE_BUSY"):
            save(store, arrival("1"))
        assert look_up(store, ["1"]).numbers == frozenset()  # readers don't wait
        assert store.ready()
        other.execute("ROLLBACK")
    other.close()

    save(store, arrival("1"))
    store.close()


def test_a_database_without_our_tables_refuses_and_is_not_ready(empty_database_url: str) -> None:
    store = open_storage(empty_database_url)

    assert store.schema_state() is SchemaState.EMPTY
    assert not store.ready()
    with pytest.raises(StorageError):
        look_up(store, ["1"])
    store.close()


def test_what_the_database_refuses_is_told_without_values(postgres_url: str) -> None:
    store = open_storage(postgres_url)

    with pytest.raises(StorageError) as caught:
        save(store, arrival("secret", "secret", document=b'{"secret": '))
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None
    save(store, arrival("secret", "secret"))
    store.close()


def test_nobody_waits_for_ever_for_what_another_session_holds(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_LOCKS", "-c lock_timeout=100ms")
    store = open_storage(postgres_url)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as other:
        other.execute("SELECT 1 FROM audit_head FOR UPDATE")
        with pytest.raises(StorageUnavailableError):
            store.audit.append(AuditEvent("anna", Action.CUSTOMER_READ))
        save(store, arrival("1"))  # batches have nothing to do with it
    store.audit.append(AuditEvent("anna", Action.CUSTOMER_READ))
    store.close()


def test_nobody_waits_for_ever_for_its_turn(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_PATIENCE", 0.1)
    store = open_storage(sqlite_url)
    with engines.write_lock(store.engine):
        with pytest.raises(StorageUnavailableError):
            store.audit.append(AuditEvent("anna", Action.CUSTOMER_READ))
        with pytest.raises(StorageUnavailableError):
            save(store, arrival("1"))
    save(store, arrival("1"))
    store.close()
