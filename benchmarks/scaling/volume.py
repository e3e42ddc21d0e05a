"""Bytes of a billion customers, and of a day and a year of customers, on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.scaling.assumptions import Assumptions
from benchmarks.scaling.figures import Figures, TableSize

STORED: Final = 1e9
PER_DAY: Final = 100e6
DAYS: Final = 365
MAX_TABLE_BYTES: Final = 32 * 2**40  # of a table of 8 KiB pages


@dataclass(frozen=True, slots=True)
class Volume:
    """Bytes of a table: of what is stored at the beginning, and of each day; `rows` are rows of a day."""

    table: str
    stored: float
    rows: float
    day: float
    heap_of_day: float

    @property
    def year(self) -> float:
        return self.day * DAYS


def list_volumes(figures: Figures, given: Assumptions, *, is_full: bool) -> Sequence[Volume]:
    """The tables that grow, largest kinds first. `is_full`: customers with all fields instead of the mandatory ones."""
    batches = PER_DAY / given.batch
    updates = PER_DAY * given.share_of_updates
    new, rejected = PER_DAY - updates, PER_DAY * given.rejected_share
    extra = get_document_extra(figures) if is_full else 0.0
    return [
        _build(figures, "customers", STORED, new, extra),
        _build(figures, "communications", STORED, PER_DAY),
        _build(figures, "customer_history", 0, updates, extra),
        _build(figures, "rejections", 0, rejected),
        _build_batches(figures, given),
        _build(figures, "idempotency_keys", 0, batches),
    ]


def get_document_extra(figures: Figures) -> float:
    """Bytes by which a document with all fields is larger than one with the mandatory fields."""
    minimal = sum(get_bytes(figures.get_table(name)) for name in ("customers", "communications"))
    return get_bytes(figures.get_table("full customers")) - minimal


def get_bytes(size: TableSize) -> float:
    return size.heap + size.indexes


def _build_batches(figures: Figures, given: Assumptions) -> Volume:
    """Nearly all of it is stored responses, so bytes grow with customers."""
    size = figures.get_table("batches")
    per_customer = size.heap * size.rows / figures.get_table("customers").rows
    heap = per_customer + size.indexes / given.batch
    return Volume("batches", STORED * heap, PER_DAY / given.batch, PER_DAY * heap, PER_DAY * per_customer)


def _build(figures: Figures, table: str, stored: float, rows: float, extra: float = 0.0) -> Volume:
    size = figures.get_table(table)
    heap, whole = size.heap + extra, get_bytes(size) + extra
    return Volume(table, stored * whole, rows, rows * whole, rows * heap)
