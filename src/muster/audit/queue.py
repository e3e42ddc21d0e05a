"""Audit entries that no request waits for, written by a thread of its own.

Clients whose requests are refused cause these entries. So the queue is bounded, and so is the number of entries from
each source in a minute: further events are only counted, and an entry holds their count.
"""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

from muster.audit.events import AuditEvent, AuditSink

MAX_ENTRIES_PER_MINUTE: Final = 60  # of one source
WINDOW_SECONDS: Final = 60.0
MAX_QUEUED: Final = 1_000
CLOSE_SECONDS: Final = 5.0

_log: Final = logging.getLogger(__name__)


class QueuedEvent(NamedTuple):
    """An event that the thread builds, where it may take time. `summarize` builds the one with the count of others."""

    source: str
    build: Callable[[], AuditEvent]
    summarize: Callable[[int], AuditEvent]


Task = Callable[[], None]


class AuditQueue:
    """Writes events to the audit log, and runs other small writes, one after the other. Thread-safe.

    `clock` gives seconds. The thread starts with the first event. Events that wait when the process is killed are lost.
    """

    def __init__(self, sink: AuditSink, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._clock = clock
        self._queue: queue.Queue[QueuedEvent | Task | None] = queue.Queue(MAX_QUEUED)  # None ends the thread
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._unlisted: Counter[str] = Counter()  # by source: events without an entry of their own
        self._summaries: dict[str, Callable[[int], AuditEvent]] = {}
        self._window_end = 0.0
        self._entries_in_window: Counter[str] = Counter()  # by source

    def submit(self, event: QueuedEvent) -> None:
        """Queues an event. Neither blocks nor raises."""
        if not self._put(event):
            self._add_unlisted(event.source, event.summarize, 1)

    def run(self, task: Task) -> bool:
        """Queues another write. Neither blocks nor raises; False when the queue is full."""
        return self._put(task)

    def close(self) -> None:
        """Returns when everything queued is written, or after two times `CLOSE_SECONDS`."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            with suppress(queue.Full):
                self._queue.put(None, timeout=CLOSE_SECONDS)
                thread.join(CLOSE_SECONDS)

    def _put(self, item: QueuedEvent | Task) -> bool:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="audit-queue", daemon=True)
                self._thread.start()
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            return False
        return True

    def _work(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=WINDOW_SECONDS if self._unlisted else None)
            except queue.Empty:
                self._start_window()
                continue
            if item is None:
                self._write_counts()
                return
            if isinstance(item, QueuedEvent):
                self._start_window()
                self._write_entry(item)
            else:
                self._try(item)

    def _start_window(self) -> None:
        now = self._clock()
        if now >= self._window_end:
            self._window_end = now + WINDOW_SECONDS
            self._entries_in_window.clear()
            self._write_counts()

    def _write_entry(self, event: QueuedEvent) -> None:
        self._entries_in_window[event.source] += 1
        is_full = self._entries_in_window[event.source] > MAX_ENTRIES_PER_MINUTE
        if is_full or not self._try(lambda: self._sink.append(event.build())):
            self._add_unlisted(event.source, event.summarize, 1)

    def _write_counts(self) -> None:
        with self._lock:
            counts, self._unlisted = self._unlisted, Counter()
            summaries, self._summaries = self._summaries, {}
        for source, count in counts.items():
            summary = summaries[source](count)
            if not self._try(partial(self._sink.append, summary)):
                self._add_unlisted(source, summaries[source], count)

    def _try(self, write: Task) -> bool:
        try:
            write()
        except Exception as error:
            _log.warning("a write that no request waits for failed: %s", type(error).__name__)
            return False
        return True

    def _add_unlisted(self, source: str, summarize: Callable[[int], AuditEvent], count: int) -> None:
        with self._lock:
            self._unlisted[source] += count
            self._summaries[source] = summarize
