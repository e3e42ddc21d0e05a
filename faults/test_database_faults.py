"""Database faults under load: restart of the server, terminated connections, full disk."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from benchmarks.databases import Database, Databases
from faults.conftest import FaultSummary, check
from faults.ledger import Ledger
from faults.load import generate_load
from faults.load_faults import TERMINATE_CONNECTIONS
from faults.service import ServiceUnderTest, run_service

SEED = 20_240_527
RESTARTS = 3
TERMINATIONS = 20
# The limit of the size of any file: enough for some hundred customers.
MAX_FILE_BYTES = 2_048 * 1024


def test_restart_of_the_database_server_loses_nothing(
    databases: Databases, postgres_database: Database, summary: FaultSummary
) -> None:
    ledger = Ledger(SEED)
    with run_service(postgres_database) as service, generate_load(service.port, postgres_database.token, ledger):
        for _ in range(RESTARTS):
            time.sleep(1.0)
            databases.postgres.stop()
            summary.faults += 1
            time.sleep(0.5)
            databases.postgres.start()
            service.wait_until_ready()
        time.sleep(1.0)
    check(postgres_database, ledger, summary)


def test_terminated_connections_lose_nothing(
    databases: Databases, postgres_database: Database, summary: FaultSummary
) -> None:
    random, ledger = Random(SEED), Ledger(SEED + 1)
    with run_service(postgres_database) as service, generate_load(service.port, postgres_database.token, ledger):
        for _ in range(TERMINATIONS):
            time.sleep(random.uniform(0.02, 0.2))
            databases.postgres.run(postgres_database.url, TERMINATE_CONNECTIONS)
            summary.faults += 1
    check(postgres_database, ledger, summary)


def test_full_disk_loses_nothing_and_rejects_new_batches(sqlite_database: Database, summary: FaultSummary) -> None:
    """A limit of the file size stands for a full disk: SQLite reports both in the same way."""
    ledger = Ledger(SEED + 2)
    with run_service(sqlite_database) as service, generate_load(service.port, sqlite_database.token, ledger):
        with limit_file_size(service):
            summary.faults += 1
            wait_until_nothing_is_saved(ledger)
        time.sleep(1.0)
    check(sqlite_database, ledger, summary)


@contextmanager
def limit_file_size(service: ServiceUnderTest) -> Iterator[None]:
    """Limits the size of all files that the processes of the service write during the block."""
    pids = [service.process.pid, *(worker.pid for worker in service.workers())]
    limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard_limit) in limits.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, hard_limit))
    try:
        yield
    finally:
        for pid, limit in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)


def wait_until_nothing_is_saved(ledger: Ledger) -> None:
    for _ in range(60):
        count = len(ledger.acknowledged)
        time.sleep(0.5)
        if count and len(ledger.acknowledged) == count:
            return
    raise AssertionError("the disk was never full")
