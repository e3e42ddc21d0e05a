"""Transactions that remove personal data."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from muster.storage.engine import write_transaction


@contextmanager
def erasing_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write; SQLite overwrites with zeros what it removes."""
    with write_transaction(engine) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        yield connection
