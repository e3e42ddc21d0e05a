"""Quantities with their units, and the measurements that give one sample of each in every round."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from benchmarks.round_fixtures import RoundFixtures
from benchmarks.sizes import RunSize

CLIENTS: Final = 4


class Unit(Enum):
    """How the report prints a quantity of this unit."""

    RATE = "{:,.0f} customers/s"
    CPU = "{:,.2f} µs of CPU time per customer"
    REQUEST = "{:,.2f} ms per request"
    MEMORY = "{:,.1f} MiB"
    SECONDS = "{:,.2f} s"

    def format(self, value: float) -> str:
        """The number with its unit."""
        return self.value.format(value)

    def format_number(self, value: float) -> str:
        return self.format(value).partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured quantity. The label is unique and is printed in the report."""

    label: str
    unit: Unit


Samples = Mapping[Quantity, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Measures its quantities once; `measure` returns a value for each, in their order."""

    quantities: tuple[Quantity, ...]
    measure: Callable[[RoundFixtures], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Workload:
    """Batches that clients send to muster."""

    database: str
    job: str  # "save" or "dry run"
    shape: str
    batch: int
    clients: int

    @property
    def quantity(self) -> Quantity:
        clients = "1 client" if self.clients == 1 else f"{self.clients} clients"
        label = f"muster on {self.database}: {self.job}, {self.shape} customers, {self.batch:,} per batch, {clients}"
        return Quantity(label, Unit.RATE)


def describe_fill_levels(size: RunSize) -> dict[str, str]:
    """What a database holds before the measurement, by the use under which the fixtures provide it."""
    return {"empty": "empty database", "prefilled": f"{size.prefill:,} customers stored"}


def build_target_workload(
    size: RunSize, job: str, shape: str = "minimal", *, database: str = "PostgreSQL", clients: int = CLIENTS
) -> Workload:
    """A workload of the batch size that the performance targets use."""
    return Workload(database, job, shape, size.batch, clients)
