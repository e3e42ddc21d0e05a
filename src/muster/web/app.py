"""The web application: its parts, and the handling around every request."""

import time
from collections.abc import Callable
from typing import Any, Final

from litestar import Litestar

from muster.auth.login_throttle import LoginThrottle
from muster.observability.logs import log_request
from muster.observability.prometheus import MetricsRegistry
from muster.observability.requests import RequestSummary
from muster.settings import Settings
from muster.web.app_context import AppContext
from muster.web.authenticator import Authenticator
from muster.web.batches import BatchHandlers
from muster.web.body import BodyTimeouts
from muster.web.console.provider_sign_in import CALLBACK_PATH
from muster.web.encoded_paths import encode_parameter
from muster.web.error_responses import build_error_response
from muster.web.lifespan import run_lifespan
from muster.web.pools import RequestPools
from muster.web.problems import Problem
from muster.web.readiness import CACHE_SECONDS, READY_SECONDS, ReadinessCheck
from muster.web.request_context import RequestContext
from muster.web.router import build_route_templates, build_router
from muster.web.services import Services
from muster.web.transport import LingerLimits

# Litestar's router caches the paths of requests, so their length has a limit.
MAX_URL_LENGTH: Final = 2048
# Providers put a code into the query, and some (Entra ID) one of more than 1,000 characters.
MAX_CALLBACK_LENGTH: Final = 8192

# Records a finished request as a trace, and returns the id of the trace.
TraceRecorder = Callable[[RequestSummary], str | None]


def make_app(
    services: Services,
    settings: Settings,
    record_trace: TraceRecorder | None = None,
    *,
    body_timeouts: BodyTimeouts | None = None,
    linger: LingerLimits | None = None,
    ready_seconds: float = READY_SECONDS,
    ready_cache_seconds: float = CACHE_SECONDS,
) -> "Application":
    """The application on these services. It belongs to one event loop and one run of it.

    The process that serves it must call `configure_logging` first.
    """
    pools, throttle = RequestPools(settings), LoginThrottle(time.monotonic)
    metrics, timeouts = MetricsRegistry(pools.by_name, services.read_connections), body_timeouts or BodyTimeouts()
    credentials, oidc_verifier = services.credentials, services.oidc_verifier
    authenticator = Authenticator(credentials, throttle, oidc_verifier=oidc_verifier)
    context = AppContext(
        services,
        pools,
        metrics,
        throttle,
        authenticator,
        Authenticator(credentials, throttle, oidc_verifier=oidc_verifier, metrics_token=services.metrics_token),
        ReadinessCheck(
            services.find_obstacle, pools.public, timeout_seconds=ready_seconds, cache_seconds=ready_cache_seconds
        ),
        timeouts,
        BatchHandlers(
            services.intake,
            authenticator,
            pools.work_slots,
            metrics,
            max_body_bytes=settings.max_body_bytes,
            body_timeouts=timeouts,
        ),
    )
    return Application(context, record_trace, linger or LingerLimits())


class Application:
    """An ASGI application: the routes of the process, with the contexts of application and request around each request.

    Litestar's middleware runs behind its router and does not see requests that the router refuses. An exception after
    the start of the response leaves Litestar, and the HTTP server would log its message.
    """

    def __init__(self, context: AppContext, record_trace: TraceRecorder | None, linger: LingerLimits) -> None:
        self._context = context
        self._record_trace = record_trace
        self._linger = linger
        self._router = build_router()
        self._templates = build_route_templates()
        # It has no routes: those of the process outlive the services.
        self._lifespan = Litestar(
            lifespan=[lambda _: run_lifespan(context)], openapi_config=None, logging_config=None, debug=False
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        self._context.attach(scope)
        context = RequestContext(scope, receive, send, self._templates, self._linger)
        transport = context.transport
        try:
            max_length = MAX_CALLBACK_LENGTH if context.path == CALLBACK_PATH else MAX_URL_LENGTH
            if len(context.path) + len(scope["query_string"]) > max_length:
                raise Problem(414, f"the path and the query may have {max_length} characters together")
            scope["path"] = encode_parameter(context.path, scope.get("raw_path"))
            await self._router(scope, transport.receive, transport.send)
        except Exception as error:
            response = build_error_response(error, context)
            if not transport.status:
                await response(scope, transport.receive, transport.send)
        finally:
            self._observe(context.summarize())

    def _observe(self, request: RequestSummary) -> None:
        log_request(request, self._record_trace(request) if self._record_trace else None)
        self._context.metrics.record_request(request)
