"""All routes of the application, in one Litestar app for the whole process."""

import asyncio
from functools import cache

from litestar import Litestar, post
from litestar.types import ASGIApp, Scope

from muster.web.app_context import AppContext
from muster.web.batches import SUBMIT_PATH, VALIDATE_PATH
from muster.web.console.routes import build_console_router
from muster.web.dependencies import API_DEPENDENCIES, CONSOLE_DEPENDENCIES
from muster.web.error_responses import handle_exception
from muster.web.home import HomeHandlers
from muster.web.route_templates import RouteTemplates
from muster.web.routes import DOCUMENTED_CONTROLLERS
from muster.web.swagger import SwaggerHandlers


@post(VALIDATE_PATH, status_code=200)
async def validate_batch_customers(scope: Scope) -> ASGIApp:
    """Validates a batch and saves nothing."""
    return await AppContext.get(scope).batches.respond(scope, save=False)


@post(SUBMIT_PATH, status_code=200)
async def batch_customers(scope: Scope) -> ASGIApp:
    """Validates a batch and saves the customers that pass."""
    return await AppContext.get(scope).batches.respond(scope, save=True)


@cache
def build_router() -> Litestar:
    """The routes, for requests whose scope has an `AppContext`.

    Registering 150 handlers takes a tenth of a second of processor time, so they depend on no application.
    """
    return Litestar(
        # Those that are no part of the API come as a `Router`.
        [
            validate_batch_customers,
            batch_customers,
            *DOCUMENTED_CONTROLLERS,
            build_console_router(),
            SwaggerHandlers,
            HomeHandlers,
        ],
        dependencies={**API_DEPENDENCIES, **CONSOLE_DEPENDENCIES},
        exception_handlers={Exception: handle_exception},
        openapi_config=None,
        logging_config=None,
        # Set here so that Litestar's environment variables can't: debug responses show values.
        debug=False,
        pdb_on_exception=False,
    )


@cache
def build_route_templates() -> RouteTemplates:
    """The templates of all paths of `build_router`."""
    return RouteTemplates(route.path_format for route in build_router().routes)


def preload_routes() -> None:
    """Makes the routes, and loads what Litestar loads when an application starts: otherwise each worker does, in 25 ms.

    Needs a thread without a running event loop.
    """
    build_route_templates()
    asyncio.run(_start_and_stop(build_router()))


async def _start_and_stop(app: Litestar) -> None:
    async with app.lifespan():
        pass
