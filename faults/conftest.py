"""Fixtures of the fault tests, and the summary line of a run."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks import postgres
from benchmarks.databases import Database, Databases
from faults.ledger import Ledger

MIN_ACKNOWLEDGED = 10  # a test with fewer acknowledged requests has tested nothing


@dataclass
class FaultSummary:
    """The totals of all tests."""

    faults: int = 0
    acknowledged: int = 0
    customers: int = 0
    replayed: int = 0
    lost: int = 0
    cuts: list[str] = field(default_factory=list)

    def add(self, ledger: Ledger, lost: int) -> None:
        self.acknowledged += len(ledger.acknowledged)
        self.customers += sum(1 for sent in ledger.acknowledged for _ in sent.accepted())
        self.replayed += ledger.replayed
        self.lost += lost

    def add_cuts(self, cuts: int, statuses: Counter[str], false_answers: int) -> None:
        said = ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items()))
        self.cuts.append(f"; {cuts:,} commits cut, responses: {said}, {false_answers} of them false")

    def __str__(self) -> str:
        return (
            f"{self.faults} faults injected, {self.acknowledged:,} requests acknowledged, {self.customers:,} customers"
            f" accepted in them, {self.replayed:,} responses replayed, {self.lost} customers lost{''.join(self.cuts)}"
        )


SUMMARY = FaultSummary()


def check(database: Database, ledger: Ledger, summary: FaultSummary) -> None:
    """Asserts that no customer is lost, no batch is saved in part, and every request has exactly one response."""
    lost = ledger.count_lost(database)
    summary.add(ledger, lost)
    assert len(ledger.acknowledged) > MIN_ACKNOWLEDGED
    assert ledger.violations == []
    assert len(ledger.acknowledged) == len(ledger.sent)
    assert lost == 0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cuts", default=1_000, type=int, help="commits whose answer is lost")


@pytest.fixture
def summary() -> FaultSummary:
    return SUMMARY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
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
