"""Fair accept: of several workers, one that has few connections takes the next.

Workers listen on one socket, and the first one awake takes all that waits there. The few clients of a nightly feed
keep their connections, and often all of them were with one worker while the other cores did nothing.

Gunicorn asks asyncio for a loop (`asgi_loop="asyncio"`) and that loop for a server. Both are asyncio's own seams: the
event loop policy, and `create_server` of a loop.
"""

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from ssl import SSLContext
from typing import Any, Final

import uvloop

from muster.observability.logs import log_event
from muster.server.connection_guard import ConnectionGuard
from muster.server.graceful_shutdown import Connections
from muster.server.limits import ConnectionLimits
from muster.server.listen import BACKLOG

# How much later a worker accepts for each connection that it has; an idle one takes a tenth of it.
STEP_SECONDS: Final = 0.001
# With more than these, one more or less is no matter, and a crowd is accepted quickly: so many at a time.
MAX_STEPS: Final = 5
BATCH: Final = 32
# After an error that passes by itself: all file descriptors or all memory of the system in use.
PAUSE_SECONDS: Final = 1.0
_PASSING: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

HANDSHAKE_SECONDS: Final = 30.0


def use_fair_loop(limits: ConnectionLimits, *, tls: bool) -> None:
    """For a worker, before gunicorn makes its event loop."""

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            return FairLoop(limits, tls=tls)

    asyncio.set_event_loop_policy(Policy())


class FairLoop(uvloop.Loop):
    """An event loop whose servers accept fairly and guard each connection."""

    def __init__(self, limits: ConnectionLimits, *, tls: bool) -> None:
        super().__init__()
        self._limits = limits
        self._tls = tls
        self._on_sigterm: tuple[Callable[..., Any], tuple[Any, ...]] | None = None

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:  # type: ignore[override]  # no TypeVarTuple
        """SIGTERM is handled from the moment the worker serves, and ends it at once before.

        uvloop forgets a signal that comes before it runs, and gunicorn would wait for that worker until it kills it.
        """
        if sig == signal.SIGTERM and not self.is_running():
            self._on_sigterm = callback, args
        else:
            super().add_signal_handler(sig, callback, *args)

    async def create_server(  # type: ignore[override]  # takes what gunicorn gives
        self, protocol_factory: Callable[[], asyncio.Protocol], *, sock: socket.socket, ssl: SSLContext | None, **_: Any
    ) -> "FairServer":
        if self._tls and ssl is None:  # gunicorn would serve in plain text when it fails to make a context
            raise RuntimeError("TLS is configured and gunicorn has no context")
        server = FairServer(self, protocol_factory, sock, ssl, Connections(self, self._limits, _log_refused))
        if self._on_sigterm is not None:
            super().add_signal_handler(signal.SIGTERM, self._shut_down, server)
        log_event("worker_started", "a worker serves", pid=os.getpid())
        return server

    def _shut_down(self, server: "FairServer") -> None:
        if self._on_sigterm is not None:
            callback, arguments = self._on_sigterm
            self._on_sigterm = None
            server.close()
            self.call_later(self._limits.last_request_seconds, callback, *arguments)


class FairServer:
    """Accepts connections. The more it has, the longer it leaves the next one to other workers."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol_factory: Callable[[], asyncio.Protocol],
        listener: socket.socket,
        tls: SSLContext | None,
        connections: Connections,
    ) -> None:
        self._loop = loop
        self._protocol_factory = protocol_factory
        self._listener = listener
        self._tls = tls
        self._connections = connections
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: asyncio.TimerHandle | None = None
        self._closed = False
        listener.setblocking(False)
        self._watch()

    @property
    def sockets(self) -> Sequence[socket.socket]:
        return () if self._closed else (self._listener,)

    def is_serving(self) -> bool:
        return not self._closed

    def close(self) -> None:
        """Shuts down the connections and refuses new ones. Gunicorn calls it when a worker ends.

        Connections that wait in the socket are accepted first: once its last copy is closed, the kernel resets them,
        and their senders would not know what became of a batch.
        """
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._listener)
        if self._waiting is not None:
            self._waiting.cancel()
        self._accept(BACKLOG)
        self._listener.close()
        self._connections.shut_down()

    async def wait_closed(self) -> None:
        """Waits for handshakes; gunicorn waits for the connections."""
        if self._opening:
            await asyncio.wait(self._opening)

    def _watch(self) -> None:
        self._waiting = None
        if not self._closed:
            self._loop.add_reader(self._listener, self._on_readable)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listener)
        self._waiting = self._loop.call_later(seconds, then)

    def _on_readable(self) -> None:
        load = self._count_connections()
        if load:
            self._wait(min(load, MAX_STEPS) * STEP_SECONDS, self._accept_the_rest)
        else:
            self._accept(1)

    def _accept_the_rest(self) -> None:
        self._watch()
        self._accept(BATCH if self._count_connections() > MAX_STEPS else 1)

    def _count_connections(self) -> int:
        return len(self._connections) + len(self._opening)

    def _accept(self, most: int) -> None:
        for _ in range(most):
            try:
                accepted, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return  # another worker was faster, or the client has gone
            except OSError as error:
                if error.errno not in _PASSING:
                    raise
                self._wait(PAUSE_SECONDS, self._watch)
                return
            opening = self._loop.create_task(self._open(accepted))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)

    async def _open(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        guard = ConnectionGuard(self._protocol_factory(), self._connections)
        handshake = {"ssl_handshake_timeout": HANDSHAKE_SECONDS} if self._tls else {}
        with suppress(OSError):  # the client has gone, or speaks no TLS that we do
            await self._loop.connect_accepted_socket(lambda: guard, accepted, ssl=self._tls, **handshake)


def _log_refused(status: int | None) -> None:
    """The application never sees a refused request, so it has no `request` event. Its bytes are not logged."""
    if status is None:
        log_event("request_refused")
    else:
        log_event("request_refused", status=status)
