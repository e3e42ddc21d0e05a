"""How much a run measures."""

from dataclasses import dataclass, replace
from typing import Final

MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Amount:
    """Customers that one measurement takes, by their shape."""

    minimal: int
    full: int

    def batches(self, shape: str, batch: int, clients: int = 1) -> int:
        """How many batches they are; every client has one at least."""
        customers = self.minimal if shape == "minimal" else self.full
        return max(customers // batch, clients)


@dataclass(frozen=True, slots=True)
class Size:
    """One size of a run."""

    rounds: int
    batch: int  # customers of a batch where a mark is measured
    saved: Amount  # for a figure of a mark that is about saving
    touched: int  # customers that are written between a checkpoint and what is measured on the full database
    checked: Amount  # for one that is about a dry run: enough for a second of processor time
    requests: int  # with one customer each
    block: int  # of them in a row, before it is the other service's turn
    memory_body: int  # bytes
    stored: int  # customers in the full database; 0 leaves it out
    table: dict[int, Amount]  # by the size of the batches; empty leaves the table out


_QUICK: Final = Size(
    rounds=5,
    batch=1_000,
    saved=Amount(60_000, 6_000),
    touched=300_000,
    checked=Amount(200_000, 12_000),
    requests=400,
    block=50,
    memory_body=64 * MEBIBYTE,
    stored=0,
    table={},
)

SIZES: Final = {
    # About correctness only.
    "smallest": Size(
        rounds=1,
        batch=20,
        saved=Amount(80, 80),
        touched=80,
        checked=Amount(80, 80),
        requests=12,
        block=4,
        memory_body=MEBIBYTE,
        stored=1_000,
        table={1: Amount(4, 4), 20: Amount(80, 80)},
    ),
    # The marks and what they compare.
    "quick": _QUICK,
    "standard": replace(
        _QUICK,
        stored=10_000_000,
        table={
            1: Amount(300, 300),
            100: Amount(20_000, 3_000),
            1_000: Amount(40_000, 5_000),
            10_000: Amount(40_000, 10_000),
        },
    ),
}
