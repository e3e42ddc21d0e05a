"""Bounds in time and size around gunicorn's protocol, which has neither for a connection.

The guard is an `asyncio.Protocol` around another: it gets the bytes first and keeps the transport. The application's
side finds the guard of its connection in a context variable: gunicorn starts the tasks of a connection in
`connection_made`, and a task inherits the context it is started in.
"""

import asyncio
import socket
import struct
from contextvars import ContextVar
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from muster.server import http2
from muster.server.request_framing import RequestFraming

if TYPE_CHECKING:
    from muster.server.graceful_shutdown import Connections

current_guard: Final[ContextVar["ConnectionGuard"]] = ContextVar("current_guard")

# SO_LINGER with 0 seconds: the kernel resets the connection and forgets what it has not sent yet.
_RESET: Final = struct.pack("ii", 1, 0)


class ConnectionGuard(asyncio.Protocol):
    """One connection."""

    _transport: Any

    def __init__(self, inner: asyncio.Protocol, connections: "Connections") -> None:
        self._inner = inner
        self._connections = connections
        self._limits = connections.limits
        self._framing: RequestFraming | http2.StreamCount = RequestFraming(connections.limits)
        self._responses = 0  # that are over
        self._head_deadline: float | None = None
        self._unsent, self._unsent_since = 0, 0.0
        self._closing_since: float | None = None
        self._at_eof = self._is_paused = False
        self._bytes_received = 0

    # Called by the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() == http2.ALPN:
            self._framing = http2.StreamCount()
        self._connections.add(self)
        self._expect_head()
        token = current_guard.set(self)
        try:
            self._inner.connection_made(transport)
        finally:
            current_guard.reset(token)

    def data_received(self, data: bytes) -> None:
        self._bytes_received += len(data)
        framing = self._framing
        heads = framing.heads
        data = framing.feed(data)
        if framing.heads != heads:
            self._head_deadline = None
        if framing.is_within_head:
            self._expect_head()
        if data:
            self._inner.data_received(data)
            if self._transport.is_closing():  # gunicorn closes a connection here only when it refuses a request
                self._connections.on_refused(None)
                return
        if framing.refused:
            self._close_if_over()

    def eof_received(self) -> bool:
        """A client that has sent its requests may close its half and still gets the responses. TLS has no halves."""
        self._at_eof = True
        if not self.is_busy or self._transport.get_extra_info("ssl_object") is not None:
            return False
        self._close_if_over()
        return True

    def pause_writing(self) -> None:
        self._is_paused = True
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._is_paused = False
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._inner.connection_lost(exc)
        if self._is_paused:
            self.resume_writing()  # gunicorn would leave an application waiting that waits to send

    # Called by the application's side and at shutdown.

    def count_bytes(self) -> int:
        """The bytes that the connection has received, framing included."""
        return self._bytes_received

    @property
    def is_busy(self) -> bool:
        """Whether a request has no complete response yet."""
        return self._framing.heads > self._responses

    def begin_stream(self) -> None:
        """The application gets a request of HTTP/2."""
        self._framing.heads += 1
        self._head_deadline = None

    def end_request(self, *, close: bool) -> None:
        """The application is done with a request."""
        self._responses += 1
        if close:
            self.close()
        else:
            self._close_if_over()

    @property
    def is_ending(self) -> bool:
        """Whether the worker shuts down: the next response is to say that it is the last one."""
        return self._connections.is_ending

    def close_when_idle(self) -> None:
        """Closes the connection unless a request comes within a moment: one may be on its way.

        With HTTP/2 gunicorn does it, and tells the client which requests it has not taken (GOAWAY).
        """
        if isinstance(self._framing, http2.StreamCount):
            return
        self._connections.later(self._limits.last_request_seconds, self._close_unless_used, self._responses)

    def _close_unless_used(self, responses: int) -> None:
        if not self.is_busy and responses == self._responses:
            self.close()

    def close(self) -> None:
        """Closes the connection once everything is sent."""
        if not self._transport.is_closing():
            self._transport.close()

    def check_time(self, now: float) -> None:
        """Cuts off a peer that takes too long."""
        if self._head_deadline is not None and now > self._head_deadline and not self.is_busy:
            self._transport.abort()
            return
        unsent = self._transport.get_write_buffer_size()
        if unsent == 0 and self._transport.is_closing():
            self._check_closing(now)
        elif unsent == 0 or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        elif now - self._unsent_since > self._limits.write_stall_seconds:
            # A plain abort would leave the kernel offering what it holds for minutes.
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()

    def _check_closing(self, now: float) -> None:
        """Over TLS a closed transport waits half a minute for its peer to agree; all data is on its way by then."""
        limits = self._limits
        seconds = limits.last_request_seconds if self.is_ending else limits.tls_close_seconds
        if self._closing_since is None:
            self._closing_since = now
        elif now - self._closing_since > seconds:
            self._transport.abort()

    def _expect_head(self) -> None:
        if self._head_deadline is None:
            self._head_deadline = self._connections.time() + self._limits.head_seconds

    def _close_if_over(self) -> None:
        framing = self._framing
        waiting = framing.heads - self._responses
        if waiting > framing.is_within_body:
            return
        if waiting:  # for the rest of a body, which will not come
            if framing.refused or self._at_eof:
                self.close()
        elif framing.refused:
            self._refuse(framing.refused)
        elif self._at_eof:
            self.close()
        elif self.is_ending:  # and its response does not say so
            self.close_when_idle()

    def _refuse(self, status: int) -> None:
        if self._transport.is_closing():
            return
        self._connections.on_refused(status)
        phrase = HTTPStatus(status).phrase
        self._transport.write(f"HTTP/1.1 {status} {phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        self.close()
