"""Sizes of a run: how many customers and requests each measurement sends."""

from dataclasses import dataclass, replace
from typing import Final

MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CustomerCounts:
    """Customers in one measurement, by shape."""

    minimal: int
    full: int

    def count_batches(self, shape: str, batch: int, clients: int = 1) -> int:
        """Batches of `batch` customers; at least one for each client."""
        customers = self.minimal if shape == "minimal" else self.full
        return max(customers // batch, clients)


@dataclass(frozen=True, slots=True)
class RunSize:
    """One size of a run."""

    rounds: int
    batch: int  # customers per batch, where performance targets are measured
    save_counts: CustomerCounts
    page_touches: int  # customers written between a checkpoint and the measurements on the prefilled database
    dry_run_counts: CustomerCounts  # enough for a second of CPU time
    single_requests: int  # requests with one customer each
    interleave_block: int  # consecutive single requests to one service before the other's turn
    memory_body_bytes: int
    expensive_body_bytes: int
    prefill: int  # customers in the prefilled database; 0 measures without it
    chunk: int  # customers per request that loads are compared with; a chunk of a load has 10,000
    load_rows: int  # rows of a file of minimal customers
    workbook_rows: int
    stream_rows: tuple[int, int]  # of a small and of a large stream, whose memory is compared
    long_file_rows: int  # of the file whose first refused row is waited for
    table_counts: dict[int, CustomerCounts]  # by batch size; empty measures no table


_QUICK: Final = RunSize(
    rounds=5,
    batch=1_000,
    save_counts=CustomerCounts(60_000, 6_000),
    page_touches=300_000,
    dry_run_counts=CustomerCounts(200_000, 12_000),
    single_requests=400,
    interleave_block=50,
    memory_body_bytes=64 * MEBIBYTE,
    expensive_body_bytes=32 * MEBIBYTE,
    prefill=0,
    chunk=10_000,
    load_rows=1_000_000,
    workbook_rows=50_000,
    stream_rows=(80_000, 4_000_000),
    long_file_rows=10_000_000,
    table_counts={},
)

SIZES: Final = {
    # Checks that the benchmark works; its figures mean nothing.
    "smallest": RunSize(
        rounds=1,
        batch=20,
        save_counts=CustomerCounts(80, 80),
        page_touches=80,
        dry_run_counts=CustomerCounts(80, 80),
        single_requests=12,
        interleave_block=4,
        memory_body_bytes=MEBIBYTE,
        expensive_body_bytes=MEBIBYTE,
        prefill=1_000,
        chunk=20,
        load_rows=40,
        workbook_rows=40,
        stream_rows=(20, 40),
        long_file_rows=40,
        table_counts={1: CustomerCounts(4, 4), 20: CustomerCounts(80, 80)},
    ),
    # The performance targets only.
    "quick": _QUICK,
    "standard": replace(
        _QUICK,
        prefill=10_000_000,
        table_counts={
            1: CustomerCounts(300, 300),
            100: CustomerCounts(20_000, 3_000),
            1_000: CustomerCounts(40_000, 5_000),
            10_000: CustomerCounts(40_000, 10_000),
        },
    ),
}
