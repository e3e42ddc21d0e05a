"""Lets a load yield to the requests of its process."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

from muster.intake.checkpoint import Position
from muster.loads.rows import Row, RowSource

# Rows between two looks at the requests: some 2 ms of reading.
_ROWS: Final = 100
# A load never waits longer at once: beside a steady stream of requests it keeps more than half of its speed.
_PAUSE_SECONDS: Final = 0.001
# A thread that wants to run waits this long for one that computes. Python's default is 5 ms, and a request changes
# threads some ten times. Each call that waits for PostgreSQL waits for the thread that maps rows afterwards: with 5 ms
# loads were slower by up to a fifth.
_SWITCH_SECONDS: Final = 0.0005


class Pace:
    """Bounds the share of loads. `is_busy` says whether requests are at work or wait in this process."""

    def __init__(
        self, is_busy: Callable[[], bool] = lambda: False, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._is_busy = is_busy
        self._sleep = sleep
        self._switching = QuickSwitching()

    def running(self) -> AbstractContextManager[None]:
        """Surrounds the work of a load."""
        return self._switching

    def wrap(self, source: RowSource) -> RowSource:
        return _PacedSource(source, self)

    def yield_to_requests(self) -> None:
        if self._is_busy():
            self._sleep(_PAUSE_SECONDS)


class _PacedSource:
    """A source that yields every few rows."""

    def __init__(self, source: RowSource, pace: Pace) -> None:
        self._source = source
        self._pace = pace
        self.layout = source.layout
        self.size = source.size
        self.position_after = source.position_after
        self.sha256 = source.sha256
        self.close = source.close

    @property
    def bytes_read(self) -> int:
        return self._source.bytes_read

    def rows(self, after: Position) -> Iterator[Row]:
        for count, row in enumerate(self._source.rows(after), 1):
            yield row
            if not count % _ROWS:
                self._pace.yield_to_requests()


class QuickSwitching:
    """Makes threads take turns more often while at least one load runs in this process."""

    def __init__(self, seconds: float = _SWITCH_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._running = 0
        self._usual = sys.getswitchinterval()

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1
            if self._running == 1:
                self._usual = sys.getswitchinterval()
                sys.setswitchinterval(min(self._seconds, self._usual))

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._running -= 1
            if not self._running:
                sys.setswitchinterval(self._usual)
