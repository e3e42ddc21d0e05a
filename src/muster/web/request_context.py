"""One request and its answer: what passes over the wire, and what is told of it to whoever watches."""

import asyncio
import time
from typing import Any, Final, Protocol, cast
from uuid import UUID

from litestar.types import HTTPScope, Message, Receive, Scope, Send

from muster.intake.stage_timings import StageTimings
from muster.web.security_headers import add_security_headers

# How long a refused sender is listened to. 256 MiB pass in a second on a good line, and cost no memory.
LINGER_BYTES: Final = 256 * 1024 * 1024
LINGER_SECONDS: Final = 30.0
LINGER_IDLE_SECONDS: Final = 5.0
MAX_LOGGED_PATH: Final = 100


class PermitProtocol(Protocol):
    def is_of(self, user: str | None) -> None:
        """Says whose the request is, nobody's for wrong credentials. Raises `TooManyRequestsError`."""
        ...


class RequestContext:
    """Stands between the server and the application for one request.

    An answer that is given before the body was read closes the connection, but not at once: the answer goes out, and
    what the client still sends is read and thrown away for a while. Closing with unread bytes makes the kernel reset
    the connection, and a client that is still sending (most send all before they read) would see a broken pipe and
    never the answer.
    """

    __slots__ = (
        "_https",
        "_receive",
        "_send",
        "accepted",
        "address",
        "batch_id",
        "bytes_in",
        "counted",
        "failed",
        "method",
        "path",
        "refused",
        "rejected",
        "replayed",
        "stages",
        "started",
        "status",
        "trace",
        "unread",
        "user",
        "wrong_credentials",
    )

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._https = scope["scheme"] == "https"
        self.started = time.perf_counter()
        self.method: str = scope["method"]
        self.path = scope["path"]
        client = scope.get("client")
        self.address: str = client[0] if client else ""  # of the client; none on a Unix socket
        self.bytes_in = 0
        self.unread = _has_body(scope)
        self.status = 0
        self.user: str | None = None
        self.counted: PermitProtocol | None = None  # among the requests of its user
        self.refused: str | None = None  # why a provider's token lets nobody in, for the log alone
        self.accepted: int | None = None
        self.rejected: int | None = None
        self.batch_id: UUID | None = None
        self.replayed = False
        self.stages: StageTimings | None = None  # of the intake, when it came to that
        self.trace: str | None = None  # its id, when there is one
        self.wrong_credentials = False
        self.failed = False  # with an exception that nobody expected

    @classmethod
    def of(cls, scope: Scope) -> "RequestContext":
        """The exchange that a scope belongs to."""
        return cast(RequestContext, scope["state"]["exchange"])

    @property
    def milliseconds(self) -> float:
        """Since the request's head was there."""
        return (time.perf_counter() - self.started) * 1000

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.request":
            self.bytes_in += len(message.get("body", b""))
            self.unread = message.get("more_body", False)
        else:
            self.unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = add_security_headers(message["headers"], https=self._https)
            message["headers"] = [*headers, (b"connection", b"close")] if self.unread else headers
        elif self.unread and message["type"] == "http.response.body" and not message.get("more_body", False):
            await self._send({"type": "http.response.body", "body": message.get("body", b""), "more_body": True})
            await self._linger()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _linger(self) -> None:
        most = self.bytes_in + LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while self.unread and self.bytes_in < most:
                    await asyncio.wait_for(self.receive(), LINGER_IDLE_SECONDS)
        except TimeoutError:
            return


def _has_body(scope: HTTPScope) -> bool:
    return any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )


def sanitize_path(path: str) -> str:
    """A path that we don't know, fit for a line of a log."""
    return "".join(letter if letter.isprintable() else "?" for letter in path[:MAX_LOGGED_PATH])
