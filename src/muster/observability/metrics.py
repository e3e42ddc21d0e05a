"""The table of metrics. The registry, the reference page and the test of the dashboard are derived from it.

Names follow Prometheus: they hold the unit, and those of counters end with `_total`.
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
    """A metric. `buckets` are the upper bounds of a histogram, in `unit`.

    A gauge is the sum over the running workers or, with `is_maximum`, the maximum.
    """

    name: str
    kind: MetricKind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    is_maximum: bool = False


# A batch of one takes a few milliseconds, the largest some ten seconds, and clients give up after minutes.
_REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
# A stage of a batch of one takes some 10 µs.
_STAGE_BUCKETS: Final = (0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10, 60)
_BATCH_BUCKETS: Final = (0, 1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)

REQUESTS: Final = Metric(
    "muster_requests_total", MetricKind.COUNTER, "requests", "Finished requests", ("method", "route", "status")
)
REQUEST_DURATION: Final = Metric(
    "muster_request_duration_seconds",
    MetricKind.HISTOGRAM,
    "seconds",
    "Time from the header of a request to the end of its response; includes the transfer of both bodies",
    ("route",),
    _REQUEST_BUCKETS,
)
BODY_BYTES: Final = Metric(
    "muster_request_body_bytes_total",
    MetricKind.COUNTER,
    "bytes",
    "Bytes of request bodies, as sent over the wire",
)
CUSTOMERS: Final = Metric(
    "muster_customers_total",
    MetricKind.COUNTER,
    "customers",
    "Customers of processed batches, by the first error of each; a replayed batch is not counted again",
    ("endpoint", "result", "code"),
)
WARNINGS: Final = Metric(
    "muster_warnings_total",
    MetricKind.COUNTER,
    "warnings",
    "Warnings of processed batches, which reject nothing; a replayed batch is not counted again",
    ("endpoint", "code"),
)
BATCH_CUSTOMERS: Final = Metric(
    "muster_batch_customers",
    MetricKind.HISTOGRAM,
    "customers",
    "Customers per processed batch",
    buckets=_BATCH_BUCKETS,
)
STAGE_DURATION: Final = Metric(
    "muster_stage_duration_seconds",
    MetricKind.HISTOGRAM,
    "seconds",
    "Time that a stage of the intake took for one batch; failed batches are included",
    ("stage",),
    _STAGE_BUCKETS,
)
IDEMPOTENT_REPLAYS: Final = Metric(
    "muster_idempotent_replays_total",
    MetricKind.COUNTER,
    "requests",
    "Requests that got the stored response of an earlier request with the same Idempotency-Key",
)
LOST_COMMITS: Final = Metric(
    "muster_lost_commits_total",
    MetricKind.COUNTER,
    "commits",
    "Commits of batches whose answer from the database was lost, by what the service found out about them",
    ("outcome",),
)
AUTH_FAILURES: Final = Metric(
    "muster_auth_failures_total",
    MetricKind.COUNTER,
    "requests",
    "Requests with invalid credentials; requests that the login throttle refused (status 429) are not included",
)
INTERNAL_ERRORS: Final = Metric(
    "muster_internal_errors_total",
    MetricKind.COUNTER,
    "errors",
    "Unexpected exceptions; each one is logged as the event `internal_error`",
)
LOADS: Final = Metric(
    "muster_loads_total",
    MetricKind.COUNTER,
    "loads",
    "Loads of files that this service brought to their end",
    ("state",),
)
LOAD_ROWS: Final = Metric(
    "muster_load_rows_total",
    MetricKind.COUNTER,
    "rows",
    "Rows of files that loads have saved, refused or, in a dry run, judged",
    ("mode", "result"),
)
LOADS_RUNNING: Final = Metric("muster_loads_running", MetricKind.GAUGE, "loads", "Loads that run in this service")
LOADS_WAITING: Final = Metric(
    "muster_loads_waiting",
    MetricKind.GAUGE,
    "loads",
    "Loads in the database that wait for a worker of any node, as of the last 15 seconds",
    is_maximum=True,
)
LOAD_CHECKPOINT_AGE: Final = Metric(
    "muster_load_checkpoint_age_seconds",
    MetricKind.GAUGE,
    "seconds",
    "Time since the last chunk of the running load that has waited longest for one; 0 when none runs",
    is_maximum=True,
)
POOL_THREADS: Final = Metric("muster_pool_threads", MetricKind.GAUGE, "threads", "Threads of a pool", ("pool",))
POOL_BUSY: Final = Metric(
    "muster_pool_threads_busy", MetricKind.GAUGE, "threads", "Threads of a pool that are working", ("pool",)
)
POOL_SLOTS: Final = Metric(
    "muster_pool_slots",
    MetricKind.GAUGE,
    "requests",
    "Requests that a pool admits, running or queued; the next one gets status 503",
    ("pool",),
)
POOL_SLOTS_IN_USE: Final = Metric(
    "muster_pool_slots_in_use",
    MetricKind.GAUGE,
    "requests",
    "Requests that a pool has admitted: running, queued, or still sending a large body",
    ("pool",),
)
POOL_WAITING: Final = Metric(
    "muster_pool_requests_waiting", MetricKind.GAUGE, "requests", "Requests that wait for a thread of a pool", ("pool",)
)
DB_CONNECTIONS: Final = Metric(
    "muster_database_connections", MetricKind.GAUGE, "connections", "Connections to the database in use"
)
DB_CONNECTIONS_MAX: Final = Metric(
    "muster_database_connections_max", MetricKind.GAUGE, "connections", "Upper limit of connections to the database"
)
REPLICA_LAG: Final = Metric(
    "muster_read_replica_lag_seconds",
    MetricKind.GAUGE,
    "seconds",
    "Age of the data of the read replica, at most; 0 without one",
    is_maximum=True,
)
WORKERS: Final = Metric("muster_workers", MetricKind.GAUGE, "workers", "Running worker processes")
WORKER_START: Final = Metric(
    "muster_worker_start_time_seconds",
    MetricKind.GAUGE,
    "seconds",
    "Start of the youngest worker, in Unix time; it changes when a worker is replaced",
    is_maximum=True,
)
BUILD: Final = Metric("muster_build_info", MetricKind.GAUGE, "1", "Always 1", ("version",), is_maximum=True)

METRICS: Final = (
    REQUESTS,
    REQUEST_DURATION,
    BODY_BYTES,
    CUSTOMERS,
    WARNINGS,
    BATCH_CUSTOMERS,
    STAGE_DURATION,
    IDEMPOTENT_REPLAYS,
    LOST_COMMITS,
    AUTH_FAILURES,
    INTERNAL_ERRORS,
    LOADS,
    LOAD_ROWS,
    LOADS_RUNNING,
    LOADS_WAITING,
    LOAD_CHECKPOINT_AGE,
    POOL_THREADS,
    POOL_BUSY,
    POOL_SLOTS,
    POOL_SLOTS_IN_USE,
    POOL_WAITING,
    DB_CONNECTIONS,
    DB_CONNECTIONS_MAX,
    REPLICA_LAG,
    WORKERS,
    WORKER_START,
    BUILD,
)

LABELS: Final = {
    "method": "the method; `other` for a method that HTTP does not define",
    "route": "the template of the route; `unknown` where no route takes the path and the method",
    "status": "the status of the response; `0` when the client had disconnected before it",
    "endpoint": "`validate` or `submit`",
    "result": "`accepted` or `rejected`; of rows `accepted` or `refused`",
    "state": "`completed`, `failed` or `cancelled`",
    "mode": "`load` or `dry_run`",
    "code": "the `errorCode` of a rejected customer, or the code of a warning; empty for an accepted customer",
    "stage": "`decode`, `check`, `decide` (with the look-ups) or `save`",
    "outcome": "`saved` (the client got a 200), `not_saved` or `unknown`",
    "pool": "`work` for batches and records, `files` for the files of loads, `console` for its pages, `provider` for "
    "sign-ins at an OpenID provider, `public` for health and classifiers, `metrics` for scrapes",
    "version": "the version of muster",
}
