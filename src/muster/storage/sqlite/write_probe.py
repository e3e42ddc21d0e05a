"""Whether SQLite could write now, found out without a write: a health check must not wear out the disk."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, delete, false

from muster.storage.errors import scrub_errors
from muster.storage.pool import check_out_connection
from muster.storage.tables import revisions

# A batch of ordinary size, its response and the write-ahead log need some megabytes.
MIN_FREE_BYTES: Final = 16 * 1024 * 1024

_WRITE_NOTHING: Final = str(delete(revisions).where(false()))

DISK_FULL: Final = "the disk of the database is full"
READ_ONLY: Final = "the database is read-only"


@scrub_errors
def find_write_obstacle(engine: Engine, min_free_bytes: int = MIN_FREE_BYTES) -> str | None:
    """What keeps SQLite from writing: a full disk, or a read-only file or file system. None when nothing does.

    Raises `StorageUnavailableError`.
    """
    file = engine.url.database
    assert file is not None
    disk = os.statvfs(Path(file).absolute().parent) if not file.startswith("file:") else None
    if disk is not None and disk.f_flag & os.ST_RDONLY:
        return READ_ONLY
    if disk is not None and disk.f_bavail * disk.f_frsize < min_free_bytes:
        return DISK_FULL
    with closing(check_out_connection(engine)) as pooled:
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        return _find_lock_obstacle(connection)


def _find_lock_obstacle(connection: sqlite3.Connection) -> str | None:
    """Begins a transaction that may write, and ends it. A lock that another writer holds shows that writing works."""
    [timeout] = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("BEGIN IMMEDIATE")  # of a read-only file, SQLite begins a transaction that only reads
        try:
            connection.execute(_WRITE_NOTHING)
        finally:
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        name = error.sqlite_errorname
        if name.startswith("SQLITE_BUSY"):
            return None
        if name.startswith("SQLITE_READONLY"):
            return READ_ONLY
        raise
    finally:
        connection.execute(f"PRAGMA busy_timeout = {timeout}")
    return None
