"""Locks by number among all threads and processes that work on one SQLite file.

SQLite has one lock for all writers and none for anything smaller. These are locks of the operating system on single
bytes of a file beside the database: they cost no write, and end with the process that holds them, whatever it dies of.
"""

import os
import threading
from contextlib import suppress

try:
    import fcntl
except ImportError:  # Windows: then the locks hold among the threads of one process
    fcntl = None  # type: ignore[assignment]  # a module, to its type

_HIGHEST = 2**62 - 1  # offsets in files are signed


class FileLocks:
    """Threads may share it; a process has one for a file, as closing any descriptor of it would end all its locks."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._held: set[int] = set()
        self._file: int | None = None

    def acquire(self, number: int) -> bool:
        """False when another one holds the lock. Raises OSError when the file can't be made."""
        place = number & _HIGHEST
        with self._guard:
            if place in self._held or not self._lock(place):
                return False
            self._held.add(place)
            return True

    def release(self, number: int) -> None:
        """Never fails: the work under the lock is done, whatever becomes of the lock."""
        place = number & _HIGHEST
        with self._guard, suppress(OSError):
            self._held.discard(place)
            if fcntl and self._file is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def _lock(self, place: int) -> bool:
        """The operating system's locks belong to the process: they keep others out, and not its own threads."""
        if not fcntl:
            return True
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            return False
        return True
