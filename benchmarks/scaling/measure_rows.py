"""Measures rows: their size by table, look-ups by the size of the table, and the cost of removing or copying them."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psutil
import psycopg

from benchmarks.customers import RandomIdentifiers
from benchmarks.scaling.cost_meter import CostMeter, read_tree_seconds
from benchmarks.scaling.figures import LookUpCost, RowCost, TableSize
from muster.audit.events import Action, AuditEvent
from muster.records.retention import RetentionKind
from muster.storage import open_storage
from muster.storage.postgres.statements import FIND_KNOWN_IN_UNIT, join_texts

_SIZES: Final = """
SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
_INDEX_PAGES: Final = """
SELECT sum(pg_relation_size(indexrelid)) / 8192 FROM pg_index WHERE indisprimary
AND indrelid IN ('communications'::regclass, 'customers'::regclass)
"""
_LOOK_UPS: Final = 1_000


def read_table_sizes(url: str, min_rows: int) -> list[TableSize]:
    """Tables with at least so many rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        sizes = connection.execute(_SIZES).fetchall()
        found = []
        for table, heap, indexes in sizes:
            [rows] = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,)
            if rows >= min_rows:
                found.append(TableSize("PostgreSQL", table, rows, round(heap / rows, 1), round(indexes / rows, 1)))
        return found


def count_index_pages(url: str) -> int:
    """Pages of the primary keys of numbers and customers."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(_INDEX_PAGES).fetchone()
        assert row is not None
        return int(row[0])


def measure_look_up(url: str, stored: Sequence[tuple[str, str]], customers: int) -> LookUpCost:
    """Pages touched by the query of the service, for identifiers that are not stored and for some that are."""
    unknown = RandomIdentifiers(7).take(_LOOK_UPS)
    with psycopg.connect(url, autocommit=True, options="-c enable_seqscan=off") as connection:
        missing, present = (_count_pages(connection, pairs) for pairs in (unknown, stored[:_LOOK_UPS]))
    return LookUpCost(customers, round(missing, 3), round(present, 3))


def _count_pages(connection: "psycopg.Connection[tuple[object, ...]]", pairs: Sequence[tuple[str, str]]) -> float:
    numbers, ext_ids = zip(*pairs, strict=True)
    parameters = (*join_texts(numbers), *join_texts(ext_ids), "MAIN")
    query = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {FIND_KNOWN_IN_UNIT}".encode()
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]  # type: ignore[index]  # parsed JSON
    return float(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]) / len(pairs)


def measure_purge(url: str, meter: CostMeter, kind: RetentionKind) -> RowCost:
    """Removes all rows of a kind, in this process."""
    now = datetime.now(UTC)
    removed: list[int] = []
    with closing(open_storage(url)) as storage:
        cost = meter.measure(
            lambda: removed.extend(storage.retention.purge(kind, now + timedelta(days=2), now + timedelta(days=9)))
        )
    rows = sum(removed)
    cpu = (cost.client + cost.server) * 1e6 / rows
    return RowCost(f"purge: {kind.meaning}", rows, round(cpu, 2), round(cost.wal_bytes / rows, 1))


def measure_empty_purge(url: str, meter: CostMeter, stored: int) -> RowCost:
    """A purge of closed customers that finds none: what it takes for each customer that stays."""
    now = datetime.now(UTC)
    with closing(open_storage(url)) as storage:
        cost = meter.measure(lambda: list(storage.retention.purge(RetentionKind.CLOSED_CUSTOMERS, now, now)))
    cpu = (cost.client + cost.server) * 1e6 / stored
    return RowCost("purge: customer that stays", stored, round(cpu, 2), round(cost.wal_bytes / stored, 1))


def measure_vacuum(url: str, meter: CostMeter, rows: int) -> RowCost:
    """The first vacuum of new rows, which also freezes them."""

    def vacuum() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (FREEZE, ANALYZE)")

    cost = meter.measure(vacuum)
    return RowCost("vacuum and freeze", rows, round(cost.server * 1e6 / rows, 2), round(cost.wal_bytes / rows, 1))


def measure_statement(url: str, meter: CostMeter, operation: str, statement: str, rows: int) -> RowCost:
    """A statement over so many rows, rolled back."""

    def execute() -> None:
        with psycopg.connect(url) as connection:
            connection.execute("SET max_parallel_maintenance_workers = 0")
            connection.execute(statement.encode())
            connection.rollback()

    cost = meter.measure(execute)
    return RowCost(operation, rows, round(cost.server * 1e6 / rows, 2), round(cost.wal_bytes / rows, 1))


def measure_audit(url: str, meter: CostMeter, entries: int) -> RowCost:
    """Entries for customers that somebody reads, one after the other."""

    def append() -> None:
        for number in range(entries):
            storage.audit.append(
                AuditEvent("a user", Action.CUSTOMER_READ, f"MAIN c-{number}", {"credential": "token"})
            )

    with closing(open_storage(url)) as storage:
        append()
        cost = meter.measure(append)
    cpu = (cost.client + cost.server) * 1e6 / entries
    return RowCost("entry of the audit log", entries, round(cpu, 2), round(cost.wal_bytes / entries, 1))


def measure_dump(url: str, restored_url: str, server_pid: int, rows: int, directory: Path) -> list[RowCost]:
    """A dump with pg_dump and its restore into an empty database; CPU times of tool and server."""
    file, tools = directory / "muster.dump", Path(psutil.Process(server_pid).exe()).parent
    dump: list[str | Path] = [tools / "pg_dump", "--format=custom", f"--file={file}", url]
    restore: list[str | Path] = [
        tools / "pg_restore",
        f"--dbname={restored_url}",
        "--exit-on-error",
        "--no-owner",
        file,
    ]
    size = 0
    found = []
    commands = {"pg_dump": dump, "pg_restore": restore}
    for operation, command in commands.items():
        before = read_tree_seconds(server_pid) + _read_children_seconds()
        subprocess.run(command, check=True)
        cpu = read_tree_seconds(server_pid) + _read_children_seconds() - before
        size = size or file.stat().st_size
        found.append(RowCost(operation, rows, round(cpu * 1e6 / rows, 2), 0, round(size / rows, 1)))
    return found


def _read_children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def measure_flush(file: Path, count: int = 400) -> tuple[float, float]:
    """Seconds of an fdatasync after a page was written: the fastest tenth, and the median."""
    seconds = []
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY)
    try:
        for index in range(count):
            os.pwrite(descriptor, bytes(8192), index * 8192)
            before = time.perf_counter()
            (os.fdatasync if sys.platform == "linux" else os.fsync)(descriptor)
            seconds.append(time.perf_counter() - before)
    finally:
        os.close(descriptor)
        file.unlink()
    ordered = sorted(seconds)
    return round(ordered[count // 10], 6), round(ordered[count // 2], 6)
