"""Reads what a piece of work took: CPU times of all processes, write-ahead log, page accesses, transaction ids."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import psutil
import psycopg

_TICK_SECONDS: Final = 1 / os.sysconf("SC_CLK_TCK")  # of the system's clock of CPU times


@dataclass(frozen=True, slots=True)
class Cost:
    """Totals; CPU times are in seconds."""

    service: float = 0.0
    server: float = 0.0
    client: float = 0.0
    wal_bytes: float = 0.0
    page_images: float = 0.0
    transactions: float = 0.0
    page_accesses: float = 0.0

    def minus(self, other: "Cost") -> "Cost":
        return Cost(*(getattr(self, name) - getattr(other, name) for name in self.__slots__))


_COUNTERS = """
SELECT pg_current_wal_insert_lsn() - '0/0', wal.wal_fpi, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
       data.blks_hit + data.blks_read
FROM pg_stat_wal AS wal, pg_stat_database AS data WHERE data.datname = current_database()
"""
# A backend hands its counters over when it has been idle for ten seconds, and at its end; the service connects again.
_END_BACKENDS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'muster'"


class CostMeter:
    """Measures work in a service and in the PostgreSQL server behind it; SQLite has no server."""

    def __init__(self, service_pid: int | None, server_pid: int | None = None, url: str = "") -> None:
        self._service_pid = service_pid
        self._server_pid = server_pid
        self._url = url

    def measure(self, work: Callable[[], object]) -> Cost:
        """At least a tick of CPU time for each of the two: work that takes nothing would have no limit in the model."""
        before = self._read()
        work()
        cost = self._read().minus(before)
        service = max(cost.service, _TICK_SECONDS) if self._service_pid else 0.0
        server = max(cost.server, _TICK_SECONDS) if self._server_pid else 0.0
        return replace(cost, service=service, server=server)

    def _read(self) -> Cost:
        counters = self._read_counters() if self._url else (0, 0, 0, 0)
        service = read_tree_seconds(self._service_pid) if self._service_pid else 0.0
        server = read_tree_seconds(self._server_pid) if self._server_pid else 0.0
        return Cost(service, server, time.process_time(), *map(float, counters))

    def _read_counters(self) -> tuple[Any, ...]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_END_BACKENDS)
            row = connection.execute(_COUNTERS).fetchone()
            assert row is not None
            return row


def read_tree_seconds(pid: int) -> float:
    """CPU time of a process and its descendants, those that have ended included."""
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
