"""A database that can't be written to is an obstacle, as one that does not respond is."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from muster.storage import Storage, StorageUnavailableError, open_storage
from muster.storage.postgres.full_disk import REMEMBERED_SECONDS, FullDisk
from muster.storage.readiness import find_obstacle
from tests.storage.samples import build_batch, build_customer


def test_usable_database_has_no_obstacle(store: Storage) -> None:
    assert store.find_obstacle() is None
    assert store.connections().in_use == 0


def test_read_only_postgres_database_is_not_ready(postgres_url: str) -> None:
    name = make_url(postgres_url).database
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
    storage = open_storage(postgres_url)
    assert storage.find_obstacle() == "the database is read-only"
    assert not storage.ready()
    storage.close()


def test_read_only_sqlite_database_is_not_ready(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true")
    assert storage.find_obstacle() == "the database is read-only"
    storage.close()


def test_full_disk_is_not_ready(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url)
    assert find_obstacle(storage.engine, storage.full_disk, min_free_bytes=2**62) == "the disk of the database is full"
    assert find_obstacle(storage.engine, storage.full_disk, min_free_bytes=0) is None
    storage.close()


def refuse_batches(postgres_url: str, sqlstate: str | None) -> None:
    """Makes each insert of a batch fail with this SQLSTATE; with None, no longer."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP FUNCTION IF EXISTS refuse CASCADE")
        if sqlstate:
            connection.execute(
                f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$""".encode()
            )
            connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON batches EXECUTE FUNCTION refuse()")


def save_one(storage: Storage, number: str) -> None:
    with storage.customers.session() as session:
        session.save(build_batch(build_customer(number, number)), b"{}")


def test_save_that_found_the_disk_of_postgres_full_is_an_obstacle_until_one_succeeds(postgres_url: str) -> None:
    storage = open_storage(postgres_url)
    for sqlstate, obstacle in (("53200", None), ("53100", "the disk of the database is full"), ("53300", None)):
        refuse_batches(postgres_url, sqlstate)
        with pytest.raises(StorageUnavailableError):
            save_one(storage, "1")
        assert storage.find_obstacle() == obstacle
        refuse_batches(postgres_url, None)
        save_one(storage, sqlstate)
        assert storage.find_obstacle() is None
    storage.close()


def test_full_disk_is_forgotten_after_a_minute() -> None:
    now = 100.0
    disk = FullDisk(clock=lambda: now)
    assert not disk.was_seen()
    disk.note_failure(psycopg.errors.DiskFull())
    assert disk.was_seen()
    now += REMEMBERED_SECONDS
    assert not disk.was_seen()


def test_database_that_another_process_writes_is_ready(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url, lock_timeout=30)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert storage.find_obstacle() is None
    other.execute("ROLLBACK")
    other.close()
    storage.close()


def test_check_leaves_the_lock_timeout_of_its_connection(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url, pool_size=1)
    assert storage.find_obstacle() is None
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000  # milliseconds
    storage.close()


def test_unavailable_database_is_named_with_a_code_and_without_its_address(tmp_path: Path) -> None:
    storage = open_storage("postgresql://muster:secret@127.0.0.1:1/name")
    assert storage.find_obstacle() == "the database is unavailable (refused)"
    storage.close()
    storage = open_storage(f"sqlite:///{tmp_path}/no/such/directory.db")
    assert storage.find_obstacle() == "the database is unavailable (SQLITE_CANTOPEN)"


def test_schema_is_named_as_the_obstacle(empty_database_url: str) -> None:
    storage = open_storage(empty_database_url)
    assert storage.find_obstacle() == "the database has no schema of muster yet"
    storage.close()
