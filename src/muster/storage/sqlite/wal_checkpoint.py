"""Emptying the log of pages of a SQLite database (the file `-wal`), where removed rows stay until it is rewritten."""

import sqlite3
import time
from contextlib import closing
from typing import Final

from sqlalchemy import Engine

from muster.storage.pool import check_out_connection

# Seconds until readers are waited for no longer, and how long at a time: while SQLite waits for them, nobody writes.
CHECKPOINT_TIMEOUT_SECONDS: Final = 10.0
_AT_A_TIME: Final = 0.5


def truncate_wal(engine: Engine) -> bool:
    """Writes the pages back and cuts the log to nothing. False when somebody reads what is in it for too long."""
    with closing(check_out_connection(engine)) as pooled:
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        [[patience]] = connection.execute("PRAGMA busy_timeout")
        connection.execute(f"PRAGMA busy_timeout = {_AT_A_TIME * 1000:.0f}")
        try:
            return _emptied(connection)
        finally:
            connection.execute(f"PRAGMA busy_timeout = {patience}")


def _emptied(connection: sqlite3.Connection) -> bool:
    end = time.monotonic() + CHECKPOINT_TIMEOUT_SECONDS
    while True:
        # A log that can't be emptied is no error, but a 1 in the first column.
        [[busy, _, _]] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if not busy or time.monotonic() > end:
            return not busy
        time.sleep(_AT_A_TIME / 10)
