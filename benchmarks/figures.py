"""What a round measures: figures, and the steps that give them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from benchmarks.sizes import Size
from benchmarks.stage import Stage

CLIENTS: Final = 4


class Unit(Enum):
    """How figures of a kind are written."""

    RATE = "{:,.0f} customers/s"
    PROCESSOR = "{:,.2f} µs of processor time a customer"
    REQUEST = "{:,.2f} ms a request"
    MEMORY = "{:,.1f} MiB"

    def text(self, value: float) -> str:
        """With what it is a number of."""
        return self.value.format(value)

    def number(self, value: float) -> str:
        return self.text(value).partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a round; `what` tells it from all others, and stands on the page."""

    what: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work, which gives a number for each of its figures."""

    figures: tuple[Figure, ...]
    measure: Callable[[Stage], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Load:
    """What is posted to muster, and by how many clients."""

    database: str
    job: str  # save, or dry run
    shape: str
    batch: int
    clients: int

    @property
    def figure(self) -> Figure:
        clients = "1 client" if self.clients == 1 else f"{self.clients} clients"
        what = f"muster on {self.database}: {self.job}, {self.shape} customers, {self.batch:,} a batch, {clients}"
        return Figure(what, Unit.RATE)


def uses_of(size: Size) -> dict[str, str]:
    """What the databases hold that are compared by that, by their use."""
    return {"empty": "an empty database", "stored": f"{size.stored:,} customers stored"}


def marked(
    size: Size, job: str, shape: str = "minimal", *, database: str = "PostgreSQL", clients: int = CLIENTS
) -> Load:
    """The load of a mark."""
    return Load(database, job, shape, size.batch, clients)
