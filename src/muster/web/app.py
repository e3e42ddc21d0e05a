"""The web application: its routes, their dependencies, and the handling around every request."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from litestar import Litestar, post
from litestar.di import Provide

from muster.auth.authorization import READ_AUDIT, READ_CUSTOMERS, READ_METRICS, READ_RECORDS, SUBMIT_LOADS
from muster.auth.login_throttle import LoginThrottle
from muster.observability.loads import LoadEvents
from muster.observability.logs import log_error, log_loop_error, log_request
from muster.observability.multiprocess import refresh_gauges
from muster.observability.prometheus import MetricsRegistry
from muster.observability.requests import RequestSummary
from muster.settings import Settings
from muster.web.access import AccessProvider
from muster.web.authenticator import Authenticator
from muster.web.batches import SUBMIT_PATH, VALIDATE_PATH, BatchHandlers
from muster.web.body import BodyTimeouts
from muster.web.concurrency import ConcurrencyLimiter, WorkerSlots
from muster.web.encoded_paths import encode_parameter
from muster.web.error_responses import build_error_response, handle_exception
from muster.web.home import HomeHandlers
from muster.web.problems import Problem
from muster.web.public import PublicServices
from muster.web.readiness import CACHE_SECONDS, READY_SECONDS, ReadinessCheck
from muster.web.request_context import RequestContext
from muster.web.route_templates import RouteTemplates
from muster.web.routes import DOCUMENTED_CONTROLLERS
from muster.web.services import Services
from muster.web.swagger import SwaggerHandlers
from muster.web.thread_pool import ThreadPool
from muster.web.transport import LingerLimits

# Litestar's router caches the paths of requests, so their length has a limit.
MAX_URL_LENGTH: Final = 2048
# Public endpoints are quick; two of them can wait for the database at a time.
PUBLIC_THREADS: Final = 2
PUBLIC_QUEUE: Final = 64
# Files of loads are sent and fetched here, for hours if need be, so that they take no slot of a batch. A thread stores
# a part of at most 8 MiB, or writes the file of refused rows.
FILE_THREADS: Final = 2
FILE_QUEUE: Final = 30
MAX_FILES_PER_USER: Final = 8
# Scrapes authenticate, which may block, and must work while other pools are saturated; so they have their own pool.
METRICS_THREADS: Final = 1
METRICS_QUEUE: Final = 16

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
    pools = {
        "work": ThreadPool(settings.threads, settings.max_queued_requests),
        "files": ThreadPool(FILE_THREADS, FILE_QUEUE),
        "public": ThreadPool(PUBLIC_THREADS, PUBLIC_QUEUE),
        "metrics": ThreadPool(METRICS_THREADS, METRICS_QUEUE),
    }
    metrics = MetricsRegistry(pools, services.read_connections)
    throttle = LoginThrottle(time.monotonic)
    authenticator, metrics_authenticator = (
        Authenticator(services.credentials, throttle, oidc_verifier=services.oidc_verifier, metrics_token=token)
        for token in (None, services.metrics_token)
    )
    work_slots, metrics_slots = (
        WorkerSlots(pools[name], ConcurrencyLimiter(settings.max_requests_per_user)) for name in ("work", "metrics")
    )
    file_slots = WorkerSlots(pools["files"], ConcurrencyLimiter(MAX_FILES_PER_USER))
    body_timeouts = body_timeouts or BodyTimeouts()
    batches = BatchHandlers(
        services.intake,
        authenticator,
        work_slots,
        metrics,
        max_body_bytes=settings.max_body_bytes,
        body_timeouts=body_timeouts,
    )
    read_audit = services.read_audit
    record_access = AccessProvider(services.records, READ_RECORDS, authenticator, work_slots, read_audit)
    search_access = AccessProvider(services.search, READ_RECORDS, authenticator, work_slots, read_audit)
    customer_access = AccessProvider(services.records, READ_CUSTOMERS, authenticator, work_slots, read_audit)
    audit_pages, audit_exports = (
        AccessProvider(services.audit, READ_AUDIT, authenticator, slots, read_audit)
        for slots in (work_slots, file_slots)
    )
    metrics_access = AccessProvider(metrics, READ_METRICS, metrics_authenticator, metrics_slots)
    readiness = ReadinessCheck(
        services.find_obstacle, pools["public"], timeout_seconds=ready_seconds, cache_seconds=ready_cache_seconds
    )
    public = PublicServices(services.classifiers, readiness, pools["public"])
    return Application(
        metrics,
        record_trace,
        linger or LingerLimits(),
        route_handlers=[
            post(VALIDATE_PATH, status_code=200)(batches.validate),
            post(SUBMIT_PATH, status_code=200)(batches.submit),
            *DOCUMENTED_CONTROLLERS,
            SwaggerHandlers,
            HomeHandlers,
        ],
        dependencies={
            "record_access": Provide(record_access.provide),
            "search_access": Provide(search_access.provide),
            "customer_access": Provide(customer_access.provide),
            "metrics_access": Provide(metrics_access.provide),
            **_provide_loads(services, authenticator, work_slots, file_slots),
            "audit_pages": Provide(lambda: audit_pages, sync_to_thread=False),
            "audit_exports": Provide(lambda: audit_exports, sync_to_thread=False),
            "body_timeouts": Provide(lambda: body_timeouts, sync_to_thread=False),
            "public": Provide(lambda: public, sync_to_thread=False),
        },
        lifespan=[lambda app: _run_lifespan(pools, metrics, services)],
        exception_handlers={Exception: handle_exception},
        openapi_config=None,
        logging_config=None,
        # Set here so that Litestar's environment variables can't: debug responses show values.
        debug=False,
        pdb_on_exception=False,
    )


def _provide_loads(
    services: Services, authenticator: Authenticator, work_slots: WorkerSlots, file_slots: WorkerSlots
) -> dict[str, Provide]:
    loads, read_audit = services.loads, services.read_audit
    changing, uploading = (
        AccessProvider(loads, SUBMIT_LOADS, authenticator, slots) for slots in (work_slots, file_slots)
    )
    reading, downloading = (
        AccessProvider(loads, READ_RECORDS, authenticator, slots, read_audit) for slots in (work_slots, file_slots)
    )
    return {
        "load_access": Provide(reading.provide),
        "load_change_access": Provide(changing.provide),
        "upload_access": Provide(uploading.provide),
        "downloads": Provide(lambda: downloading, sync_to_thread=False),
    }


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
            if len(context.path) + len(scope["query_string"]) > MAX_URL_LENGTH:
                raise Problem(414, f"the path and the query may have {MAX_URL_LENGTH} characters together")
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


@asynccontextmanager
async def _run_lifespan(
    pools: Mapping[str, ThreadPool], metrics: MetricsRegistry, services: Services
) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    previous_handler = loop.get_exception_handler()

    def handle_loop_error(loop: object, context: Mapping[str, Any]) -> None:
        metrics.record_internal_error()
        log_loop_error(loop, context)

    loop.set_exception_handler(handle_loop_error)
    refresher = loop.create_task(refresh_gauges(metrics.write_gauges)) if metrics.is_shared else None
    loads = LoadEvents(metrics)
    metrics.observe_loads(loads.read_activity)
    services.background.start(loads, lambda: pools["work"].read_load().busy > 0)
    try:
        yield
    finally:
        services.background.request_stop()
        for pool in pools.values():
            await pool.close()
        if refresher is not None:
            refresher.cancel()
        loop.set_exception_handler(previous_handler)
        try:
            await asyncio.to_thread(services.background.stop)
            await asyncio.to_thread(services.close)
        except Exception as error:
            # Litestar would pass a formatted traceback, with the message, to the HTTP server.
            log_error(error, component="shutdown")
