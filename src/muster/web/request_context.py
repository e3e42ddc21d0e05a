"""The state of one request, from its header to the end of its response."""

import time
from dataclasses import dataclass
from typing import cast

from litestar.types import HTTPScope, Receive, Scope, Send

from muster.intake.stage_timings import StageTimings
from muster.observability.requests import BatchOutcome, RequestSummary
from muster.web.route_templates import RouteTemplates
from muster.web.transport import HttpTransport, LingerLimits

_STATE_KEY = "muster_request_context"


@dataclass(frozen=True, slots=True)
class AuthenticationOutcome:
    """Who sent a request. `token_rejection` says for the log why a token was not accepted."""

    user: str | None
    is_failed_login: bool
    token_rejection: str | None = None


NOT_AUTHENTICATED = AuthenticationOutcome(user=None, is_failed_login=False)


class RequestContext:
    """What the parts of the application tell about a request. Each attribute has one writer.

    `authentication` is set by the authenticator, `stages` and `batch` by the batch endpoints, `has_internal_error`
    by the error responses.
    """

    __slots__ = (
        "_scope",
        "_templates",
        "authentication",
        "batch",
        "has_internal_error",
        "path",
        "stages",
        "started_ns",
        "transport",
    )

    def __init__(
        self, scope: HTTPScope, receive: Receive, send: Send, templates: RouteTemplates, linger: LingerLimits
    ) -> None:
        self._scope = scope
        self._templates = templates
        self.started_ns = time.perf_counter_ns()
        self.path = scope["path"]
        self.transport = HttpTransport(scope, receive, send, linger)
        self.authentication = NOT_AUTHENTICATED
        self.stages: StageTimings | None = None
        self.batch: BatchOutcome | None = None
        self.has_internal_error = False
        scope.setdefault("state", {})[_STATE_KEY] = self

    @classmethod
    def get(cls, scope: Scope) -> "RequestContext":
        """The context of the request with this scope."""
        return cast(RequestContext, scope["state"][_STATE_KEY])

    @property
    def client_address(self) -> str:
        """The IP address of the client; empty on a Unix socket."""
        client = self._scope.get("client")
        return client[0] if client else ""

    @property
    def elapsed_ms(self) -> int:
        """Whole milliseconds since the header of the request was complete."""
        return (time.perf_counter_ns() - self.started_ns) // 1_000_000

    @property
    def route(self) -> str | None:
        """The template of the path; None where nothing is served at the path."""
        template = self._scope.get("path_template")
        if template:
            return template
        # The router sets none for a method that the path does not take.
        return self._templates.find(self._scope["path"]) if self.transport.status == 405 else None

    def find_nearest_route(self) -> str | None:
        """The template that is most similar to a path at which nothing is served."""
        return self._templates.find_nearest(self.path)

    @property
    def method(self) -> str:
        return self._scope["method"]

    def summarize(self) -> RequestSummary:
        """The finished request. Call when the response has ended."""
        scope, authentication = self._scope, self.authentication
        return RequestSummary(
            method=self.method,
            route=self.route,
            status=self.transport.status,
            started_ns=self.started_ns,
            duration_ns=time.perf_counter_ns() - self.started_ns,
            bytes_received=self.transport.bytes_received,
            scheme=scope["scheme"],
            http_version=scope.get("http_version", "1.1"),
            traceparent=_get_traceparent(scope),
            user=authentication.user,
            is_failed_login=authentication.is_failed_login,
            token_rejection=authentication.token_rejection,
            has_internal_error=self.has_internal_error,
            batch=self.batch,
            stages=self.stages,
        )


def _get_traceparent(scope: HTTPScope) -> str | None:
    """The W3C header, when there is exactly one."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"]
    return values[0] if len(values) == 1 else None
