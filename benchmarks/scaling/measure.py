"""`python -m benchmarks.scaling.measure`: measures the costs that the capacity plan uses and writes figures.json."""

import argparse
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Set
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
import psutil

from benchmarks import postgres
from benchmarks.customers import RandomIdentifiers, SequentialIdentifiers
from benchmarks.databases import Database, Databases
from benchmarks.environment import serve_muster
from benchmarks.load_generator import SAVE, send_batches
from benchmarks.machine import describe_machine
from benchmarks.progress import print_progress
from benchmarks.scaling import measure_rows
from benchmarks.scaling.bodies import build_bodies, list_examples
from benchmarks.scaling.cost_meter import CostMeter
from benchmarks.scaling.figures import FIGURES, BatchCost, Figures, LookUpCost, RandomWrites, RowCost, TableSize
from benchmarks.scaling.measure_batches import FULL_COUNTS, NEW_COUNTS, BatchMeasurements, measure_decoding
from benchmarks.service import Service
from muster.records.retention import RetentionKind

SEED: Final = 20_261_126
WORKERS: Final = 2
STORED: Final = (10_000, 100_000, 1_000_000)
_CLIENTS: Final = 8
_RANDOM_WRITES: Final = 20_000
_UPDATES: Final = 20_000
# What migrations do to a table of customers.
_STATEMENTS: Final = {
    "index on two columns of `communications`": "CREATE INDEX trial ON communications (batch_id, business_unit)",
    "count of customers by batch (migration 0009)": (
        "CREATE TABLE trial AS SELECT batch_id, business_unit, count(*) FROM communications GROUP BY 1, 2"
    ),
    "nullable column added to `customers`": "ALTER TABLE customers ADD COLUMN trial text",
}


class ScalingMeasurements:
    """One run. `scale` divides the numbers of customers, for a trial run."""

    def __init__(self, databases: Databases, directory: Path, scale: int) -> None:
        self._databases = databases
        self._postgres = databases.postgres
        self._directory = directory
        self._scale = scale
        self._identifiers = RandomIdentifiers(SEED)
        self._batches: list[BatchCost] = []
        self._tables: list[TableSize] = []
        self._look_ups: list[LookUpCost] = []
        self._writes: list[RandomWrites] = []
        self._rows: list[RowCost] = []
        self._worker_bytes = (0, 0)
        self._connections = 0

    def run(self) -> Figures:
        flush = measure_rows.measure_flush(self._directory / "flush")
        self._measure_full()
        self._measure_sqlite()
        self._measure_postgres()
        return Figures(
            describe_machine(self._postgres.version),
            measure_decoding(self._identifiers),
            self._batches,
            self._tables,
            self._look_ups,
            self._writes,
            self._rows,
            flush,
            self._worker_bytes,
            self._connections,
        )

    def _measure_full(self) -> None:
        for kind in ("PostgreSQL", "SQLite"):
            with self._databases.new(kind) as database, serve_muster(database, WORKERS) as service:
                batches = self._build(kind, database, service)
                batches.fill(1_000, 100)
                self._batches += batches.measure_new("full", self._reduce(FULL_COUNTS), 1)
                self._tables += self._read_shape(kind, database, "full customers")
            print_progress(f"full customers on {kind}")

    def _measure_sqlite(self) -> None:
        with self._databases.new("SQLite") as database, serve_muster(database, 1) as service:
            batches = self._build("SQLite", database, service)
            for stored in STORED[1:]:
                if stored == STORED[-1]:
                    self._batches += batches.measure_new("new", self._reduce(NEW_COUNTS))
                batches.fill(max(stored // self._scale - database.count_rows(), 1))
                self._tables += self._read_shape("SQLite", database, f"{stored:,} customers")
        print_progress("SQLite")

    def _measure_postgres(self) -> None:
        with self._databases.new("PostgreSQL") as database:
            self._postgres.run(self._postgres.url, "ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()")
            with serve_muster(database, WORKERS) as service:
                idle = _read_worker_bytes(service)
                batches = self._build("PostgreSQL", database, service)
                self._measure_growth(database, batches)
                self._measure_random_writes(database, batches)
                self._measure_other_jobs(database, batches)
                self._connections = self._count_connections(database, service)
                self._worker_bytes = idle, _read_worker_bytes(service)
            self._measure_removal(database)

    def _measure_growth(self, database: Database, batches: BatchMeasurements) -> None:
        for stored in STORED:
            if stored == STORED[-1]:
                self._batches += batches.measure_new("new", self._reduce(NEW_COUNTS))
            pairs = batches.fill(max(stored // self._scale - database.count_rows(), 2_000))
            count = database.count_rows()
            self._look_ups.append(measure_rows.measure_look_up(database.url, pairs, count))
            self._read_sizes(database, {"customers", "communications", "batches", "batch_units"})
            print_progress(f"{count:,} customers on PostgreSQL")
        meter = self._build_meter(database)
        self._rows.append(measure_rows.measure_vacuum(database.url, meter, database.count_rows()))
        for operation, statement in _STATEMENTS.items():
            count = database.count_rows()
            self._rows.append(measure_rows.measure_statement(database.url, meter, operation, statement, count))
        self._rows.append(measure_rows.measure_audit(database.url, meter, 2_000 // self._scale))
        target = self._postgres.create()
        pid = self._postgres.pid
        self._rows += measure_rows.measure_dump(database.url, target, pid, database.count_rows(), self._directory)
        self._postgres.drop(target)

    def _measure_random_writes(self, database: Database, batches: BatchMeasurements) -> None:
        count = _RANDOM_WRITES // self._scale
        kinds = {"random": self._identifiers, "sequential": SequentialIdentifiers(SEED)}
        for name, identifiers in kinds.items():
            stored, pages = database.count_rows(), measure_rows.count_index_pages(database.url)
            self._postgres.checkpoint()
            cost = batches.measure("new", min(1_000, count), identifiers.take(count))
            self._writes.append(RandomWrites(name, stored, count, pages, cost.wal_bytes, cost.page_images))

    def _measure_other_jobs(self, database: Database, batches: BatchMeasurements) -> None:
        """Most pages that an update changes were already changed since the checkpoint, so few are logged whole."""
        take = self._identifiers.take
        batches.fill(2 * _UPDATES // self._scale)
        pairs = batches.fill(_UPDATES // self._scale)
        for batch in (100, 1_000):
            self._batches.append(batches.measure_updates(pairs, batch))
            rejected = take(40_000 // self._scale)
            self._batches.append(batches.measure("rejected", batch, rejected))
        self._batches.append(batches.measure("new", 1, take(2_000 // self._scale), keys=True))
        batches.measure("closed", 1_000, take(20_000 // self._scale))
        self._read_sizes(database, {"customer_history", "rejections", "rejection_counts", "idempotency_keys"})

    def _measure_removal(self, database: Database) -> None:
        meter = self._build_meter(database)
        kinds = (RetentionKind.KEYS, RetentionKind.REJECTIONS, RetentionKind.RESPONSES, RetentionKind.CLOSED_CUSTOMERS)
        self._rows += [measure_rows.measure_purge(database.url, meter, kind) for kind in kinds]
        self._rows.append(measure_rows.measure_empty_purge(database.url, meter, database.count_rows()))

    def _read_sizes(self, database: Database, tables: Set[str]) -> None:
        self._tables += [size for size in measure_rows.read_table_sizes(database.url, 1) if size.table in tables]

    def _read_shape(self, kind: str, database: Database, name: str) -> list[TableSize]:
        """Bytes per customer of the whole database."""
        rows = database.count_rows()
        if kind == "PostgreSQL":
            sizes = measure_rows.read_table_sizes(database.url, 1)
            heap = sum(size.heap * size.rows for size in sizes)
            indexes = sum(size.indexes * size.rows for size in sizes)
            return [TableSize(kind, name, rows, round(heap / rows, 1), round(indexes / rows, 1))]
        with closing(sqlite3.connect(database.file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return [TableSize(kind, name, rows, round(database.file.stat().st_size / rows, 1), 0)]

    def _build(self, kind: str, database: Database, service: Service) -> BatchMeasurements:
        meter = self._build_meter(database, service.pid) if kind == "PostgreSQL" else CostMeter(service.pid)
        return BatchMeasurements(service, meter, kind, self._identifiers)

    def _build_meter(self, database: Database, service_pid: int | None = None) -> CostMeter:
        return CostMeter(service_pid, self._postgres.pid, database.url)

    def _reduce(self, counts: dict[int, int]) -> dict[int, int]:
        return {batch: max(count // self._scale, batch) for batch, count in counts.items()}

    def _count_connections(self, database: Database, service: Service) -> int:
        """After several clients have saved at a time."""
        bodies = build_bodies(list_examples("new"), self._identifiers.take(_CLIENTS * 10 * 100), 100)
        send_batches(service, SAVE, bodies, _CLIENTS, spread=True)
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'muster'"
        return int(self._postgres.value(database.url, query))


def _read_worker_bytes(service: Service) -> int:
    """Unshared memory of the largest process of the service."""
    processes = psutil.Process(service.pid).children(recursive=True)
    return max(int(process.memory_full_info().uss) for process in processes)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling.measure", description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="divides the numbers of customers, for a trial")
    parser.add_argument("--output", type=Path, default=FIGURES)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    with postgres.run_server() as server, tempfile.TemporaryDirectory(prefix="muster-scaling-") as directory:
        databases = Databases(server, Path(directory))
        figures = ScalingMeasurements(databases, Path(directory), arguments.scale).run()
    arguments.output.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    print(arguments.output)


if __name__ == "__main__":
    main()
