"""What a customer takes of each resource, by size of batches and of tables: measured costs, and a model of pages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.scaling.figures import Figures

_MICROSECOND: Final = 1e-6
# µs of CPU time to decode a minimal customer in the benchmark (docs/benchmarks.md). A shared machine is slower.
BENCHMARK_DECODING: Final = 0.73
PAGE_BYTES: Final = 8_192
# Pages at random places that a customer changes: in the keys of numbers and of customers. An update also changes the
# key of the history and the row of the version before; which customers are updated has no order.
_RANDOM_PAGES: Final = {"new": 2, "full": 2, "update": 4}
_PAGES_IN_ORDER: Final = {"new": 0, "full": 0, "update": 3}


@dataclass(frozen=True, slots=True)
class Demand:
    """Per customer: CPU seconds, bytes of write-ahead log without page images, random pages, transaction ids.

    `pages_in_order` are the random pages that are left when identifiers come in order.
    """

    service: float
    database: float
    wal_bytes: float
    random_pages: float
    pages_in_order: float
    transactions: float

    def plus(self, other: "Demand", share: float) -> "Demand":
        """A mix in which the other demand has this share."""
        names = self.__slots__
        return Demand(*((1 - share) * getattr(self, name) + share * getattr(other, name) for name in names))


class CostModel:
    """Costs of saving on one PostgreSQL with small tables."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self.flush_seconds = figures.flush_seconds[0]
        # Seconds of the benchmark's machine for a measured µs.
        self._second = _MICROSECOND * BENCHMARK_DECODING / figures.decoding
        random, ordered = figures.random_writes
        # Both keys together.
        self.pages_per_customer = random.index_pages / random.stored
        self.image_bytes = (random.wal_bytes - ordered.wal_bytes) / (random.page_images - ordered.page_images)

    def get_demand(self, job: str, batch: float) -> Demand:
        """New or full customers, or updates of minimal ones."""
        if job == "update":
            # Measured at one size; the difference to a new customer is taken as the same at all sizes.
            new, update = (self._read(name, 1_000) for name in ("new", "update"))
            at_size = self.get_demand("new", batch)
            cpu = at_size.service + update.service - new.service, at_size.database + update.database - new.database
            wal = at_size.wal_bytes + update.wal_bytes - new.wal_bytes
            return Demand(*cpu, wal, _RANDOM_PAGES[job], _PAGES_IN_ORDER[job], at_size.transactions)
        sizes = sorted(cost.batch for cost in self._figures.batches if (cost.database, cost.job) == ("PostgreSQL", job))
        points = [self._read(job, size) for size in sizes]
        names = ("service", "database", "wal_bytes", "transactions")
        service, database, wal, transactions = (
            interpolate(batch, sizes, [getattr(point, name) for point in points]) for name in names
        )
        return Demand(service, database, wal, _RANDOM_PAGES[job], _PAGES_IN_ORDER[job], transactions)

    def get_mix(self, share_of_updates: float, batch: float) -> Demand:
        """Minimal customers, new ones and updates."""
        return self.get_demand("new", batch).plus(self.get_demand("update", batch), share_of_updates)

    def get_row_seconds(self, operation: str) -> float:
        """CPU seconds of an operation per row."""
        return self._figures.get_row(operation).cpu * self._second

    def get_sqlite_seconds(self, job: str, batch: int) -> float:
        """CPU seconds per customer of the process that writes, with one client."""
        return self._figures.get_batch(job, batch, "SQLite").service * self._second

    def get_client_seconds(self, batch: int) -> float:
        """CPU seconds per customer of the load generator."""
        return self._figures.get_batch("new", batch).client * self._second

    def _read(self, job: str, batch: int) -> Demand:
        cost = self._figures.get_batch(job, batch)
        seconds = cost.service * self._second, cost.server * self._second
        wal_bytes = cost.wal_bytes - cost.page_images * self.image_bytes
        return Demand(*seconds, wal_bytes, _RANDOM_PAGES[job], _PAGES_IN_ORDER[job], cost.transactions)


def count_round_trips(batch: int) -> int:
    """To the database. One customer: user, insert. More: user, BEGIN, two for each COPY, insert, COMMIT."""
    return 2 if batch == 1 else 8


def interpolate(batch: float, sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The cost per customer: the cost of a whole batch is a straight line between two measured sizes."""
    if batch >= sizes[-1]:
        return costs[-1]
    index = max(sum(size <= batch for size in sizes) - 1, 0)
    (low, high), (first, last) = sizes[index : index + 2], costs[index : index + 2]
    share = (batch - low) / (high - low)
    return ((1 - share) * low * first + share * high * last) / batch


def count_images(pages: float, customers: float, touched: float) -> float:
    """Page images per customer, when `customers` come between two checkpoints and each changes `touched` random pages.

    A page is logged whole at its first change after a checkpoint: the number of pages that at least one of n random
    changes hits is P(1 - exp(-n/P)).
    """
    changes = customers * touched
    return pages * -math.expm1(-changes / pages) / customers


def count_levels(entries: float, per_leaf: float) -> int:
    """Levels of a B-tree, of which one page each is touched by a look-up; inner pages hold as many keys as leaves."""
    pages, levels = math.ceil(entries / per_leaf), 1
    while pages > 1:
        pages, levels = math.ceil(pages / per_leaf), levels + 1
    return levels
