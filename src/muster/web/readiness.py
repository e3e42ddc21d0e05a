"""Whether this worker can save batches now: at most one check of the database a second, however many probes come."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from muster.observability.logs import log_event, log_warning
from muster.web.thread_pool import ThreadPool

# A probe without a response counts as a dead service, so the response comes before usual probes time out.
READY_SECONDS: Final = 3.0
# Each probe costs the database some queries, and anybody may probe.
CACHE_SECONDS: Final = 1.0

_NO_RESPONSE: Final = "the database does not respond"


class ReadinessCheck:
    """The answer for `/health/ready`. Logs when it changes. Belongs to one event loop.

    `find_obstacle` blocks; it says what keeps batches from being saved, or None.
    """

    def __init__(
        self,
        find_obstacle: Callable[[], str | None],
        pool: ThreadPool,
        *,
        timeout_seconds: float = READY_SECONDS,
        cache_seconds: float = CACHE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find_obstacle = find_obstacle
        self._pool = pool
        self._timeout_seconds = timeout_seconds
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._running: asyncio.Future[str | None] | None = None
        self._obstacle: str | None = None
        self._valid_until: float | None = None

    async def find_obstacle(self) -> str | None:
        """What keeps batches from being saved, as it was at most a second ago. Raises what the check raises."""
        if self._valid_until is not None and self._clock() < self._valid_until:
            return self._obstacle
        # Probes share a running check: those of a database that hangs would occupy all threads of the pool.
        if self._running is None or self._running.done():
            self._running = asyncio.ensure_future(self._pool.run(self._find_obstacle))
            self._running.add_done_callback(_retrieve_exception)
        try:
            obstacle = await asyncio.wait_for(asyncio.shield(self._running), self._timeout_seconds)
        except TimeoutError:
            obstacle = _NO_RESPONSE
        else:
            self._valid_until = self._clock() + self._cache_seconds
        self._remember(obstacle)
        return obstacle

    def _remember(self, obstacle: str | None) -> None:
        before, self._obstacle = self._obstacle, obstacle
        if obstacle is not None and obstacle != before:
            log_warning("readiness_lost", obstacle)
        elif obstacle is None and before is not None:
            log_event("readiness_restored", "batches can be saved again")


def _retrieve_exception(check: "asyncio.Future[str | None]") -> None:
    """asyncio reports the exception of a check that nobody awaits any more as an error of the event loop."""
    if not check.cancelled():
        check.exception()
