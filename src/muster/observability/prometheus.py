"""The metrics of one process, as the table in `muster.observability.metrics` lists them.

An error while counting must not fail a request or a batch, so it is only logged.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from muster.customer.error_order import ERROR_CODES
from muster.customer.warnings import WARNING_CODES
from muster.intake.customer_store import CommitOutcome
from muster.intake.stage_timings import STAGES, StageTimings
from muster.observability import metrics as table
from muster.observability import multiprocess
from muster.observability.logs import log_errors
from muster.observability.metrics import METRICS, Metric, MetricKind
from muster.observability.requests import METHODS, BatchOutcome, RequestSummary

CONTENT_TYPE: Final = "text/plain; version=0.0.4"  # Litestar adds the charset

_CLASSES: Final[Mapping[MetricKind, Any]] = {
    MetricKind.COUNTER: Counter,
    MetricKind.GAUGE: Gauge,
    MetricKind.HISTOGRAM: Histogram,
}

# The creation time of each series would double their number, and nothing reads it.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library is not typed


class ObservedLoad(Protocol):
    """How busy a thread pool is at one moment."""

    @property
    def busy(self) -> int: ...

    @property
    def waiting(self) -> int: ...

    @property
    def slots_in_use(self) -> int: ...


class ObservedPool(Protocol):
    @property
    def threads(self) -> int: ...

    @property
    def slots(self) -> int: ...

    def read_load(self) -> ObservedLoad: ...


class ObservedConnections(Protocol):
    """The use of the connection pool of the database at one moment."""

    @property
    def in_use(self) -> int: ...

    @property
    def maximum(self) -> int: ...

    @property
    def replica_lag_seconds(self) -> float: ...


class ObservedLoads(Protocol):
    """The loads of this process at one moment."""

    @property
    def running(self) -> int: ...

    @property
    def waiting(self) -> int: ...

    @property
    def checkpoint_age_seconds(self) -> float: ...


@dataclass(frozen=True, slots=True)
class NoLoads:
    """The loads of a process that runs none."""

    running: int = 0
    waiting: int = 0
    checkpoint_age_seconds: float = 0.0


class MetricsRegistry:
    """The metrics of one application. Thread-safe.

    Gauges are read from `pools` and `read_connections` at scrape time, so they cost a request nothing.
    """

    def __init__(self, pools: Mapping[str, ObservedPool], read_connections: Callable[[], ObservedConnections]) -> None:
        self._pools = pools
        self._read_connections = read_connections
        self._read_loads: Callable[[], ObservedLoads] = NoLoads
        self._registry = CollectorRegistry()
        self._collectors = {metric: _build_collector(metric, self._registry) for metric in METRICS}
        self._series: dict[tuple[str, ...], Any] = {}
        directory = multiprocess.get_directory()
        self.is_shared = directory is not None
        self._exposed = CollectorRegistry() if self.is_shared else self._registry
        if self.is_shared:
            MultiProcessCollector(self._exposed, directory)  # type: ignore[no-untyped-call]  # the library is not typed
        self._initialize()

    @log_errors("metrics")
    def record_request(self, request: RequestSummary) -> None:
        """Counts a finished request."""
        route = request.route or "unknown"
        method = request.method if request.method in METHODS else "other"
        self._get_series(table.REQUESTS, method, route, str(request.status)).inc()
        self._get_series(table.REQUEST_DURATION, route).observe(request.duration_ns / 1e9)
        if request.bytes_received:
            self._get_series(table.BODY_BYTES).inc(request.bytes_received)
        if request.is_failed_login:
            self._get_series(table.AUTH_FAILURES).inc()
        if request.has_internal_error:
            self.record_internal_error()

    @log_errors("metrics")
    def record_stages(self, stages: StageTimings) -> None:
        """Counts the durations of the stages of one batch, processed or failed."""
        for name, stage in stages:
            self._get_series(table.STAGE_DURATION, name).observe(stage.ns / 1e9)

    @log_errors("metrics")
    def record_batch(self, batch: BatchOutcome, *, save: bool) -> None:
        """Counts the customers of a processed batch."""
        if batch.is_replay:
            self._get_series(table.IDEMPOTENT_REPLAYS).inc()
            return
        endpoint = "submit" if save else "validate"
        self._get_series(table.BATCH_CUSTOMERS).observe(batch.accepted + batch.rejected)
        self._get_series(table.CUSTOMERS, endpoint, "accepted", "").inc(batch.accepted)
        for code, count in batch.rejected_by_code.items():
            self._get_series(table.CUSTOMERS, endpoint, "rejected", code).inc(count)
        for code, count in batch.warnings_by_code.items():
            self._get_series(table.WARNINGS, endpoint, code).inc(count)

    @log_errors("metrics")
    def record_lost_commit(self, outcome: CommitOutcome) -> None:
        """Counts a commit whose answer was lost."""
        self._get_series(table.LOST_COMMITS, outcome.value).inc()

    @log_errors("metrics")
    def record_load_rows(self, *, dry_run: bool, accepted: int, refused: int) -> None:
        """Counts the rows of one chunk of a load."""
        mode = "dry_run" if dry_run else "load"
        self._get_series(table.LOAD_ROWS, mode, "accepted").inc(accepted)
        self._get_series(table.LOAD_ROWS, mode, "refused").inc(refused)

    @log_errors("metrics")
    def record_load(self, state: str) -> None:
        """Counts a load that has ended."""
        self._get_series(table.LOADS, state).inc()

    def observe_loads(self, read_loads: Callable[[], ObservedLoads]) -> None:
        """Reads the gauges of loads with this function from now on."""
        self._read_loads = read_loads
        self.write_gauges()

    @log_errors("metrics")
    def record_internal_error(self) -> None:
        """Counts an unexpected exception."""
        self._get_series(table.INTERNAL_ERRORS).inc()

    def render(self) -> bytes:
        """All series as text for Prometheus (`CONTENT_TYPE`); those of all workers when there are several."""
        self.write_gauges()
        return generate_latest(self._exposed)

    @log_errors("metrics")
    def write_gauges(self) -> None:
        """Writes the current load of this worker."""
        for name, pool in self._pools.items():
            load = pool.read_load()
            self._get_series(table.POOL_BUSY, name).set(load.busy)
            self._get_series(table.POOL_WAITING, name).set(load.waiting)
            self._get_series(table.POOL_SLOTS_IN_USE, name).set(load.slots_in_use)
        connections = self._read_connections()
        self._get_series(table.DB_CONNECTIONS).set(connections.in_use)
        self._get_series(table.REPLICA_LAG).set(connections.replica_lag_seconds)
        loads = self._read_loads()
        self._get_series(table.LOADS_RUNNING).set(loads.running)
        self._get_series(table.LOADS_WAITING).set(loads.waiting)
        self._get_series(table.LOAD_CHECKPOINT_AGE).set(loads.checkpoint_age_seconds)

    def _initialize(self) -> None:
        """Sets the constants, and starts at 0 the series whose increase alerts watch.

        Prometheus does not see the first step of a series that begins with it. Customers rejected by each code are 234
        series: 1.7 ms of a scrape, and 0.6 ms more for each worker. They are worth it, because the first night of a
        code may be the one on which it rejects everything.
        """
        for name, pool in self._pools.items():
            self._get_series(table.POOL_THREADS, name).set(pool.threads)
            self._get_series(table.POOL_SLOTS, name).set(pool.slots)
        self._get_series(table.DB_CONNECTIONS_MAX).set(self._read_connections().maximum)
        self._get_series(table.WORKERS).set(1)
        self._get_series(table.WORKER_START).set(time.time())
        self._get_series(table.BUILD, version("muster")).set(1)
        for endpoint in ("validate", "submit"):
            self._get_series(table.CUSTOMERS, endpoint, "accepted", "")
            for code in ERROR_CODES:
                self._get_series(table.CUSTOMERS, endpoint, "rejected", code)
            for code in WARNING_CODES:
                self._get_series(table.WARNINGS, endpoint, code)
        for outcome in CommitOutcome:
            self._get_series(table.LOST_COMMITS, outcome.value)
        for state in ("completed", "failed", "cancelled"):
            self._get_series(table.LOADS, state)
        for mode in ("load", "dry_run"):
            for result in ("accepted", "refused"):
                self._get_series(table.LOAD_ROWS, mode, result)
        for stage in STAGES:
            self._get_series(table.STAGE_DURATION, stage)
        self.write_gauges()

    def _get_series(self, metric: Metric, *labels: str) -> Any:
        """The series of a metric with these label values. Cached, because the library's look-up takes 1 µs."""
        key = metric.name, *labels
        series = self._series.get(key)
        if series is None:
            collector = self._collectors[metric]
            series = self._series[key] = collector.labels(*labels) if labels else collector
        return series


def _build_collector(metric: Metric, registry: CollectorRegistry) -> Any:
    options: dict[str, Any] = {}
    if metric.kind is MetricKind.HISTOGRAM:
        options["buckets"] = metric.buckets
    if metric.kind is MetricKind.GAUGE:
        options["multiprocess_mode"] = "livemax" if metric.is_maximum else "livesum"
    return _CLASSES[metric.kind](metric.name, metric.meaning, metric.labels, registry=registry, **options)
