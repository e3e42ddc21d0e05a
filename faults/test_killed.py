"""The service is killed at random moments under load."""

import os
import signal
import subprocess
import time
from random import Random

import psutil  # type: ignore[import-untyped]  # it has none

from benchmarks.databases import Database
from faults.conftest import Tally, check
from faults.ledger import Ledger
from faults.load import load
from faults.service import Running, running

KILLS = 50  # on each of the databases
WORKER_KILLS = 10
SEED = 20_240_526


def test_a_service_that_is_killed_loses_nothing(database: Database, tally: Tally) -> None:
    random, ledger = Random(SEED), Ledger(SEED)
    with running(database) as service, load(service.port, database.token, ledger):
        for _ in range(KILLS):
            time.sleep(random.uniform(0.05, 0.6))
            service.kill()
            tally.faults += 1
            service.restart()
            service.wait_until_ready()
        time.sleep(0.5)
    check(database, ledger, tally)


def test_a_worker_that_is_killed_costs_the_others_nothing(database: Database, tally: Tally) -> None:
    random, ledger = Random(SEED), Ledger(SEED + 1)
    with running(database) as service, load(service.port, database.token, ledger):
        for _ in range(WORKER_KILLS):
            time.sleep(random.uniform(0.2, 0.8))
            random.choice(_workers(service)).kill()
            tally.faults += 1
            service.wait_until_ready()
        assert service.process.poll() is None
    check(database, ledger, tally)


def test_a_service_that_is_told_to_end_finishes_what_runs(database: Database, tally: Tally) -> None:
    ledger = Ledger(SEED + 2)
    with running(database) as service, load(service.port, database.token, ledger):
        for _ in range(3):
            time.sleep(0.7)
            started = time.monotonic()
            os.kill(service.process.pid, signal.SIGTERM)
            assert service.process.wait(31) == 0
            assert time.monotonic() - started < 30
            assert _ends(service.process)
            tally.faults += 1
            service.restart()
            service.wait_until_ready()
    check(database, ledger, tally)


def _workers(service: Running) -> list[psutil.Process]:
    for _ in range(500):
        if found := service.workers():
            return found
        time.sleep(0.02)
    raise AssertionError("there are no workers")


def _ends(process: "subprocess.Popen[bytes]") -> bool:
    """Whether all that it has started ends with it; Python's resource tracker takes a moment to see that it did."""
    for _ in range(100):
        if not any(_group(found.pid) == process.pid for found in psutil.process_iter()):
            return True
        time.sleep(0.02)
    return False


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
