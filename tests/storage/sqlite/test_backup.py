"""Online backup of a SQLite database."""

import sqlite3
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from muster.storage import BackupUnsupportedError, Storage, StorageUnavailableError, open_storage
from tests.storage.samples import RESPONSE, build_batch, build_customer, look_up


@pytest.fixture
def source(sqlite_url: str) -> Storage:
    return open_storage(sqlite_url)


def test_backup_during_writes_has_only_whole_batches(source: Storage, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        with source.customers.session() as session:
            while not stop.is_set():
                session.save(
                    build_batch(*(build_customer(f"{number}-{n}", f"{number}-{n}") for n in range(20))), RESPONSE
                )
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for copy in range(10):
            source.back_up(tmp_path / f"copy-{copy}.db")
    finally:
        stop.set()
        writer.join()
    source.close()

    backups = [_count_customers_by_batch(tmp_path / f"copy-{copy}.db") for copy in range(10)]
    assert {count for counts in backups for count in counts.values()} <= {20}
    assert [len(counts) for counts in backups] == sorted(len(counts) for counts in backups)
    assert len(backups[-1]) > 0


def _count_customers_by_batch(copy: Path) -> Counter[str]:
    with closing(sqlite3.connect(copy)) as connection:
        assert (
            connection.execute("SELECT count(*) FROM batches").fetchone()
            == connection.execute("SELECT count(DISTINCT batch_id) FROM communications").fetchone()
        )
        return Counter(batch_id for (batch_id,) in connection.execute("SELECT batch_id FROM communications"))


def test_backup_is_one_private_database_file(source: Storage, tmp_path: Path) -> None:
    with source.customers.session() as session:
        session.save(build_batch(build_customer("1")), RESPONSE)
    file = tmp_path / "copy.db"
    source.back_up(file)
    source.close()

    assert file.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir() if found.name.startswith("copy")] == ["copy.db"]
    copy = open_storage(f"sqlite:///{file}")
    assert copy.ready()
    assert look_up(copy, ["1"]).numbers == {"1"}
    copy.close()


def test_existing_file_is_not_overwritten(source: Storage, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    file.write_text("precious")
    with pytest.raises(FileExistsError):
        source.back_up(file)
    source.close()
    assert file.read_text() == "precious"


def test_files_with_similar_names_are_not_touched(tmp_path: Path) -> None:
    database = tmp_path / "copy.db.part"
    source = open_storage(f"sqlite:///{database}")
    source.upgrade()
    source.back_up(tmp_path / "copy.db")
    assert source.ready()
    source.close()
    assert database.stat().st_size > 0
    assert sorted(found.name for found in tmp_path.iterdir()) == ["copy.db", "copy.db.part"]


def test_one_of_concurrent_backups_to_one_file_succeeds(source: Storage, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"

    def try_backup(_: int) -> bool:
        try:
            source.back_up(file)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        succeeded = list(pool.map(try_backup, range(4)))
    source.close()
    assert sum(succeeded) == 1
    copy = open_storage(f"sqlite:///{file}")
    assert copy.ready()
    copy.close()


def test_missing_database_is_not_created(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path}/missing.db")
    with pytest.raises(StorageUnavailableError):
        storage.back_up(tmp_path / "copy.db")
    storage.close()
    assert list(tmp_path.iterdir()) == []


def test_backup_of_postgres_is_unsupported(postgres_url: str, tmp_path: Path) -> None:
    storage = open_storage(postgres_url)
    with pytest.raises(BackupUnsupportedError):
        storage.back_up(tmp_path / "copy.db")
    storage.close()
