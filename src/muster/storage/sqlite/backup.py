"""A copy of a SQLite database, made while the service works on it."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from muster.storage.errors import StorageError, StorageUnavailableError, scrub_errors


class BackupUnsupportedError(StorageError):
    """The database is a server's, which has tools of its own for its backup."""


@scrub_errors
def back_up(engine: Engine, file: Path) -> None:
    """Writes the database as it stands at one moment to a new file, which only its owner may read.

    The file is there when it is whole, checked and on the disk, and not before. Raises `FileExistsError` and other
    `OSError` for the file, `BackupUnsupportedError`, `StorageUnavailableError`.
    """
    if engine.dialect.name != "sqlite":
        raise BackupUnsupportedError("a PostgreSQL database is backed up with PostgreSQL's own tools")
    source = Path(engine.url.database or "")
    if not source.is_file():
        raise StorageUnavailableError(f"there is no database {source}")
    if file.exists():
        raise FileExistsError(file)
    descriptor, part = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)  # for its owner alone
    os.close(descriptor)
    try:
        _copy(source, Path(part))
        os.link(part, file)  # and not a renaming, which would replace a file that came in between
        _sync(file.parent)
    finally:
        os.unlink(part)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as database, closing(sqlite3.connect(target)) as copy:
        # In one step, and so of one moment. Under WAL nobody who writes waits for it.
        database.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # all of it in one file
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise StorageError("the copy is damaged, and so may be the database; run SQLite's integrity_check on it")
    _sync(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
