"""Graceful shutdown: requests are finished, idle connections get a moment for their last one, then all close.

SIGTERM and Ctrl-C end the main process, after a drain if one is set. It sends SIGTERM to the workers. A worker closes
the listening socket, so that a balancer is refused there and tries the next node, and its responses
say `Connection: close` (`Connections.shut_down`). Gunicorn hears of the signal when idle connections have had their
moment, for it closes connections whose last response did not say so. It waits up to `GRACE_SECONDS` for those that are
left, and ends the application.
"""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Final

from muster.server.drain import Drain
from muster.server.limits import ConnectionLimits

if TYPE_CHECKING:
    from muster.server.connection_guard import ConnectionGuard

# Requests get so long to end: a batch of the largest size takes less.
GRACE_SECONDS: Final = 30


class Connections(set["ConnectionGuard"]):
    """The open connections of a worker."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, limits: ConnectionLimits, on_refused: Callable[[int | None], None]
    ) -> None:
        super().__init__()
        self.limits = limits
        self.on_refused = on_refused
        self.time = loop.time
        self.later = loop.call_later
        self.is_ending = False
        self._check_time()

    def add(self, guard: "ConnectionGuard") -> None:
        super().add(guard)
        if self.is_ending:  # accepted before the end, and connected only now
            guard.close_when_idle()

    def shut_down(self) -> None:
        """From now on a connection closes after its request."""
        self.is_ending = True
        for guard in self:
            guard.close_when_idle()

    def _check_time(self) -> None:
        now = self.time()
        for guard in list(self):
            guard.check_time(now)
        self.later(self.limits.check_seconds, self._check_time)


def stop_on_signals(on_stop: Callable[[], None], drain: Drain) -> None:
    """For the main process, when gunicorn has set its signal handlers: Ctrl-C stops as gracefully as SIGTERM.

    Gunicorn's own reaction to SIGINT cuts requests off.
    """
    to_gunicorn = signal.getsignal(signal.SIGTERM)

    def stop() -> None:
        on_stop()
        if callable(to_gunicorn):
            to_gunicorn(signal.SIGTERM, None)

    def begin_drain(_signal: int, _frame: FrameType | None) -> None:
        drain.begin(stop)

    signal.signal(signal.SIGTERM, begin_drain)
    signal.signal(signal.SIGINT, begin_drain)


def leave_signals_to_main_process() -> None:
    """For a worker: a terminal sends SIGINT and SIGHUP to all processes, and the main one decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
