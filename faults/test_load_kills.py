"""`muster load` is killed, and its connections are cut, at random moments; it is started again until it ends.

No row is lost, none is saved twice, and the file of refused rows is right.
"""

import multiprocessing
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.databases import Database
from faults.conftest import FaultSummary
from faults.load_command import run_command
from faults.load_faults import TERMINATE_CONNECTIONS, Fault
from faults.load_files import CustomerFile, Differences, StoredCustomers

AT_ONCE = 3
MAX_FAULTS_PER_LOAD = 4
MAX_ATTEMPTS = 60
MAX_FAULT_SECONDS = 0.6

_context = multiprocessing.get_context("forkserver")


@dataclass
class KilledLoad:
    """A file of its own, with rows that are refused for themselves and duplicates of earlier rows."""

    number: int
    directory: Path
    database: Database

    def __post_init__(self) -> None:
        self.random = random.Random(f"{self.database.url[:6]}-{self.number}")
        self.prefix = f"{self.number:05}-"
        self.file = self.directory / f"{self.number}.csv"
        self.refused_file = self.directory / f"{self.number}-refused.csv"
        self.content = CustomerFile(self.prefix, self.random)
        self.kills = self.cuts = 0

    def write(self) -> None:
        self.file.write_bytes(self.content.content)

    def run(self) -> None:
        """Runs the command until it ends by itself."""
        for attempt in range(MAX_ATTEMPTS):
            process = self._start()
            if attempt < MAX_FAULTS_PER_LOAD:
                self._disturb(process)
            process.join(60)
            assert process.exitcode is not None, "the command does not end"
            if process.exitcode in (0, 3):
                assert process.exitcode == (3 if self.content.refused else 0)
                return
        raise AssertionError(f"load {self.number} did not end: {self._read_output()}")

    def check(self, stored: StoredCustomers, found: Differences) -> None:
        """Adds what is wrong in the database and in the file of refused rows."""
        found.compare_refused(self.prefix, self.content, self.refused_file.read_bytes())
        found.compare_saved(self.prefix, stored, self.content, self.prefix)

    def _start(self) -> Any:
        size = self.random.choice((7, 20, 60))
        arguments = ["load", str(self.file), "--refused", str(self.refused_file), "--batch", str(size)]
        output = str(self.directory / f"{self.number}.log")
        process = _context.Process(target=run_command, args=(arguments, self.database.url, output))
        process.start()
        return process

    def _disturb(self, process: Any) -> None:
        process.join(self.random.uniform(0, MAX_FAULT_SECONDS))
        if process.exitcode is not None:
            return
        if self.database.url.startswith("postgresql") and self.random.random() < 0.4:
            self.cuts += 1
            with psycopg.connect(self.database.url, autocommit=True) as connection:
                connection.execute(TERMINATE_CONNECTIONS.encode())
        else:
            self.kills += 1
            process.kill()

    def _read_output(self) -> str:
        return (self.directory / f"{self.number}.log").read_text()[-2_000:]


def test_killed_loads_lose_nothing_and_save_nothing_twice(
    database: Database, tmp_path: Path, summary: FaultSummary, request: pytest.FixtureRequest
) -> None:
    count = int(request.config.getoption("--loads")) // 2
    loads = [KilledLoad(number, tmp_path, database) for number in range(count)]

    def run(load: KilledLoad) -> None:
        load.write()
        load.run()

    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(run, loads))
    stored, found = StoredCustomers(database, [load.prefix for load in loads]), Differences()
    for load in loads:
        load.check(stored, found)
    kills, cuts = sum(load.kills for load in loads), sum(load.cuts for load in loads)
    summary.add_loads("by command", count, {Fault.COMMAND: kills, Fault.CONNECTIONS: cuts}, found)
    assert found.sentences == []
    assert kills > count / 2, f"the faults came too late ({time.monotonic() - started:.0f} s)"
