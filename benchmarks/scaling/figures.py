"""The measured costs of a customer, of a batch and of a row, as `figures.json` holds them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

FIGURES: Final = Path(__file__).with_name("figures.json")


class BatchCost(msgspec.Struct, frozen=True):
    """What saving takes with batches of one size, per customer. CPU times are in µs."""

    database: str
    job: str  # new, full, update, rejected, keyed
    batch: int
    service: float
    server: float  # all processes of PostgreSQL; 0 on SQLite
    client: float  # the load generator
    wal_bytes: float
    page_images: float
    transactions: float  # transaction ids
    page_accesses: float


class TableSize(msgspec.Struct, frozen=True):
    """Bytes per row of a table with this many rows."""

    database: str
    table: str
    rows: int
    heap: float  # with TOAST
    indexes: float


class LookUpCost(msgspec.Struct, frozen=True):
    """Pages that a look-up of one number and one customer touches, with this many customers stored."""

    stored: int
    missing: float
    present: float


class RandomWrites(msgspec.Struct, frozen=True):
    """Saving right after a checkpoint into a table of this size, per customer."""

    identifiers: str  # random, sequential
    stored: int
    customers: int
    index_pages: int  # of the primary keys of numbers and customers together
    wal_bytes: float
    page_images: float


class RowCost(msgspec.Struct, frozen=True):
    """CPU time in µs and bytes of write-ahead log of an operation, per row."""

    operation: str
    rows: int
    cpu: float
    wal_bytes: float
    bytes: float = 0  # of the result, for backups


class Figures(msgspec.Struct, frozen=True):
    """One run on one machine."""

    machine: str
    decoding: float  # µs of CPU time for a minimal customer by msgspec, which tells the speed of the machine
    batches: Sequence[BatchCost]
    tables: Sequence[TableSize]
    look_ups: Sequence[LookUpCost]
    random_writes: Sequence[RandomWrites]
    rows: Sequence[RowCost]
    flush_seconds: tuple[float, float]  # fdatasync of a page: the fastest tenth, and the median
    worker_bytes: tuple[int, int]  # unshared memory of a worker: after its start, and after the measurements
    connections: int  # to PostgreSQL, of one service with 2 workers under 8 clients

    def get_batch(self, job: str, batch: int, database: str = "PostgreSQL") -> BatchCost:
        [found] = [cost for cost in self.batches if (cost.database, cost.job, cost.batch) == (database, job, batch)]
        return found

    def get_table(self, table: str, database: str = "PostgreSQL") -> TableSize:
        """The table at the largest size that was measured."""
        found = [size for size in self.tables if (size.database, size.table) == (database, table)]
        return max(found, key=lambda size: size.rows)

    def get_row(self, operation: str) -> RowCost:
        [found] = [cost for cost in self.rows if cost.operation == operation]
        return found


def read_figures(file: Path = FIGURES) -> Figures:
    return msgspec.json.decode(file.read_bytes(), type=Figures)
