"""The database goes away under load, or has no more room."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from benchmarks.databases import Database, Databases
from faults.conftest import Tally, check
from faults.ledger import Ledger
from faults.load import load
from faults.service import Running, running

SEED = 20_240_527
STOPS = 3
CUTS = 20
# KiB that a file may have at most: room for some hundred customers, and for no more.
ROOM = 2_048

CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'muster'
"""


def test_a_server_that_is_stopped_and_started_loses_nothing(
    databases: Databases, postgres_database: Database, tally: Tally
) -> None:
    ledger = Ledger(SEED)
    with running(postgres_database) as service, load(service.port, postgres_database.token, ledger):
        for _ in range(STOPS):
            time.sleep(1.0)
            databases.postgres.stop()
            tally.faults += 1
            time.sleep(0.5)
            databases.postgres.start()
            service.wait_until_ready()
        time.sleep(1.0)
    check(postgres_database, ledger, tally)


def test_connections_that_are_cut_lose_nothing(databases: Databases, postgres_database: Database, tally: Tally) -> None:
    random, ledger = Random(SEED), Ledger(SEED + 1)
    with running(postgres_database) as service, load(service.port, postgres_database.token, ledger):
        for _ in range(CUTS):
            time.sleep(random.uniform(0.02, 0.2))
            databases.postgres.run(postgres_database.url, CUT)
            tally.faults += 1
    check(postgres_database, ledger, tally)


def test_a_full_disk_loses_nothing_and_refuses_the_rest(sqlite_database: Database, tally: Tally) -> None:
    """The disk is as good as full when the files may not grow: the database says so in the same words."""
    ledger = Ledger(SEED + 2)
    with running(sqlite_database) as service, load(service.port, sqlite_database.token, ledger):
        with no_room(service):
            tally.faults += 1
            wait_until_nothing_is_taken(ledger)
        time.sleep(1.0)
    check(sqlite_database, ledger, tally)


@contextmanager
def no_room(service: Running) -> Iterator[None]:
    """The processes of the service may write no further than `ROOM` in any file, until the end."""
    pids = [service.process.pid, *(worker.pid for worker in service.workers())]
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, most) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (ROOM * 1024, most))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def wait_until_nothing_is_taken(ledger: Ledger) -> None:
    for _ in range(60):
        count = len(ledger.acknowledged)
        time.sleep(0.5)
        if count and len(ledger.acknowledged) == count:
            return
    raise AssertionError("the disk was never full")
