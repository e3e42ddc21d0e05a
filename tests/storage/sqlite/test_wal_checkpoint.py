"""Truncating the write-ahead log after a purge, so that no file contains removed data."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from muster.records.retention import RetentionKind
from muster.storage import Storage, open_storage
from muster.storage.retention import SqlRetentionStore
from tests.storage.samples import fetch
from tests.storage.test_retention import build_closed, purge, save

SECRET = "Garcia-Wojciechowski"


@pytest.fixture
def sqlite_storage(sqlite_url: str) -> Iterator[Storage]:
    storage = open_storage(sqlite_url)
    yield storage
    storage.close()


@pytest.fixture
def reader(sqlite_url: str) -> Iterator[Storage]:
    """A second storage on the same file, as of another process."""
    storage = open_storage(sqlite_url)
    yield storage
    storage.close()


def is_secret_in_files(sqlite_url: str) -> bool:
    directory = Path(sqlite_url.removeprefix("sqlite:///")).parent
    return any(SECRET.encode() in path.read_bytes() for path in directory.iterdir() if path.is_file())


def save_secrets(storage: Storage) -> None:
    document = json.dumps({"closingDate": "2018-01-01", "lastName": SECRET}).encode()
    save(storage, *(build_closed(str(n), f"c{n}", None, document=document) for n in range(50)))
    save(storage, build_closed("u", "c1", None, 2, document=document))


def test_removed_data_is_in_no_file(sqlite_url: str, sqlite_storage: Storage) -> None:
    save_secrets(sqlite_storage)
    assert is_secret_in_files(sqlite_url)
    assert purge(sqlite_storage, RetentionKind.CLOSED_CUSTOMERS) == 50
    assert sqlite_storage.retention.wipe()
    assert not is_secret_in_files(sqlite_url)


def test_reader_blocks_the_wipe_which_reports_it(sqlite_url: str, sqlite_storage: Storage, reader: Storage) -> None:
    retention = SqlRetentionStore(sqlite_storage.engine, checkpoint_timeout=0)
    save_secrets(sqlite_storage)
    with reader.engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM customers"))  # keeps its read transaction open
        assert purge(sqlite_storage, RetentionKind.CLOSED_CUSTOMERS) == 50
        assert not retention.wipe()
        assert is_secret_in_files(sqlite_url)
    assert retention.wipe()
    assert not is_secret_in_files(sqlite_url)


def test_wipe_waits_for_a_reader(sqlite_storage: Storage, reader: Storage) -> None:
    finished = threading.Event()
    save_secrets(sqlite_storage)
    connection = reader.engine.connect()
    connection.execute(text("SELECT count(*) FROM customers"))

    def finish() -> None:
        finished.set()
        connection.close()

    purge(sqlite_storage, RetentionKind.CLOSED_CUSTOMERS)
    timer = threading.Timer(0.7, finish)  # longer than one attempt
    timer.start()
    assert sqlite_storage.retention.wipe()
    assert finished.is_set()
    timer.join()


def test_wipe_restores_the_busy_timeout(sqlite_storage: Storage) -> None:
    before = fetch(sqlite_storage, "PRAGMA busy_timeout")
    sqlite_storage.retention.wipe()
    assert fetch(sqlite_storage, "PRAGMA busy_timeout") == before != [(500,)]
