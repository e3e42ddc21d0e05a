"""The SQLAlchemy engine of a SQLite file: write-ahead log, durability and caches of its connections."""

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event

from muster.storage.pool import IS_WRITER, WRITE_LOCK, WRITE_LOCK_TIMEOUT, build_pool_options
from muster.storage.sqlite.write_lock import WriteLock

# KiB of pages that a connection caches. In a database of 60,000 customers a lookup takes 3.0 µs a customer with
# SQLite's default of 2,000, and 1.6 µs with this; 300,000 customers are too many for either.
_CACHE_KIB: Final = 32 * 1024

# Pages of 4 KB in the write-ahead log before a checkpoint. Customers arrive in the order of no index, so each batch
# touches pages all over the file: SQLite's default of 1,000 took 57 µs a customer in batches of 1,000, this takes 29.
_AUTOCHECKPOINT_PAGES: Final = 10_000

_WAL_RETRY_SECONDS: Final = 0.01


def create_sqlite_engine(url: URL, pool_size: int, lock_timeout: float) -> Engine:
    """An engine that connects on first use; a writer waits at most `lock_timeout` seconds for others."""
    engine = create_engine(
        url,
        # Isolation level None leaves transactions to us: Python's driver would begin them late and not IMMEDIATE.
        connect_args={"timeout": lock_timeout, "isolation_level": None, "check_same_thread": False},
        execution_options={WRITE_LOCK: WriteLock(lock_timeout)},
        **build_pool_options(pool_size, lock_timeout),
    )
    event.listen(engine, "do_connect", _create_private_file)
    event.listen(engine, "connect", lambda connection, _record: _set_up(connection, lock_timeout))
    event.listen(engine, "begin", _begin)
    return engine


def _create_private_file(_dialect: object, _record: object, arguments: Sequence[str], _options: object) -> None:
    """Creates a new database file with mode 0600, because it will hold personal data; SQLite would use 0644."""
    with suppress(OSError):
        os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL, 0o600))


def _set_up(connection: sqlite3.Connection, lock_timeout: float) -> None:
    _enable_wal(connection, lock_timeout)
    connection.execute("PRAGMA synchronous = FULL")  # a commit is on disk when it returns, in WAL mode too
    connection.execute(f"PRAGMA wal_autocheckpoint = {_AUTOCHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA trusted_schema = OFF")


def _enable_wal(connection: sqlite3.Connection, lock_timeout: float) -> None:
    """Lets readers and the writer work side by side. The mode stays with the file."""
    deadline = time.monotonic() + lock_timeout
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            # Two processes that open a new file at once: SQLite's busy timeout does not cover this lock.
            if time.monotonic() > deadline:
                raise
            time.sleep(_WAL_RETRY_SECONDS)


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    timeout: float | None = options.get(WRITE_LOCK_TIMEOUT)
    if not options.get(IS_WRITER, False):
        connection.exec_driver_sql("BEGIN")
    elif timeout is None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {usual}")
