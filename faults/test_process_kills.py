"""The service or a worker is killed or terminated at random moments under load."""

import os
import signal
import subprocess
import time
from random import Random

import psutil

from benchmarks.databases import Database
from faults.conftest import FaultSummary, check
from faults.ledger import Ledger
from faults.load import generate_load
from faults.service import ServiceUnderTest, run_service

KILLS = 50  # on each database
WORKER_KILLS = 10
TERMINATIONS = 3
SHUTDOWN_SECONDS = 30
SEED = 20_240_526


def test_killed_service_loses_nothing(database: Database, summary: FaultSummary) -> None:
    random, ledger = Random(SEED), Ledger(SEED)
    with run_service(database) as service, generate_load(service.port, database.token, ledger):
        for _ in range(KILLS):
            time.sleep(random.uniform(0.05, 0.6))
            service.kill()
            summary.faults += 1
            service.restart()
            service.wait_until_ready()
        time.sleep(0.5)
    check(database, ledger, summary)


def test_killed_worker_does_not_affect_the_others(database: Database, summary: FaultSummary) -> None:
    random, ledger = Random(SEED), Ledger(SEED + 1)
    with run_service(database) as service, generate_load(service.port, database.token, ledger):
        for _ in range(WORKER_KILLS):
            time.sleep(random.uniform(0.2, 0.8))
            random.choice(wait_for_workers(service)).kill()
            summary.faults += 1
            service.wait_until_ready()
        assert service.process.poll() is None
    check(database, ledger, summary)


def test_terminated_service_finishes_running_requests(database: Database, summary: FaultSummary) -> None:
    ledger = Ledger(SEED + 2)
    with run_service(database) as service, generate_load(service.port, database.token, ledger):
        for _ in range(TERMINATIONS):
            time.sleep(0.7)
            started = time.monotonic()
            os.kill(service.process.pid, signal.SIGTERM)
            assert service.process.wait(SHUTDOWN_SECONDS + 1) == 0
            assert time.monotonic() - started < SHUTDOWN_SECONDS
            assert is_group_empty(service.process)
            summary.faults += 1
            service.restart()
            service.wait_until_ready()
    check(database, ledger, summary)


def wait_for_workers(service: ServiceUnderTest) -> list[psutil.Process]:
    for _ in range(500):
        if workers := service.workers():
            return workers
        time.sleep(0.02)
    raise AssertionError("the service has no workers")


def is_group_empty(process: "subprocess.Popen[bytes]") -> bool:
    """Whether all processes of the group have ended. Python's resource tracker takes a moment to notice the end."""
    for _ in range(100):
        if not any(_read_group(found.pid) == process.pid for found in psutil.process_iter()):
            return True
        time.sleep(0.02)
    return False


def _read_group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
