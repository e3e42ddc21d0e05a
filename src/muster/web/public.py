"""What is answered to anybody: classifiers, the OpenAPI document, and how the service is."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
from litestar.types import ASGIApp, Scope

from muster.web.openapi import document
from muster.web.ports import Classifiers
from muster.web.problems import RETRY_NOT_READY, Problem
from muster.web.responses import json_response
from muster.web.thread_pool import ThreadPool

# A probe that gets no answer is taken for a dead service, so it is told before its own patience ends.
READY_SECONDS: Final = 3.0

_NOT_READY: Final = "the database does not answer, or its schema is not the one of this version"


class PublicHandlers:
    """Has a small pool of its own: batches that fill theirs must not make the service look dead."""

    def __init__(self, classifiers: Classifiers, ready: Callable[[], bool], pool: ThreadPool) -> None:
        self._classifiers = classifiers
        self._ready = ready
        self._pool = pool

    async def classifier(self, scope: Scope) -> ASGIApp:
        """`[{"code", "title"}]`, in the classifier's order."""
        titles = (await self._pool.run(self._classifiers.current)).titles.get(scope["path_params"]["name"])
        if titles is None:
            raise Problem(404, "there is no classifier of that name; /v2/api-docs lists them")
        return json_response(msgspec.json.encode([{"code": code, "title": title} for code, title in titles.items()]))

    async def api_docs(self) -> ASGIApp:
        return json_response(await self._pool.run(document))

    async def live(self) -> ASGIApp:
        return json_response(b'{"status":"live"}')

    async def ready(self) -> ASGIApp:
        try:
            is_ready = await asyncio.wait_for(self._pool.run(self._ready), READY_SECONDS)
        except TimeoutError:
            is_ready = False
        if not is_ready:
            raise Problem(503, _NOT_READY, RETRY_NOT_READY)
        return json_response(b'{"status":"ready"}')
