"""What the service counts, as `muster.observability.metrics` lists it.

Nothing here may cost a request its answer or a batch its place: what goes wrong with counting is a line in the log.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, Final

from litestar.types import Scope
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from muster.customer.error_order import ERROR_CODES
from muster.intake.stage_timings import STAGES, StageTimings
from muster.observability import metrics as rows
from muster.observability import multiprocess
from muster.observability.metrics import METRICS, Metric, MetricKind
from muster.observability.observers import log_errors
from muster.web.ports import Connections, IntakeResultProtocol
from muster.web.request_context import RequestContext
from muster.web.thread_pool import ThreadPool

MEDIA_TYPE: Final = "text/plain; version=0.0.4"  # Litestar adds the charset
# How often a worker among several writes down how it is; the one that is asked does so at once.
REFRESH_SECONDS: Final = 1.0

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_MAKERS: Final[Mapping[MetricKind, Any]] = {
    MetricKind.COUNTER: Counter,
    MetricKind.GAUGE: Gauge,
    MetricKind.HISTOGRAM: Histogram,
}

# When each series began: it would double their number, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class MetricsRegistry:
    """The metrics of one application. Threads may share it.

    `pools` and `connections` are looked at when they are asked for, so that a request costs nothing for them.
    """

    def __init__(self, pools: Mapping[str, ThreadPool], connections: Callable[[], Connections]) -> None:
        self._pools = pools
        self._connections = connections
        self._registry = CollectorRegistry()
        self._made = {metric: _make(metric, self._registry) for metric in METRICS}
        self._series: dict[tuple[str, ...], Any] = {}
        directory = multiprocess.get_directory()
        self.is_shared = directory is not None
        self._told = CollectorRegistry() if self.is_shared else self._registry
        if self.is_shared:
            MultiProcessCollector(self._told, directory)  # type: ignore[no-untyped-call]
        self._begin()

    @log_errors("metrics")
    def request(self, exchange: RequestContext, scope: Scope) -> None:
        """Counts a request that is over."""
        route = scope.get("path_template") or "unknown"
        method = exchange.method if exchange.method in METHODS else "other"
        self._of(rows.REQUESTS, method, route, str(exchange.status)).inc()
        self._of(rows.REQUEST_SECONDS, route).observe(exchange.milliseconds / 1000)
        if exchange.bytes_in:
            self._of(rows.BODY_BYTES).inc(exchange.bytes_in)
        if exchange.wrong_credentials:
            self._of(rows.AUTH_FAILURES).inc()
        if exchange.failed:
            self.failure()

    @log_errors("metrics")
    def stages(self, stages: StageTimings) -> None:
        """Counts what the stages of one intake took, whatever became of it."""
        for name, stage in stages:
            self._of(rows.STAGE_SECONDS, name).observe(stage.ns / 1e9)

    @log_errors("metrics")
    def judged(self, answer: IntakeResultProtocol, *, save: bool) -> None:
        """Counts the customers of a batch that was judged."""
        if answer.replayed:
            self._of(rows.IDEMPOTENT_REPLAYS).inc()
            return
        endpoint = "submit" if save else "validate"
        self._of(rows.BATCH_CUSTOMERS).observe(answer.accepted + answer.rejected)
        self._of(rows.CUSTOMERS, endpoint, "accepted", "").inc(answer.accepted)
        for code, count in answer.codes.items():
            self._of(rows.CUSTOMERS, endpoint, "rejected", code).inc(count)

    @log_errors("metrics")
    def failure(self) -> None:
        """Counts an exception that nobody expected."""
        self._of(rows.INTERNAL_ERRORS).inc()

    def text(self) -> bytes:
        """All of it as Prometheus reads it, `MEDIA_TYPE`. Of all workers, when there are several."""
        self.look()
        return generate_latest(self._told)

    @log_errors("metrics")
    def look(self) -> None:
        """Writes down how busy this worker is."""
        for name, pool in self._pools.items():
            load = pool.load()
            self._of(rows.POOL_BUSY, name).set(load.busy)
            self._of(rows.POOL_WAITING, name).set(load.waiting)
            self._of(rows.POOL_SLOTS_IN_USE, name).set(load.taken)
        self._of(rows.DB_CONNECTIONS).set(self._connections().in_use)

    async def look_again_and_again(self) -> None:
        """For a worker whose metrics are told by others."""
        while True:
            self.look()
            await asyncio.sleep(REFRESH_SECONDS)

    def _begin(self) -> None:
        """Says what does not change, and begins at 0 what alerts ask the growth of: Prometheus sees no first step.

        Customers rejected by each code are 232 series: 1.7 ms of a scrape, and 0.6 more for each worker. The first
        night on which a code comes may be the one on which everything is rejected for it.
        """
        for name, pool in self._pools.items():
            self._of(rows.POOL_THREADS, name).set(pool.threads)
            self._of(rows.POOL_SLOTS, name).set(pool.places)
        self._of(rows.DB_CONNECTIONS_MAX).set(self._connections().maximum)
        self._of(rows.WORKERS).set(1)
        self._of(rows.WORKER_START).set(time.time())
        self._of(rows.BUILD, version("muster")).set(1)
        for endpoint in ("validate", "submit"):
            self._of(rows.CUSTOMERS, endpoint, "accepted", "")
            for code in ERROR_CODES:
                self._of(rows.CUSTOMERS, endpoint, "rejected", code)
        for stage in STAGES:
            self._of(rows.STAGE_SECONDS, stage)
        self.look()

    def _of(self, metric: Metric, *labels: str) -> Any:
        """The series of a metric with these values of its labels. The library's own way to it takes 1 µs."""
        key = metric.name, *labels
        series = self._series.get(key)
        if series is None:
            made = self._made[metric]
            series = self._series[key] = made.labels(*labels) if labels else made
        return series


def _make(metric: Metric, registry: CollectorRegistry) -> Any:
    more: dict[str, Any] = {}
    if metric.kind is MetricKind.HISTOGRAM:
        more["buckets"] = metric.buckets
    if metric.kind is MetricKind.GAUGE:
        more["multiprocess_mode"] = "livemax" if metric.largest else "livesum"
    return _MAKERS[metric.kind](metric.name, metric.meaning, metric.labels, registry=registry, **more)
