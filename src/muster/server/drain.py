"""Drain: a service that is about to stop says so for a while, and takes requests until then.

A load balancer asks for the readiness every few seconds. Until it has heard that this node stops, it sends requests.
"""

import mmap
import threading
import time
from collections.abc import Callable

from muster.observability.logs import log_event


class StopFlag:
    """Whether the service is about to stop: set by the main process, seen by workers that are forked from it."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)

    def set(self) -> None:
        self._shared[0] = 1

    def is_set(self) -> bool:
        return self._shared[0] != 0


class Drain:
    """Delays a stop. Belongs to the main process; `stop` is called once, or more often after another signal."""

    def __init__(self, flag: StopFlag, seconds: int) -> None:
        self._flag = flag
        self._seconds = seconds

    def begin(self, stop: Callable[[], None]) -> None:
        """Calls `stop` after the delay, or at once when there is none or another signal has begun it before."""
        has_begun = self._flag.is_set()
        self._flag.set()
        if has_begun or not self._seconds:
            stop()
        else:
            # In a thread: the caller is a signal handler, and the main thread replaces dead workers meanwhile.
            threading.Thread(target=self._wait, args=(stop,), name="drain", daemon=True).start()

    def _wait(self, stop: Callable[[], None]) -> None:
        log_event("draining", "not ready from now on; requests are taken until the end", seconds=self._seconds)
        time.sleep(self._seconds)
        stop()
