"""Responses in pieces: of any size, in constant memory."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Generic, Protocol, TypeVar

from litestar import Request
from litestar.types import Receive, Scope, Send

from muster.web.problems import Headers

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)


class AccessSource(Protocol[A_co]):
    """Provides access to a request's user, such as `AccessProvider`. Raises what its handlers may raise."""

    def provide(self, request: Request[Any, Any, Any]) -> AbstractAsyncContextManager[A_co]: ...


class ResponseStream:
    """A response in pieces, to one client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._is_head = scope.get("method") == "HEAD"
        self._receive = receive
        self._send = send

    async def send(self, headers: Headers, pieces: AsyncGenerator[bytes, None]) -> None:
        """Sends a 200. Stops when the client has gone; an error of `pieces` cuts the response off."""
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers]
        await self._send({"type": "http.response.start", "status": 200, "headers": encoded})
        gone = asyncio.create_task(self._wait_for_disconnect())
        try:
            if not self._is_head:
                async for piece in pieces:
                    if gone.done():
                        return
                    await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await gone
            await pieces.aclose()

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] == "http.request":
            pass


class Download(Generic[A]):
    """A response that holds the user's slot until its last byte is sent. An ASGI application.

    `produce` sends the response with the user's access. It may raise what handlers raise, before the first byte.

    Litestar ends the dependencies of a handler before it sends the response.
    """

    def __init__(
        self,
        provider: AccessSource[A],
        request: Request[Any, Any, Any],
        produce: Callable[[A, ResponseStream], Awaitable[None]],
    ) -> None:
        self._provider = provider
        self._request = request
        self._produce = produce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._provider.provide(self._request) as access:
            await self._produce(access, ResponseStream(scope, receive, send))
