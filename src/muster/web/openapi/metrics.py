"""What the OpenAPI document says of the metrics."""

from typing import Final

from muster.web.openapi.responses import TOO_MANY, failure, refusal
from muster.web.openapi.schemas import JsonSchema

_PATH: Final = "/metrics"
_EXAMPLE: Final = """\
# HELP muster_replayed_total Requests that got the answer of an earlier one
# TYPE muster_replayed_total counter
muster_replayed_total 3.0
"""


def metrics_operation() -> JsonSchema:
    """What stands at the path of the metrics."""
    text = {"schema": {"type": "string"}, "example": _EXAMPLE}
    return {
        "operationId": "metrics",
        "tags": ["Metrics"],
        "summary": "How the service is, for Prometheus",
        "description": "Of all workers. For users with the role `watch` or `admin`.",
        "responses": {
            "200": {"description": "Prometheus' text format, version 0.0.4.", "content": {"text/plain": text}},
            "401": refusal(401, "Unauthorized", "No credentials, or wrong ones.", _PATH),
            "403": refusal(403, "Forbidden", "The user's role may not read the metrics.", _PATH),
            "429": refusal(429, *TOO_MANY, _PATH),
            "500": failure(),
            "503": refusal(503, "Service Unavailable", "Too many requests are waiting.", _PATH),
        },
    }
