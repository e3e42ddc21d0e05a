"""Sends a large response in pieces, each once the client has taken most of what was sent before.

Sent as a whole, it would wait in the buffer of its connection, beside the copy that the buffer is made from.
"""

from litestar.types import Receive, Scope, Send

from muster.intake.large_body import LargeBody
from muster.web.problems import Headers


class LargeJsonResponse:
    """The ASGI application of one 200. It holds no slot of the pool while it sends."""

    def __init__(self, body: LargeBody, headers: Headers) -> None:
        self._body = body
        self._headers = [
            ("content-type", "application/json"),
            *headers,
            ("content-length", str(len(body))),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        encoded = [(name.lower().encode(), value.encode()) for name, value in self._headers]
        await send({"type": "http.response.start", "status": 200, "headers": encoded})
        for piece in self._body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
