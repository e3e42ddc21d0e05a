"""HTTP on one connection, with bounds that uvicorn's httptools protocol doesn't have.

Its requests may have headers without end, and it waits for them forever: either would let a stranger use up the memory
or the connections of the service. (`h11_max_incomplete_event_size` only holds for the slower h11.)
"""

import asyncio
from collections.abc import MutableSet
from typing import Any, Final
from weakref import WeakSet

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from muster.observability.logs import log_event

# Bytes of request line and headers. Those of the contract have 200, and a proxy may add a few thousand.
MAX_HEAD_BYTES: Final = 64 * 1024
# Seconds from the connection, or the first byte of a later request, to the end of the headers.
HEAD_SECONDS: Final = 30.0

# Seconds that a connection without a request stays when the service ends. Its next request may be on its way already:
# closing at once would reset it, and its sender would not know what became of a batch.
LAST_REQUEST_SECONDS: Final = 1.0

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class State(ServerState):
    """What all connections of a server know: whether it is ending (it takes no more), and whether it has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ending = False
        self.ended = False
        # Taken, and not connected yet: a handshake of TLS takes a while. One that fails says nothing, so they are weak.
        self.opening: MutableSet[BoundedProtocol] = WeakSet()


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request line and headers are too long or take too long."""

    server_state: State
    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _ended_one = False
    _lost = False

    def __init__(self, *of_uvicorn: Any, **named: Any) -> None:
        super().__init__(*of_uvicorn, **named)
        self.server_state.opening.add(self)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it
        super().connection_made(transport)
        self.server_state.opening.discard(self)
        self._expect_head()
        if self.server_state.ended:
            transport.close()  # who would work on its request has gone
        elif self.server_state.ending:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._end_of_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and self.cycle is not None and self.cycle.more_body:  # a body need not come in pieces
            super().data_received(data)
            return
        while data and not self.transport.is_closing():
            room = MAX_HEAD_BYTES - self._head_bytes
            if room == 0:
                self._refuse(431)
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
            piece, data = data[:room], data[room:]
            self._ended_one = False
            super().data_received(piece)
            # A head whose request before it ended in this piece began somewhere in it, and is counted from the next on.
            waits = self._deadline is not None and not self._ended_one
            self._head_bytes = self._head_bytes + len(piece) if waits else 0

    def send_400_response(self, msg: str) -> None:
        self._refuse(400)
        super().send_400_response(msg)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._end_of_head()
        super().on_headers_complete()
        if self.server_state.ending and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._ended_one = True
        super().on_message_complete()

    def shutdown(self) -> None:
        """Answers what is under way or comes within a moment, and then closes the connection."""
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LAST_REQUEST_SECONDS, super().shutdown)
        else:
            super().shutdown()
        self.loop.call_later(LAST_REQUEST_SECONDS, self._see_it_closed)

    def _see_it_closed(self) -> None:
        """Over TLS a connection that is closed waits half a minute for its client to agree, and an idle one does not
        even look. When all that it was told is on its way, nothing is lost by not waiting."""
        if self._lost:
            return
        if self.transport.is_closing() and self.transport.get_write_buffer_size() == 0:
            self.transport.abort()
        else:
            self.loop.call_later(LAST_REQUEST_SECONDS, self._see_it_closed)

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end_of_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: int) -> None:
        """What no application sees is in no `request` event. Nothing of it is written: it may be anything."""
        log_event("refused", status=status)
