"""Queries of the tests on the database of the service, beside it."""

import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.databases import Database


def run_sql(database: Database, query: str) -> list[Any]:
    """The rows of a query."""
    if database.url.startswith("sqlite"):
        with closing(sqlite3.connect(database.file)) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(database.url) as connected:
        return connected.execute(query.encode()).fetchall()


def to_uuid(value: Any) -> UUID:
    """A UUID as either database gives it."""
    return value if isinstance(value, UUID) else UUID(value)
