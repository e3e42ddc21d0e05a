"""The database is unreachable, recovers, or is locked by others."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from muster.audit.events import Action, AuditEvent
from muster.intake.customer_store import LostCommitError
from muster.storage import SchemaState, Storage, StorageError, StorageUnavailableError, open_storage
from muster.storage.errors import StorageBusyError
from muster.storage.pool import get_write_lock
from tests.postgres_server import OwnPostgres
from tests.storage.samples import RESPONSE, build_batch, build_customer, count_rows, look_up, save

EVENT = AuditEvent("anna", Action.CUSTOMER_READ)


@pytest.fixture
def own_storage(own_postgres: OwnPostgres) -> Iterator[Storage]:
    storage = open_storage(own_postgres.url, pool_size=4)
    yield storage
    storage.close()


def test_next_request_succeeds_after_a_restart_of_the_server(own_postgres: OwnPostgres, own_storage: Storage) -> None:
    save(own_storage, build_customer("1"))
    # Opens several connections, which all must be replaced.
    with own_storage.customers.session(), own_storage.customers.session(), own_storage.customers.session():
        pass
    own_postgres.stop()

    assert not own_storage.ready()
    with pytest.raises(StorageUnavailableError):
        save(own_storage, build_customer("2", "2"))
    with pytest.raises(StorageUnavailableError):
        own_storage.users.user("somebody")
    with pytest.raises(StorageUnavailableError):
        own_storage.classifiers.revision()
    with pytest.raises(StorageUnavailableError):
        own_storage.schema_state()

    own_postgres.start()
    assert own_storage.ready()
    with own_storage.customers.session() as first, own_storage.customers.session() as second:
        first.save(build_batch(build_customer("2", "2")), RESPONSE)
        assert second.look_up(["1", "2"], []).numbers == {"1", "2"}
    assert own_storage.users.user("somebody") is None


def test_session_that_loses_its_connection_saves_nothing(own_postgres: OwnPostgres, own_storage: Storage) -> None:
    def lose_connection() -> None:
        with own_storage.customers.session() as session:
            session.look_up(["1"], [])
            own_postgres.stop()
            session.save(build_batch(build_customer("secret", "secret")), RESPONSE)

    with pytest.raises(StorageUnavailableError) as error:
        lose_connection()
    assert "secret" not in str(error.value)
    assert error.value.__context__ is None

    own_postgres.start()
    assert look_up(own_storage, ["secret"]).numbers == frozenset()
    assert count_rows(own_storage)["batches"] == 0


def test_connection_that_the_server_closed_is_replaced(postgres_url: str) -> None:
    storage = open_storage(postgres_url, pool_size=1)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'muster' AND datname = %s"

    def lose_connection() -> None:
        with storage.customers.session() as session, psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute(end, (other.info.dbname,))
            session.save(build_batch(build_customer("1")), RESPONSE)

    # It depends on the moment at which the backend ends.
    with pytest.raises((StorageUnavailableError, LostCommitError)):
        lose_connection()
    save(storage, build_customer("1"))
    storage.close()


def test_session_without_a_free_connection_fails_after_the_timeout(postgres_url: str) -> None:
    storage = open_storage(postgres_url, pool_size=1, lock_timeout=0.2)
    with ExitStack() as sessions:
        for _ in range(storage.connections().maximum):
            sessions.enter_context(storage.customers.session())
        with pytest.raises(StorageUnavailableError, match="in use"):
            look_up(storage, ["1"])
    assert look_up(storage, ["1"]).numbers == frozenset()
    storage.close()


def test_server_that_does_not_exist_is_unavailable() -> None:
    storage = open_storage("postgresql://user:secret@127.0.0.1:1/muster")

    with pytest.raises(StorageUnavailableError) as error:
        look_up(storage, ["1"])
    assert "secret" not in str(error.value)
    assert not storage.ready()
    storage.close()


def test_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path}/no/such/directory.db")

    with pytest.raises(StorageUnavailableError):
        look_up(storage, ["1"])
    assert not storage.ready()


def test_file_that_is_no_database_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database\n" * 1000)
    storage = open_storage(f"sqlite:///{tmp_path}/text.db")

    assert not storage.ready()
    with pytest.raises(StorageError):
        storage.upgrade()


def test_write_fails_after_the_lock_timeout_while_another_process_writes(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url, lock_timeout=0.2)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusyError, match="SQLITE_BUSY"):
            save(storage, build_customer("1"))
        assert look_up(storage, ["1"]).numbers == frozenset()  # readers are not blocked
        assert storage.ready()
        other.execute("ROLLBACK")
    other.close()

    save(storage, build_customer("1"))
    storage.close()


def test_an_entry_of_a_read_waits_for_a_shorter_time_than_others(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url, pool_size=1, page_lock_timeout=0.1)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusyError, match="SQLITE_BUSY"):
            storage.read_audit.append(EVENT)
        other.execute("ROLLBACK")
    other.close()
    with get_write_lock(storage.engine), pytest.raises(StorageBusyError, match="other writers"):
        storage.read_audit.append(EVENT)
    storage.read_audit.append(EVENT)
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000  # milliseconds
    storage.close()


def test_database_without_tables_is_not_ready(empty_database_url: str) -> None:
    storage = open_storage(empty_database_url)

    assert storage.schema_state() is SchemaState.EMPTY
    assert not storage.ready()
    with pytest.raises(StorageError):
        look_up(storage, ["1"])
    storage.close()


def test_error_of_the_database_contains_no_values(postgres_url: str) -> None:
    storage = open_storage(postgres_url)

    with pytest.raises(StorageError) as error:
        save(storage, build_customer("secret", "secret", document=b'{"secret": '))
    assert "secret" not in str(error.value)
    assert error.value.__context__ is None
    save(storage, build_customer("secret", "secret"))
    storage.close()


def test_audit_entry_fails_after_the_lock_timeout_while_the_head_is_locked(postgres_url: str) -> None:
    storage = open_storage(postgres_url, lock_timeout=0.1)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as other:
        other.execute("SELECT 1 FROM audit_head FOR UPDATE")
        with pytest.raises(StorageBusyError, match="55P03"):
            storage.audit.append(EVENT)
        save(storage, build_customer("1"))  # batches do not lock the head
    storage.audit.append(EVENT)
    storage.close()


def test_writers_fail_after_the_lock_timeout_while_another_thread_writes(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url, lock_timeout=0.1)
    with get_write_lock(storage.engine):
        with pytest.raises(StorageUnavailableError):
            storage.audit.append(EVENT)
        with pytest.raises(StorageUnavailableError):
            save(storage, build_customer("1"))
    save(storage, build_customer("1"))
    storage.close()
