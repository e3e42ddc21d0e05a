"""The transfer of one request and its response, between the HTTP server and the application."""

import asyncio
from typing import Any, Final

from litestar.types import HTTPScope, Message, Receive, Send

from muster.web.security_headers import add_security_headers

# How much of a refused body is read and discarded. 256 MiB take a second on a good line, and no memory.
LINGER_BYTES: Final = 256 * 1024 * 1024
LINGER_SECONDS: Final = 30.0
LINGER_IDLE_SECONDS: Final = 5.0


class HttpTransport:
    """Wraps `receive` and `send`: counts the body, adds security headers, and lingers after an early response.

    A response sent before the body was read closes the connection, but not at once: the rest of the body is read and
    discarded for a while. Closing with unread bytes makes the kernel reset the connection, and most clients send the
    whole body before they read: they would see a broken pipe and never the response.
    """

    __slots__ = ("_is_https", "_receive", "_send", "bytes_received", "has_unread_body", "status")

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._is_https = scope["scheme"] == "https"
        self.bytes_received = 0
        self.has_unread_body = _has_body(scope)
        self.status = 0  # until the response begins

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
        max_bytes = self.bytes_received + LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while self.has_unread_body and self.bytes_received < max_bytes:
                    await asyncio.wait_for(self.receive(), LINGER_IDLE_SECONDS)
        except TimeoutError:
            return


def _has_body(scope: HTTPScope) -> bool:
    return any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )
