"""The web application: its routes, their dependencies, and the handling around every request."""

import time
from collections.abc import Callable
from typing import Any, Final

from litestar import Litestar, post
from litestar.types import ControllerRouterHandler

from muster.auth.login_throttle import LoginThrottle
from muster.observability.logs import log_request
from muster.observability.prometheus import MetricsRegistry
from muster.observability.requests import RequestSummary
from muster.settings import Settings
from muster.web.app_context import AppContext
from muster.web.authenticator import Authenticator
from muster.web.batches import SUBMIT_PATH, VALIDATE_PATH, BatchHandlers
from muster.web.body import BodyTimeouts
from muster.web.console.provider_sign_in import CALLBACK_PATH
from muster.web.console.routes import build_console_dependencies, build_console_router
from muster.web.dependencies import build_dependencies
from muster.web.encoded_paths import encode_parameter
from muster.web.error_responses import build_error_response, handle_exception
from muster.web.home import HomeHandlers
from muster.web.lifespan import run_lifespan
from muster.web.pools import RequestPools
from muster.web.problems import Problem
from muster.web.readiness import CACHE_SECONDS, READY_SECONDS, ReadinessCheck
from muster.web.request_context import RequestContext
from muster.web.route_templates import RouteTemplates
from muster.web.routes import DOCUMENTED_CONTROLLERS
from muster.web.services import Services
from muster.web.swagger import SwaggerHandlers
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
    context = AppContext(
        services,
        pools,
        MetricsRegistry(pools.by_name, services.read_connections),
        throttle,
        Authenticator(services.credentials, throttle, oidc_verifier=services.oidc_verifier),
        ReadinessCheck(
            services.find_obstacle, pools.public, timeout_seconds=ready_seconds, cache_seconds=ready_cache_seconds
        ),
        body_timeouts or BodyTimeouts(),
    )
    return Application(
        context.metrics,
        record_trace,
        linger or LingerLimits(),
        route_handlers=_build_routes(context, settings),
        dependencies={**build_dependencies(context), **build_console_dependencies(context)},
        lifespan=[lambda app: run_lifespan(context)],
        exception_handlers={Exception: handle_exception},
        openapi_config=None,
        logging_config=None,
        # Set here so that Litestar's environment variables can't: debug responses show values.
        debug=False,
        pdb_on_exception=False,
    )


def _build_routes(context: AppContext, settings: Settings) -> list[ControllerRouterHandler]:
    """All routes. Those that are no part of the API come as a `Router`."""
    batches = BatchHandlers(
        context.services.intake,
        context.authenticator,
        context.pools.work_slots,
        context.metrics,
        max_body_bytes=settings.max_body_bytes,
        body_timeouts=context.body_timeouts,
    )
    return [
        post(VALIDATE_PATH, status_code=200)(batches.validate),
        post(SUBMIT_PATH, status_code=200)(batches.submit),
        *DOCUMENTED_CONTROLLERS,
        build_console_router(),
        SwaggerHandlers,
        HomeHandlers,
    ]


class Application(Litestar):
    """Litestar with a `RequestContext` around every request.

    Litestar's middleware runs behind its router and does not see requests that the router refuses. An exception after
    the start of the response leaves Litestar, and the HTTP server would log its message.
    """

    def __init__(
        self, metrics: MetricsRegistry, record_trace: TraceRecorder | None, linger: LingerLimits, **options: Any
    ) -> None:
        super().__init__(**options)
        self._templates = RouteTemplates(route.path_format for route in self.routes)
        self._linger = linger
        self._metrics = metrics
        self._record_trace = record_trace

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        context = RequestContext(scope, receive, send, self._templates, self._linger)
        transport = context.transport
        try:
            max_length = MAX_CALLBACK_LENGTH if context.path == CALLBACK_PATH else MAX_URL_LENGTH
            if len(context.path) + len(scope["query_string"]) > max_length:
                raise Problem(414, f"the path and the query may have {max_length} characters together")
            scope["path"] = encode_parameter(context.path, scope.get("raw_path"))
            await super().__call__(scope, transport.receive, transport.send)
        except Exception as error:
            response = build_error_response(error, context)
            if not transport.status:
                await response(scope, transport.receive, transport.send)
        finally:
            self._observe(context.summarize())

    def _observe(self, request: RequestSummary) -> None:
        log_request(request, self._record_trace(request) if self._record_trace else None)
        self._metrics.record_request(request)
