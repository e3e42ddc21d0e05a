"""The web application: its routes, and what stands around every request."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler, post
from litestar.types import Receive, Scope, Send

from muster.settings import Settings
from muster.web import swagger
from muster.web.asking import Asking
from muster.web.batches import Batches
from muster.web.callers import Callers
from muster.web.customers import READS, CustomerPages
from muster.web.exchange import Exchange
from muster.web.logs import log_failure, log_request, loop_failure, route_of
from muster.web.metrics import Metrics
from muster.web.observing import Observer
from muster.web.pool import Pool
from muster.web.ports import Rooms
from muster.web.problems import Problem
from muster.web.public import Public
from muster.web.records import ASKS, RecordPages
from muster.web.replies import on_exception, reply_to
from muster.web.underway import Places, Underway
from muster.web.watching import WATCHES, WatchPages

# Litestar's router remembers the paths that it has met; so their length has a limit.
MOST_URL: Final = 2048
# What is answered to anybody is quick, and two of them can wait for the database at a time.
PUBLIC_THREADS: Final = 2
PUBLIC_QUEUE: Final = 64
# The metrics ask who is calling, which can take its time: apart from what is answered to anybody, and from batches,
# as it is when those are slow that they are looked at.
WATCH_THREADS: Final = 1
WATCH_QUEUE: Final = 16


def make_app(rooms: Rooms, settings: Settings, observers: Sequence[Observer] = ()) -> Litestar:
    """The application before these rooms. The observers are told of each request before the log and the metrics are.

    It belongs to one event loop and one run of it. The process that serves it calls `muster.web.logs.configure`.
    """
    work, aside = Pool(settings.threads, settings.queue), Pool(PUBLIC_THREADS, PUBLIC_QUEUE)
    watch = Pool(WATCH_THREADS, WATCH_QUEUE)
    pools = {"work": work, "aside": aside, "watch": watch}
    metrics, callers = Metrics(pools, rooms.connections), Callers(rooms.access, provider=rooms.provider)
    places, watching = (Places(pool, Underway(settings.user_requests)) for pool in (work, watch))
    return Service(
        [*observers, log_request, metrics.request],
        route_handlers=routes(
            Batches(rooms.intake, callers, places, metrics, settings.max_body),
            Public(rooms.classifiers, rooms.ready, aside),
            RecordPages(rooms.records, Asking(callers, places, ASKS)),
            CustomerPages(rooms.records, Asking(callers, places, READS)),
            WatchPages(metrics, Asking(callers, watching, WATCHES)),
        ),
        lifespan=[lambda app: _lifetime(pools, metrics, rooms.close)],
        exception_handlers={Exception: on_exception},
        openapi_config=None,
        logging_config=None,
        # Not from Litestar's environment variables: a debug answer shows values.
        debug=False,
        pdb_on_exception=False,
    )


def routes(
    batches: Batches, public: Public, records: RecordPages, customers: CustomerPages, watch: WatchPages
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


class Service(Litestar):
    """Litestar, with the exchange around it, of which the observers are told when it is over.

    Litestar's own middleware stands behind its router and does not see what the router refuses. And an exception that
    comes after the answer has begun leaves Litestar; the server would write its message into the log.
    """

    def __init__(self, observers: Sequence[Observer], **of_litestar: Any) -> None:
        super().__init__(**of_litestar)
        self._observers = observers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send)
        scope.setdefault("state", {})["exchange"] = exchange
        try:
            if len(exchange.path) + len(scope["query_string"]) > MOST_URL:
                raise Problem(414, f"the path and the query may have {MOST_URL} characters together")
            await super().__call__(scope, exchange.receive, exchange.send)
        except Exception as error:
            await _last_resort(error, exchange, scope, exchange.receive, exchange.send)
        finally:
            for observer in self._observers:
                observer(exchange, scope)


async def _last_resort(error: Exception, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
    if exchange.status:
        exchange.failed = True
        log_failure(error, method=exchange.method, route=route_of(exchange, scope))
        return
    await reply_to(error, exchange, route_of(exchange, scope))(scope, receive, send)


@asynccontextmanager
async def _lifetime(pools: Mapping[str, Pool], metrics: Metrics, close: Callable[[], None]) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def failed(loop: object, context: Mapping[str, Any]) -> None:
        metrics.failure()
        loop_failure(loop, context)

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
            log_failure(error, where="shutdown")
