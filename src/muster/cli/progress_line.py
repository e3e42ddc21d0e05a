"""A line of progress on stderr: a live one with a bar on a terminal, one each 10 seconds elsewhere."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from muster.cli.output import print_note

_LINE_SECONDS: Final = 10.0


class ProgressLine(AbstractContextManager["ProgressLine"]):
    """Shows how much of `size` bytes is done, with a text. A `size` of None is not known."""

    def __init__(self, size: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._printed_at = clock()
        self._bar: Progress | None = None
        if sys.stderr.isatty():
            columns = BarColumn(), TaskProgressColumn(), TextColumn("{task.description}")
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self._size)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, done: int, text: str) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, description=text)
        elif self._clock() - self._printed_at >= _LINE_SECONDS:
            self._printed_at = self._clock()
            print_note(text)

    def print(self, line: str) -> None:
        """Prints a line that stays."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print_note(line)


def format_seconds(seconds: float) -> str:
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, whole = divmod(whole, 60)
    return f"{minutes} min {whole} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
