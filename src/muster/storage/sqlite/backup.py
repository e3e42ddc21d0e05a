"""Online backup of a SQLite database."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from muster.storage.errors import StorageError, StorageUnavailableError, scrub_errors


class BackupUnsupportedError(StorageError):
    """The database is PostgreSQL, which has its own backup tools."""


@scrub_errors
def back_up(engine: Engine, file: Path) -> None:
    """Writes a consistent copy of the database to a new file with mode 0600.

    The file appears only once it is complete, checked and durable. Raises `FileExistsError` and other
    `OSError` for the file, `BackupUnsupportedError`, `StorageUnavailableError`.
    """
    if engine.dialect.name != "sqlite":
        raise BackupUnsupportedError("a PostgreSQL database is backed up with PostgreSQL's own tools")
    source = Path(engine.url.database or "")
    if not source.is_file():
        raise StorageUnavailableError(f"there is no database {source}")
    if file.exists():
        raise FileExistsError(file)
    descriptor, part = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)  # mode 0600
    os.close(descriptor)
    try:
        _copy(source, Path(part))
        os.link(part, file)  # not os.rename, which would replace a file created meanwhile
        _sync(file.parent)
    finally:
        os.unlink(part)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as database, closing(sqlite3.connect(target)) as copy:
        # All pages in one step, so of one snapshot. In WAL mode it does not block writers.
        database.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # so that the copy is a single file
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise StorageError("the copy is damaged, and the database may be too; run SQLite's integrity_check on it")
    _sync(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
