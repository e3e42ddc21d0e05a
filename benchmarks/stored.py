"""A database with millions of customers in it, filled in SQL."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg

from benchmarks.databases import Database
from benchmarks.documents import Row
from benchmarks.postgres import Postgres

_BATCH_ID = "0190a3c1-0000-7000-8000-000000000001"
_AT_ONCE = 500_000  # customers of one INSERT

# Numbers and ids have the form of those that are sent, and come in the order of no index.
_NUMBER = "md5('number ' || i)"
_EXT_ID = "'c-' || md5('customer ' || i)"

_COMMUNICATIONS = f"""
INSERT INTO communications (communication_number, batch_id, business_unit, customer_ext_id, version)
SELECT {_NUMBER}, %(batch_id)s::uuid, %(unit)s, {_EXT_ID}, %(version)s
FROM generate_series(%(first)s::int, %(last)s::int) AS i
"""
_CUSTOMERS = f"""
INSERT INTO customers (customer_ext_id, business_unit, version, communication_number, entity_type, customer_status,
                       batch_id, document)
SELECT {_EXT_ID}, %(unit)s, %(version)s, {_NUMBER}, %(entity_type)s, %(status)s, %(batch_id)s::uuid,
       replace(replace(%(document)s, %(number)s, {_NUMBER}), %(ext_id)s, {_EXT_ID})::jsonb
FROM generate_series(%(first)s::int, %(last)s::int) AS i
"""
_INSERT = {"communications": _COMMUNICATIONS, "customers": _CUSTOMERS}

_KEY = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'
"""


def fill(postgres: Postgres, database: Database, row: Row, customers: int) -> Database:
    """Stores so many customers like `row`; gives the database, which from then on counts what it receives."""
    started, stopped = time.monotonic(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        try:
            list(pool.map(lambda table: _load(database.url, table, row, customers, stopped), _INSERT))
        finally:
            stopped.set()
    postgres.run(database.url, "VACUUM (ANALYZE, FREEZE)")
    postgres.settle()
    _tell(f"filled with {customers:,} customers in {time.monotonic() - started:,.0f} s")
    return replace(database, counting="SELECT coalesce(sum(accepted), 0) FROM batches")


def _load(url: str, table: str, row: Row, customers: int, stopped: threading.Event) -> None:
    """Without the key, which is made at the end: row by row, keys in no order would take an hour."""
    values = {name: getattr(row, name) for name in ("number", "ext_id", "unit", "version", "entity_type", "status")}
    values |= {"document": row.document, "batch_id": _BATCH_ID}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET synchronous_commit = off")
        name, definition = connection.execute(_KEY, (table,)).fetchone() or ("", "")
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for first in range(1, customers + 1, _AT_ONCE):
            if stopped.is_set():
                return
            last = min(first + _AT_ONCE - 1, customers)
            connection.execute(_INSERT[table], {**values, "first": first, "last": last})
            _tell(f"{table}: {last:,} of {customers:,} rows")
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
