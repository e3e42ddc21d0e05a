"""Accepting connections fairly: of several workers, one that has few takes the next.

Workers listen on one socket, and whoever is awake first takes all that waits there. The few clients of a nightly feed
keep their connections, and often all of them were with one worker while the other cores did nothing.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from ssl import SSLContext
from typing import Any, Final

import uvloop

from muster.server.protocol import BoundedProtocol

# How much later a worker looks for each connection that it has; an idle one takes a tenth of it.
STEP_SECONDS: Final = 0.001
# With more than these, one more or less is no matter, and a crowd is let in quickly: so many at a time.
MOST_STEPS: Final = 5
PORTION: Final = 32
# After an error that passes by itself: all file descriptors or all memory of the system in use.
PAUSE_SECONDS: Final = 1.0
_PASSING: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class FairLoop(uvloop.Loop):
    """An event loop with servers that are fair to those of other processes on the same socket."""

    async def create_server(  # type: ignore[override]  # takes what uvicorn gives
        self,
        protocol_factory: Callable[[], BoundedProtocol],
        *,
        sock: socket.socket,
        ssl: SSLContext | None = None,
        **_: Any,
    ) -> "FairServer":
        return FairServer(self, protocol_factory, sock, ssl)


class FairServer:
    """Takes connections from a socket that listens. The more it has, the longer it leaves the next one to others."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol_factory: Callable[[], BoundedProtocol],
        listener: socket.socket,
        tls: SSLContext | None,
    ) -> None:
        self._loop = loop
        self._protocol_factory = protocol_factory
        self._listener = listener
        self._tls = tls
        self._connections: Set[object] = frozenset()
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: asyncio.TimerHandle | None = None
        self._closed = False
        listener.setblocking(False)
        self._watch()

    @property
    def sockets(self) -> Sequence[socket.socket]:
        return () if self._closed else (self._listener,)

    def close(self) -> None:
        """Takes no more connections. Those that were taken stay."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._listener)
        if self._waiting is not None:
            self._waiting.cancel()

    async def wait_closed(self) -> None:
        """Uvicorn waits for the connections by itself."""

    def _watch(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._listener, self._knocked)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listener)
        self._waiting = self._loop.call_later(seconds, then)

    def _knocked(self) -> None:
        load = self._load()
        if load:
            self._wait(min(load, MOST_STEPS) * STEP_SECONDS, self._take_what_is_left)
        else:
            self._take(1)

    def _take_what_is_left(self) -> None:
        self._watch()
        self._take(PORTION if self._load() > MOST_STEPS else 1)

    def _load(self) -> int:
        return len(self._connections) + len(self._opening)

    def _take(self, most: int) -> None:
        for _ in range(most):
            try:
                taken, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return  # there is none, or no longer
            except OSError as error:
                if error.errno not in _PASSING:
                    raise
                self._wait(PAUSE_SECONDS, self._watch)
                return
            opening = self._loop.create_task(self._open(taken))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)

    async def _open(self, taken: socket.socket) -> None:
        taken.setblocking(False)
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        protocol = self._protocol_factory()
        self._connections = protocol.connections
        with suppress(OSError):  # the client has gone, or speaks no TLS that we do
            await self._loop.connect_accepted_socket(lambda: protocol, taken, ssl=self._tls)
