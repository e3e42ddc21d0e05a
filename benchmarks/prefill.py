"""Fills a PostgreSQL database with millions of customers, in SQL."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg

from benchmarks.databases import Database
from benchmarks.postgres import PostgresServer
from benchmarks.progress import print_progress
from benchmarks.row_templates import Row

_BATCH_ID = "0190a3c1-0000-7000-8000-000000000001"
_ROWS_PER_INSERT = 500_000

# Numbers and ids look like those of the requests, and no index has them in the order of insertion.
_NUMBER = "md5('number ' || i)"
_EXT_ID = "'c-' || md5('customer ' || i)"

_INSERT_COMMUNICATIONS = f"""
INSERT INTO communications (communication_number, batch_id, business_unit, customer_ext_id, version)
SELECT {_NUMBER}, %(batch_id)s::uuid, %(unit)s, {_EXT_ID}, %(version)s
FROM generate_series(%(first)s::int, %(last)s::int) AS i
"""
_INSERT_CUSTOMERS = f"""
INSERT INTO customers (customer_ext_id, business_unit, version, communication_number, entity_type, customer_status,
                       batch_id, document)
SELECT {_EXT_ID}, %(unit)s, %(version)s, {_NUMBER}, %(entity_type)s, %(status)s, %(batch_id)s::uuid,
       replace(replace(%(document)s, %(number)s, {_NUMBER}), %(ext_id)s, {_EXT_ID})::jsonb
FROM generate_series(%(first)s::int, %(last)s::int) AS i
"""
_INSERT = {"communications": _INSERT_COMMUNICATIONS, "customers": _INSERT_CUSTOMERS}

_SELECT_PRIMARY_KEY = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'
"""


def fill_database(postgres: PostgresServer, database: Database, row: Row, customers: int) -> Database:
    """Stores this many customers like `row`. Returns the database; its `count_rows` counts later customers only."""
    started, stopped = time.monotonic(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        try:
            list(pool.map(lambda table: _fill_table(database.url, table, row, customers, stopped), _INSERT))
        finally:
            stopped.set()
    postgres.run(database.url, "VACUUM (ANALYZE, FREEZE)")
    postgres.checkpoint()
    print_progress(f"filled with {customers:,} customers in {time.monotonic() - started:,.0f} s")
    return replace(database, count_query="SELECT coalesce(sum(accepted), 0) FROM batches")


def _fill_table(url: str, table: str, row: Row, customers: int, stopped: threading.Event) -> None:
    """Inserts without the primary key and adds it at the end: inserting in random key order would take an hour."""
    values = {name: getattr(row, name) for name in ("number", "ext_id", "unit", "version", "entity_type", "status")}
    values |= {"document": row.document, "batch_id": _BATCH_ID}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET synchronous_commit = off")
        name, definition = connection.execute(_SELECT_PRIMARY_KEY, (table,)).fetchone() or ("", "")
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for first in range(1, customers + 1, _ROWS_PER_INSERT):
            if stopped.is_set():
                return
            last = min(first + _ROWS_PER_INSERT - 1, customers)
            connection.execute(_INSERT[table], {**values, "first": first, "last": last})
            print_progress(f"{table}: {last:,} of {customers:,} rows")
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
