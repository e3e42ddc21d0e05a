"""What is known of a request when it is over: one value, which the log, the metrics and the traces render."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from muster.intake.stage_timings import StageTimings

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """The result of a batch. `batch_id` is None when nothing was saved.

    `rejected_by_code` counts rejected customers by `errorCode`, and `warnings_by_code` the warnings. Both are empty for
    a replay.
    """

    batch_id: UUID | None
    accepted: int
    rejected: int
    is_replay: bool = False
    rejected_by_code: Mapping[str, int] = field(default_factory=dict)
    warnings: int = 0
    warnings_by_code: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """A finished request. No field holds a customer's data or credentials.

    There is no path, because a path may name a customer.
    """

    method: str
    route: str | None  # the template of the path; None where nothing is served at the path
    status: int  # 0 when the client had disconnected before the response began
    started_ns: int  # of `time.perf_counter_ns`, when the header of the request was complete
    duration_ns: int
    bytes_received: int = 0  # of the body, as sent over the wire
    scheme: str = "http"
    http_version: str = "1.1"
    traceparent: str | None = None  # W3C Trace Context
    user: str | None = None
    is_failed_login: bool = False
    token_rejection: str | None = None
    has_internal_error: bool = False
    batch: BatchOutcome | None = None
    stages: StageTimings | None = None
