"""The progress of `muster load` on stderr, and what Ctrl-C does."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol, Self

from muster.cli.load_report import describe_first_refusal
from muster.cli.output import print_note
from muster.cli.progress_line import ProgressLine, format_seconds
from muster.loads.load_store import Load
from muster.loads.rows import Layout

_MIB: Final = 1024 * 1024


class ReadFile(Protocol):
    """The file that is being loaded; see `RowSource`."""

    @property
    def layout(self) -> Layout: ...

    @property
    def size(self) -> int | None: ...

    @property
    def bytes_read(self) -> int: ...


class LoadProgress(AbstractContextManager["LoadProgress"]):
    """Shows how far a load is, and its first refused row at once."""

    def __init__(self, load: Load, source: ReadFile, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._has_told_refused = bool(load.totals.codes)
        self._line = ProgressLine(source.size, clock)
        self._begin(load)

    def __enter__(self) -> Self:
        self._line.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.__exit__()

    def update(self, load: Load) -> None:
        """Shows the load as it stands after a chunk."""
        if load.totals.rows < self._first_rows:
            self._begin(load)  # the whole file was judged, and is loaded now
        if load.totals.codes and not self._has_told_refused:
            self._has_told_refused = True
            self._line.print(f"first refused row: {describe_first_refusal(load.totals.codes, self._source.layout)}")
        self._line.show(self._source.bytes_read, self._describe(load))

    def _begin(self, load: Load) -> None:
        self._started_at, self._first_rows = self._clock(), load.totals.rows
        self._first_bytes = self._source.bytes_read

    def _describe(self, load: Load) -> str:
        totals, seconds = load.totals, max(self._clock() - self._started_at, 0.001)
        parts = [
            f"{totals.rows:,} rows",
            f"{(totals.rows - self._first_rows) / seconds:,.0f} rows/s",
            f"{totals.accepted:,} accepted",
            f"{totals.refused:,} refused",
        ]
        read, size = self._source.bytes_read, self._source.size
        if size is not None and read > self._first_bytes:
            parts.append(f"{format_seconds(seconds * (size - read) / (read - self._first_bytes))} left")
        return ", ".join(parts)


class UploadProgress(ProgressLine):
    """Shows how many bytes of a file the service has."""

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(size, clock)
        self._bytes = size

    def update(self, sent: int) -> None:
        self.show(sent, f"uploaded {sent / _MIB:,.0f} of {self._bytes / _MIB:,.0f} MiB")


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Gives the question whether SIGINT or SIGTERM has come. A second SIGINT ends the process as it does without this.

    Nothing is lost either way; the first one waits for the chunk that is being saved.
    """
    stopped = threading.Event()

    def stop(number: int, _: Any) -> None:
        if stopped.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stopped.set()
        print_note("stopping after the rows that are being saved; press Ctrl-C again to stop at once")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupt_on_sigterm() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, as SIGINT does."""

    def interrupt(_: int, __: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
