"""Numbered locks shared by all threads and processes that use one SQLite file.

SQLite has one lock for all writers and no advisory locks. These locks are operating system locks on single bytes of a
file beside the database: taking one writes nothing, and the system releases them when the process dies.
"""

import os
import threading
from contextlib import suppress
from typing import Final

try:
    import fcntl
except ImportError:  # Windows, where the locks work between the threads of one process only
    fcntl = None  # type: ignore[assignment]  # a module by its declared type

_MAX_OFFSET: Final = 2**62 - 1  # offsets in files are signed


class FileLocks:
    """Locks in one file, for all threads of a process.

    A process must have only one instance per file: closing any descriptor of the file releases all its POSIX locks.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._held: set[int] = set()
        self._file: int | None = None

    def acquire(self, number: int) -> bool:
        """False when the lock is held by another thread or process. Raises OSError when the file can't be created."""
        offset = number & _MAX_OFFSET
        with self._guard:
            if offset in self._held or not self._lock_byte(offset):
                return False
            self._held.add(offset)
            return True

    def release(self, number: int) -> None:
        """Never raises: the work under the lock is finished, and an error here must not undo it."""
        offset = number & _MAX_OFFSET
        with self._guard, suppress(OSError):
            self._held.discard(offset)
            if fcntl and self._file is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, offset)

    def _lock_byte(self, offset: int) -> bool:
        """POSIX locks belong to the process: they exclude other processes, but not other threads of this one."""
        if not fcntl:
            return True
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            return False
        return True
