"""What the fault tests stand on, and the line that sums them up."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks import postgres
from benchmarks.databases import Database, Databases
from faults.ledger import Ledger


@dataclass
class Tally:
    """Of all tests together."""

    faults: int = 0
    acknowledged: int = 0
    customers: int = 0
    replayed: int = 0
    lost: int = 0

    def add(self, ledger: Ledger, lost: int) -> None:
        self.acknowledged += len(ledger.acknowledged)
        self.customers += sum(1 for sent in ledger.acknowledged for _ in sent.accepted())
        self.replayed += ledger.replayed
        self.lost += lost

    def __str__(self) -> str:
        return (
            f"{self.faults} faults injected, {self.acknowledged:,} requests acknowledged, {self.customers:,} customers"
            f" accepted in them, {self.replayed:,} answers given again, {self.lost} customers lost"
        )


TALLY = Tally()


def check(database: Database, ledger: Ledger, tally: Tally) -> None:
    """Nothing was lost, nothing is there by half, and every request has one answer."""
    lost = ledger.lost(database)
    tally.add(ledger, lost)
    assert len(ledger.acknowledged) > 10
    assert ledger.wrong == []
    assert len(ledger.acknowledged) == len(ledger.sent)
    assert lost == 0


@pytest.fixture
def tally() -> Tally:
    return TALLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(str(TALLY))


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    with postgres.running() as server, tempfile.TemporaryDirectory(prefix="muster-faults-") as directory:
        yield Databases(server, Path(directory))


@pytest.fixture(params=["PostgreSQL", "SQLite"])
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Database]:
    """A database of either kind without customers, with a user who may submit."""
    with databases.new(request.param) as made:
        yield made


@pytest.fixture
def postgres_database(databases: Databases) -> Iterator[Database]:
    with databases.new("PostgreSQL") as made:
        yield made


@pytest.fixture
def sqlite_database(databases: Databases) -> Iterator[Database]:
    with databases.new("SQLite") as made:
        yield made
