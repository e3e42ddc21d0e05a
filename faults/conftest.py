"""Fixtures of the fault tests, and the summary of a run."""

import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks import postgres
from benchmarks.databases import Database, Databases
from faults.client_load import SavedCustomers
from faults.ledger import Ledger
from faults.load_faults import Fault
from faults.load_files import Differences

MIN_ACKNOWLEDGED = 10  # a test with fewer acknowledged requests has tested nothing


@dataclass
class LoadSummary:
    """The loads of files of all tests."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    found: list[Differences] = field(default_factory=list)

    def __str__(self) -> str:
        ways = ", ".join(f"{count:,} {way}" for way, count in self.counts.items())
        faults = ", ".join(f"{self.faults[fault]:,} {fault}" for fault in Fault if self.faults[fault])
        lost, twice = sum(found.lost for found in self.found), sum(found.twice for found in self.found)
        wrong = sum(found.wrong_refused for found in self.found)
        others = sum(len(found.sentences) for found in self.found)
        return (
            f"{self.counts.total():,} loads of files ({ways}), {faults}: {lost} rows lost, {twice} saved twice, {wrong}"
            f" wrong files of refused rows, {others} differences in all"
        )


@dataclass
class FaultSummary:
    """The totals of all tests."""

    faults: int = 0
    acknowledged: int = 0
    customers: int = 0
    replayed: int = 0
    lost: int = 0
    cuts: list[str] = field(default_factory=list)
    loads: LoadSummary = field(default_factory=LoadSummary)

    def add(self, ledger: Ledger, lost: int) -> None:
        self.acknowledged += len(ledger.acknowledged)
        self.customers += sum(1 for sent in ledger.acknowledged for _ in sent.accepted())
        self.replayed += ledger.replayed
        self.lost += lost

    def add_cuts(self, cuts: int, statuses: Counter[str], false_answers: int) -> None:
        said = ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items()))
        self.cuts.append(f"; {cuts:,} commits cut, responses: {said}, {false_answers} of them false")

    def add_client(self, cuts: int, customers: int, replayed: int, found: Mapping[str, int]) -> None:
        """Adds connections of the Python client that were cut, and what the database says of its customers."""
        self.faults += cuts
        differences = ", ".join(f"{count} {name}" for name, count in found.items())
        self.cuts.append(
            f"; {cuts:,} connections of the client cut, {customers:,} customers accepted, {replayed:,} responses"
            f" replayed, {differences}"
        )

    def add_nodes(
        self, faults: Counter[str], saved: SavedCustomers, loads: int, statuses: Counter[str], found: Mapping[str, int]
    ) -> None:
        """Adds faults of nodes behind a balancer; `statuses` are those that the clients saw."""
        self.faults += faults.total()
        parts = [
            f"nodes: {_join(faults)}",
            f"{len(saved.accepted):,} customers accepted, {loads:,} files loaded",
            f"{saved.replayed:,} responses replayed",
            f"responses: {_join(statuses)}",
            _join(found),
        ]
        self.cuts.append(f"; {', '.join(parts)}")

    def add_loads(self, way: str, count: int, faults: Mapping[Fault, int], found: Differences) -> None:
        """Adds loads of files `by command` or `by API`, the faults during them, and what is wrong with them."""
        self.faults += sum(faults.values())
        self.loads.counts[way] += count
        self.loads.faults.update(faults)
        self.loads.found.append(found)

    def __str__(self) -> str:
        return (
            f"{self.faults} faults injected, {self.acknowledged:,} requests acknowledged, {self.customers:,} customers"
            f" accepted in them, {self.replayed:,} responses replayed, {self.lost} customers lost{''.join(self.cuts)}"
        )


def _join(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))


SUMMARY = FaultSummary()


def check(database: Database, ledger: Ledger, summary: FaultSummary, others: Collection[str] = ()) -> None:
    """Asserts that no customer is lost, no batch is saved in part, and every request has exactly one response.

    `others` are the numbers of customers that were not sent by these requests.
    """
    lost = ledger.count_lost(database, others)
    summary.add(ledger, lost)
    assert len(ledger.acknowledged) > MIN_ACKNOWLEDGED
    assert ledger.violations == []
    assert len(ledger.acknowledged) == len(ledger.sent)
    assert lost == 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A run of a test may take as long as its number of faults, and a busy machine, make it."""
    for item in items:
        item.add_marker(pytest.mark.timeout(3_600))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--loads", default=1_000, type=int, help="loads of files under faults, by command and by API, on both databases"
    )
    parser.addoption("--kills", default=20, type=int, help="executors of Spark that are killed")
    parser.addoption("--cuts", default=1_000, type=int, help="commits whose answer is lost")
    parser.addoption("--node-faults", default=100, type=int, help="faults of nodes behind a balancer")


@pytest.fixture(scope="session", autouse=True)
def _preloaded() -> None:
    """Commands and services of loads are forked from one process that has imported them."""
    multiprocessing.set_forkserver_preload(["faults.load_command", "faults.loading_service"])


@pytest.fixture
def summary() -> FaultSummary:
    return SUMMARY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SUMMARY.loads.found:
        terminalreporter.write_line(str(SUMMARY.loads))
    terminalreporter.write_line(str(SUMMARY))


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    with postgres.run_server() as server, tempfile.TemporaryDirectory(prefix="muster-faults-") as directory:
        yield Databases(server, Path(directory))


@pytest.fixture(params=["PostgreSQL", "SQLite"])
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Database]:
    """A database of either kind without customers, with a user who may submit."""
    with databases.new(request.param) as database:
        yield database


@pytest.fixture
def postgres_database(databases: Databases) -> Iterator[Database]:
    with databases.new("PostgreSQL") as database:
        yield database


@pytest.fixture
def sqlite_database(databases: Databases) -> Iterator[Database]:
    with databases.new("SQLite") as database:
        yield database
