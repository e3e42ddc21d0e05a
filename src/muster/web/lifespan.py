"""The start and the end of an application: background work, errors of the event loop, and the close of everything."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from muster.observability.loads import LoadEvents
from muster.observability.logs import log_error, log_loop_error
from muster.observability.multiprocess import refresh_gauges
from muster.web.app_context import AppContext


@asynccontextmanager
async def run_lifespan(context: AppContext) -> AsyncIterator[None]:
    """Runs the background work of the services, and closes pools and services at the end."""
    services, pools, metrics = context.services, context.pools, context.metrics
    loop = asyncio.get_running_loop()
    previous_handler = loop.get_exception_handler()

    def handle_loop_error(loop: object, details: Mapping[str, Any]) -> None:
        metrics.record_internal_error()
        log_loop_error(loop, details)

    loop.set_exception_handler(handle_loop_error)
    refresher = loop.create_task(refresh_gauges(metrics.write_gauges)) if metrics.is_shared else None
    loads = LoadEvents(metrics)
    metrics.observe_loads(loads.read_activity)
    services.background.start(loads, lambda: pools.work.read_load().busy > 0)
    try:
        yield
    finally:
        services.background.request_stop()
        await pools.close()
        if refresher is not None:
            refresher.cancel()
        loop.set_exception_handler(previous_handler)
        try:
            await asyncio.to_thread(services.background.stop)
            await asyncio.to_thread(services.close)
        except Exception as error:
            # Litestar would pass a formatted traceback, with the message, to the HTTP server.
            log_error(error, component="shutdown")
