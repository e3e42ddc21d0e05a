"""Truncating the write-ahead log of a SQLite database (the file `-wal`), which otherwise keeps removed rows."""

import sqlite3
import time
from contextlib import closing
from typing import Final

from sqlalchemy import Engine

from muster.storage.pool import check_out_connection

# Seconds until the checkpoint gives up waiting for readers.
CHECKPOINT_TIMEOUT_SECONDS: Final = 10.0

# Seconds that one attempt waits for readers; during this time SQLite blocks all writers.
_ATTEMPT_SECONDS: Final = 0.5
_PAUSE_SECONDS: Final = 0.05  # lets writers in between the attempts


def truncate_wal(engine: Engine, timeout: float = CHECKPOINT_TIMEOUT_SECONDS) -> bool:
    """Runs a TRUNCATE checkpoint. False when readers still use the log after `timeout` seconds."""
    with closing(check_out_connection(engine)) as pooled:
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        [[busy_timeout]] = connection.execute("PRAGMA busy_timeout")
        connection.execute(f"PRAGMA busy_timeout = {_ATTEMPT_SECONDS * 1000:.0f}")
        try:
            return _retry_checkpoint(connection, timeout)
        finally:
            connection.execute(f"PRAGMA busy_timeout = {busy_timeout}")


def _retry_checkpoint(connection: sqlite3.Connection, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while True:
        # A checkpoint that readers block is not an error; its first column is 1.
        [[busy, _, _]] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if not busy or time.monotonic() > deadline:
            return not busy
        time.sleep(_PAUSE_SECONDS)
