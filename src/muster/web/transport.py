"""The transfer of one request and its response, between the HTTP server and the application."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from litestar.types import HTTPScope, Message, Receive, Scope, Send

from muster.web.security_headers import add_security_headers

# The ASGI extension with which the server tells how many bytes of the connection it has received, framing included, and
# whether it is about to stop.
CONNECTION_EXTENSION: Final = "muster.connection"


@dataclass(frozen=True, slots=True)
class LingerLimits:
    """How much of a refused body is read and discarded, and how long.

    256 MiB take a second on a good line, and no memory. They are bytes on the wire: a chunk of 1 byte has 6 of them,
    and one with an extension hundreds.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_seconds: float = 30.0
    idle_seconds: float = 5.0


class HttpTransport:
    """Wraps `receive` and `send`: counts the body, adds security headers, and lingers after an early response.

    A response sent before the body was read closes the connection, but not at once: the rest of the body is read and
    discarded for a while. Closing with unread bytes makes the kernel reset the connection, and most clients send the
    whole body before they read: they would see a broken pipe and never the response.
    """

    __slots__ = (
        "_count_wire_bytes",
        "_is_https",
        "_linger_limits",
        "_receive",
        "_send",
        "bytes_received",
        "has_unread_body",
        "status",
    )

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send, linger: LingerLimits | None = None) -> None:
        self._receive = receive
        self._send = send
        self._is_https = scope["scheme"] == "https"
        self.bytes_received = 0
        self.has_unread_body = _has_body(scope)
        self.status = 0  # until the response begins
        self._linger_limits = linger or LingerLimits()
        self._count_wire_bytes = self._get_wire_counter(scope)

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.request":
            self.bytes_received += len(message.get("body", b""))
            self.has_unread_body = message.get("more_body", False)
        else:
            self.has_unread_body = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = add_security_headers(message["headers"], is_https=self._is_https)
            message["headers"] = [*headers, (b"connection", b"close")] if self.has_unread_body else headers
        elif self.has_unread_body and message["type"] == "http.response.body" and not message.get("more_body", False):
            await self._send({"type": "http.response.body", "body": message.get("body", b""), "more_body": True})
            await self._linger()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _linger(self) -> None:
        limits, loop = self._linger_limits, asyncio.get_running_loop()
        max_bytes = self._count_wire_bytes() + limits.max_bytes
        end = loop.time() + limits.max_seconds
        try:
            # The loop looks at the clock itself: a timeout does not interrupt messages that are there already.
            while self.has_unread_body and self._count_wire_bytes() < max_bytes and (left := end - loop.time()) > 0:
                await asyncio.wait_for(self.receive(), min(left, limits.idle_seconds))
        except TimeoutError:
            return

    def _get_wire_counter(self, scope: HTTPScope) -> Callable[[], int]:
        """Counts the bytes on the wire; only those of the body where the server does not tell."""
        counter: Callable[[], int] = _get_extension(scope).get("count_bytes", lambda: self.bytes_received)
        return counter


def is_stopping(scope: Scope) -> bool:
    """Whether the server is about to stop. False where it does not tell."""
    ask: Callable[[], bool] = _get_extension(scope).get("is_stopping", lambda: False)
    return ask()


def _get_extension(scope: Scope) -> dict[str, Any]:
    extensions: dict[str, Any] = scope.get("extensions") or {}
    extension: dict[str, Any] = extensions.get(CONNECTION_EXTENSION, {})
    return extension


def _has_body(scope: HTTPScope) -> bool:
    return any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )
