"""Responses whose JSON is encoded already: as a whole, or in pieces."""

from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from muster.intake.large_body import LargeBody
from muster.web.problems import Headers


def build_json_response(body: bytes, status: int = 200, headers: Headers = ()) -> ASGIResponse:
    return ASGIResponse(body=body, status_code=status, headers=headers, media_type="application/json")


class LargeJsonResponse:
    """The ASGI application of one 200 in pieces, each sent once the client has taken most of what was sent before.

    As a whole, the body would wait in the buffer of its connection, beside the copy that the buffer is made from. It
    holds no slot of the pool while it sends.
    """

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
