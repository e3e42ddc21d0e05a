"""The metrics: one row each, from which what is counted, the reference page and the test of the dashboard are derived.

Names follow Prometheus: the unit stands in them, and what only grows ends with `_total`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """`unit` is what a value is a number of. `buckets` are the upper bounds of a histogram, in that unit.

    A gauge is the sum over the workers that live or, with `largest`, the largest of theirs.
    """

    name: str
    kind: MetricKind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    largest: bool = False


# A batch of one takes some milliseconds, the largest some ten seconds, and a request is given up after minutes.
_REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
# A stage of a batch of one takes some 10 µs.
_STAGE_BUCKETS: Final = (0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10, 60)
_BATCH_BUCKETS: Final = (0, 1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)

REQUESTS: Final = Metric(
    "muster_requests_total", MetricKind.COUNTER, "requests", "Requests that are over", ("method", "route", "status")
)
REQUEST_SECONDS: Final = Metric(
    "muster_request_seconds",
    MetricKind.HISTOGRAM,
    "seconds",
    "From the head of a request to the end of its answer, bodies on slow lines included",
    ("route",),
    _REQUEST_BUCKETS,
)
BODY_BYTES: Final = Metric(
    "muster_body_bytes_total",
    MetricKind.COUNTER,
    "bytes",
    "Bytes of bodies that were received, as they came over the wire",
)
CUSTOMERS: Final = Metric(
    "muster_customers_total",
    MetricKind.COUNTER,
    "customers",
    "Customers that were judged, each by the first error of its answer; replays are not counted again",
    ("endpoint", "result", "code"),
)
BATCH_CUSTOMERS: Final = Metric(
    "muster_batch_customers",
    MetricKind.HISTOGRAM,
    "customers",
    "Customers of a batch that was judged",
    buckets=_BATCH_BUCKETS,
)
STAGE_SECONDS: Final = Metric(
    "muster_stage_seconds",
    MetricKind.HISTOGRAM,
    "seconds",
    "What a stage of the intake took for a batch, also where it failed",
    ("stage",),
    _STAGE_BUCKETS,
)
IDEMPOTENT_REPLAYS: Final = Metric(
    "muster_replayed_total",
    MetricKind.COUNTER,
    "requests",
    "Requests that got the answer which an earlier one with the same Idempotency-Key had got",
)
AUTH_FAILURES: Final = Metric(
    "muster_wrong_credentials_total",
    MetricKind.COUNTER,
    "requests",
    "Requests with credentials that are not valid; those that were not looked at (status 429) are not among them",
)
INTERNAL_ERRORS: Final = Metric(
    "muster_failures_total",
    MetricKind.COUNTER,
    "failures",
    "Exceptions that nobody expected; each has an event `failure` in the log",
)
POOL_THREADS: Final = Metric("muster_pool_threads", MetricKind.GAUGE, "threads", "Threads of a pool", ("pool",))
POOL_BUSY: Final = Metric(
    "muster_pool_threads_busy", MetricKind.GAUGE, "threads", "Threads of a pool that are at work", ("pool",)
)
POOL_SLOTS: Final = Metric(
    "muster_pool_places",
    MetricKind.GAUGE,
    "requests",
    "Requests that a pool can hold, with a thread or waiting; one more is a 503",
    ("pool",),
)
POOL_SLOTS_IN_USE: Final = Metric(
    "muster_pool_places_taken",
    MetricKind.GAUGE,
    "requests",
    "Requests that a pool holds: at work, waiting for a thread, or still sending a large body",
    ("pool",),
)
POOL_WAITING: Final = Metric(
    "muster_pool_requests_waiting", MetricKind.GAUGE, "requests", "Requests that wait for a thread of a pool", ("pool",)
)
DB_CONNECTIONS: Final = Metric(
    "muster_database_connections", MetricKind.GAUGE, "connections", "Connections to the database that are in use"
)
DB_CONNECTIONS_MAX: Final = Metric(
    "muster_database_connections_max", MetricKind.GAUGE, "connections", "Connections to the database that may be in use"
)
WORKERS: Final = Metric("muster_workers", MetricKind.GAUGE, "workers", "Worker processes that serve")
WORKER_START: Final = Metric(
    "muster_worker_start_time_seconds",
    MetricKind.GAUGE,
    "seconds",
    "When the youngest worker began, in Unix time; it changes when a worker was replaced",
    largest=True,
)
BUILD: Final = Metric("muster_build_info", MetricKind.GAUGE, "1", "Always 1", ("version",), largest=True)

METRICS: Final = (
    REQUESTS,
    REQUEST_SECONDS,
    BODY_BYTES,
    CUSTOMERS,
    BATCH_CUSTOMERS,
    STAGE_SECONDS,
    IDEMPOTENT_REPLAYS,
    AUTH_FAILURES,
    INTERNAL_ERRORS,
    POOL_THREADS,
    POOL_BUSY,
    POOL_SLOTS,
    POOL_SLOTS_IN_USE,
    POOL_WAITING,
    DB_CONNECTIONS,
    DB_CONNECTIONS_MAX,
    WORKERS,
    WORKER_START,
    BUILD,
)

LABELS: Final = {
    "method": "the method, `other` for those that HTTP itself does not know",
    "route": "the template of the route, `unknown` where nothing is served, or not with that method",
    "status": "the status of the answer, `0` where there was nobody left to answer",
    "endpoint": "`validate` or `submit`",
    "result": "`accepted` or `rejected`",
    "code": "the `errorCode` of a rejected customer; empty for an accepted one",
    "stage": "`decode`, `check`, `judge` (with the look-ups) or `save`",
    "pool": "`work` for batches and records, `aside` for health and classifiers, `watch` for these metrics",
    "version": "the version of muster",
}
