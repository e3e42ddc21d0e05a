"""Remembers that the disk of the server was full: it is not visible to clients until a save fails.

Only SQLSTATE 53100 (disk_full) counts, and only of statements that save: a sender can cause the other errors of its
class, such as too many connections or too little memory, by sending much at once.
"""

import time
from collections.abc import Callable
from typing import Final

import psycopg

# Seconds after a failed save. A later save that succeeds ends them earlier; without one, batches are let in again.
REMEMBERED_SECONDS: Final = 60.0

_DISK_FULL: Final = "53100"


class FullDisk:
    """What the last saves of this process said of the disk. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: float | None = None

    def note_failure(self, error: psycopg.Error) -> None:
        if error.sqlstate == _DISK_FULL:
            self._until = self._clock() + REMEMBERED_SECONDS

    def note_success(self) -> None:
        self._until = None

    def was_seen(self) -> bool:
        """Whether the last save that told was refused for a full disk, less than a minute ago."""
        until = self._until
        return until is not None and self._clock() < until
