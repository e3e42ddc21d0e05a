"""A copy of the embedded database while it is written to."""

import sqlite3
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from muster.storage import BackupUnsupportedError, Storage, StorageUnavailableError, open_storage
from tests.storage.samples import answer, arrival, batch, look_up


@pytest.fixture
def source(sqlite_url: str) -> Storage:
    return open_storage(sqlite_url)


def test_every_batch_is_whole_in_a_copy_that_is_made_while_others_write(source: Storage, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        with source.customers.session() as session:
            while not stop.is_set():
                session.save(batch(*(arrival(f"{number}-{n}", f"{number}-{n}") for n in range(20))), answer)
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

    seen = [_batches(tmp_path / f"copy-{copy}.db") for copy in range(10)]
    assert {count for counts in seen for count in counts.values()} <= {20}
    assert [len(counts) for counts in seen] == sorted(len(counts) for counts in seen)
    assert len(seen[-1]) > 0


def _batches(copy: Path) -> Counter[str]:
    with closing(sqlite3.connect(copy)) as connection:
        assert (
            connection.execute("SELECT count(*) FROM batches").fetchone()
            == connection.execute("SELECT count(DISTINCT batch_id) FROM communications").fetchone()
        )
        return Counter(batch_id for (batch_id,) in connection.execute("SELECT batch_id FROM communications"))


def test_a_copy_is_a_database_in_one_file_for_its_owner_alone(source: Storage, tmp_path: Path) -> None:
    with source.customers.session() as session:
        session.save(batch(arrival("1")), answer)
    file = tmp_path / "copy.db"
    source.back_up(file)
    source.close()

    assert file.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir() if found.name.startswith("copy")] == ["copy.db"]
    copy = open_storage(f"sqlite:///{file}")
    assert copy.ready()
    assert look_up(copy, ["1"]).numbers == {"1"}
    copy.close()


def test_a_file_that_is_there_is_left_alone(source: Storage, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    file.write_text("precious")
    with pytest.raises(FileExistsError):
        source.back_up(file)
    source.close()
    assert file.read_text() == "precious"


def test_files_with_names_like_that_of_the_copy_are_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "copy.db.part"
    source = open_storage(f"sqlite:///{database}")
    source.upgrade()
    source.back_up(tmp_path / "copy.db")
    assert source.ready()
    source.close()
    assert database.stat().st_size > 0
    assert sorted(found.name for found in tmp_path.iterdir()) == ["copy.db", "copy.db.part"]


def test_of_two_backups_to_one_file_one_is_made_and_the_other_told(source: Storage, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"

    def try_it(_: int) -> bool:
        try:
            source.back_up(file)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(try_it, range(4)))
    source.close()
    assert sum(made) == 1
    copy = open_storage(f"sqlite:///{file}")
    assert copy.ready()
    copy.close()


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    store = open_storage(f"sqlite:///{tmp_path}/missing.db")
    with pytest.raises(StorageUnavailableError):
        store.back_up(tmp_path / "copy.db")
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_a_server_has_tools_of_its_own(postgres_url: str, tmp_path: Path) -> None:
    store = open_storage(postgres_url)
    with pytest.raises(BackupUnsupportedError):
        store.back_up(tmp_path / "copy.db")
    store.close()
