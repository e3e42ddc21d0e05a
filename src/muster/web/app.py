"""The web application: its routes, and what stands around every request."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler, post
from litestar.types import Receive, Scope, Send

from muster.observability.logs import get_route, log_error, log_loop_error, log_request
from muster.observability.observers import RequestObserver
from muster.observability.prometheus import MetricsRegistry
from muster.settings import Settings
from muster.web import swagger
from muster.web.authenticated_endpoint import AuthenticatedEndpoint
from muster.web.authenticator import Authenticator
from muster.web.batches import BatchHandlers
from muster.web.concurrency import ConcurrencyLimiter, WorkerSlots
from muster.web.customers import READS, CustomerHandlers
from muster.web.metrics import WATCHES, MetricsHandlers
from muster.web.ports import Services
from muster.web.problems import Problem
from muster.web.public import PublicHandlers
from muster.web.records import ASKS, RecordHandlers
from muster.web.request_context import RequestContext
from muster.web.responses import handle_exception, to_error_response
from muster.web.thread_pool import ThreadPool

# Litestar's router remembers the paths that it has met; so their length has a limit.
MAX_URL_LENGTH: Final = 2048
# What is answered to anybody is quick, and two of them can wait for the database at a time.
PUBLIC_THREADS: Final = 2
PUBLIC_QUEUE: Final = 64
# The metrics ask who is calling, which can take its time: apart from what is answered to anybody, and from batches,
# as it is when those are slow that they are looked at.
METRICS_THREADS: Final = 1
METRICS_QUEUE: Final = 16


def make_app(rooms: Services, settings: Settings, observers: Sequence[RequestObserver] = ()) -> Litestar:
    """The application before these rooms. The observers are told of each request before the log and the metrics are.

    It belongs to one event loop and one run of it. The process that serves it calls `muster.observability.logs.configure`.
    """
    work, aside = ThreadPool(settings.threads, settings.max_queued_requests), ThreadPool(PUBLIC_THREADS, PUBLIC_QUEUE)
    watch = ThreadPool(METRICS_THREADS, METRICS_QUEUE)
    pools = {"work": work, "aside": aside, "watch": watch}
    metrics, callers = MetricsRegistry(pools, rooms.connections), Authenticator(rooms.access, provider=rooms.provider)
    places, watching = (WorkerSlots(pool, ConcurrencyLimiter(settings.max_requests_per_user)) for pool in (work, watch))
    return Application(
        [*observers, log_request, metrics.request],
        route_handlers=routes(
            BatchHandlers(rooms.intake, callers, places, metrics, settings.max_body_bytes),
            PublicHandlers(rooms.classifiers, rooms.ready, aside),
            RecordHandlers(rooms.records, AuthenticatedEndpoint(callers, places, ASKS)),
            CustomerHandlers(rooms.records, AuthenticatedEndpoint(callers, places, READS)),
            MetricsHandlers(metrics, AuthenticatedEndpoint(callers, watching, WATCHES)),
        ),
        lifespan=[lambda app: _lifespan(pools, metrics, rooms.close)],
        exception_handlers={Exception: handle_exception},
        openapi_config=None,
        logging_config=None,
        # Not from Litestar's environment variables: a debug answer shows values.
        debug=False,
        pdb_on_exception=False,
    )


def routes(
    batches: BatchHandlers,
    public: PublicHandlers,
    records: RecordHandlers,
    customers: CustomerHandlers,
    watch: MetricsHandlers,
) -> list[HTTPRouteHandler]:
    return [
        post("/amlyze-ws-rest/validate-batch-customers", status_code=200)(batches.validate),
        post("/amlyze-ws-rest/batch-customers", status_code=200)(batches.submit),
        _get("/api/v1/communications/{number:path}")(records.communication),
        _get("/api/v1/batches")(records.batches),
        _get("/api/v1/batches/{batch_id:str}")(records.batch),
        _get("/api/v1/batches/{batch_id:str}/results")(records.results),
        _get("/api/v1/customers/{customer:path}")(customers.customer),
        _get("/classifier/{name:str}")(public.classifier),
        _get("/metrics")(watch.metrics),
        _get("/v2/api-docs")(public.api_docs),
        _get("/swagger-ui")(swagger.page),
        _get("/swagger-ui/{name:str}")(swagger.file),
        _get("/health/live")(public.live),
        _get("/health/ready")(public.ready),
    ]


def _get(path: str) -> HTTPRouteHandler:
    # RFC 9110 9.1 asks for both methods; the server leaves the body of an answer to HEAD away.
    return HTTPRouteHandler(path, http_method=["GET", "HEAD"], status_code=200)


class Application(Litestar):
    """Litestar, with the exchange around it, of which the observers are told when it is over.

    Litestar's own middleware stands behind its router and does not see what the router refuses. And an exception that
    comes after the answer has begun leaves Litestar; the server would write its message into the log.
    """

    def __init__(self, observers: Sequence[RequestObserver], **of_litestar: Any) -> None:
        super().__init__(**of_litestar)
        self._observers = observers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        exchange = RequestContext(scope, receive, send)
        scope.setdefault("state", {})["exchange"] = exchange
        try:
            if len(exchange.path) + len(scope["query_string"]) > MAX_URL_LENGTH:
                raise Problem(414, f"the path and the query may have {MAX_URL_LENGTH} characters together")
            await super().__call__(scope, exchange.receive, exchange.send)
        except Exception as error:
            await _handle_late_error(error, exchange, scope, exchange.receive, exchange.send)
        finally:
            for observer in self._observers:
                observer(exchange, scope)


async def _handle_late_error(
    error: Exception, exchange: RequestContext, scope: Scope, receive: Receive, send: Send
) -> None:
    if exchange.status:
        exchange.failed = True
        log_error(error, method=exchange.method, route=get_route(exchange, scope))
        return
    await to_error_response(error, exchange, get_route(exchange, scope))(scope, receive, send)


@asynccontextmanager
async def _lifespan(
    pools: Mapping[str, ThreadPool], metrics: MetricsRegistry, close: Callable[[], None]
) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def failed(loop: object, context: Mapping[str, Any]) -> None:
        metrics.failure()
        log_loop_error(loop, context)

    loop.set_exception_handler(failed)
    looking = loop.create_task(metrics.look_again_and_again()) if metrics.is_shared else None
    try:
        yield
    finally:
        for pool in pools.values():
            await pool.close()
        if looking is not None:
            looking.cancel()
        loop.set_exception_handler(before)
        try:
            await asyncio.to_thread(close)
        except Exception as error:
            # Litestar would hand the server a formatted traceback, message and all.
            log_error(error, where="shutdown")
