"""Upper bounds of the machine: connections that only write, and one decoder that only decodes.

Everything is prepared before the timed part, an advantage that no service has.
"""

import gc
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from operator import attrgetter
from struct import pack
from typing import Any, Final
from uuid import uuid4

import msgspec
import psycopg

from benchmarks.databases import Database
from benchmarks.row_templates import Row

# Text COPY took the same time within the noise, for minimal and for full rows.
_COPY_COMMUNICATIONS: Final = """
COPY communications (communication_number, batch_id, business_unit, customer_ext_id, version)
FROM STDIN (FORMAT binary)
"""
_COPY_CUSTOMERS: Final = """
COPY customers (customer_ext_id, business_unit, version, communication_number, entity_type, customer_status, batch_id,
                document)
FROM STDIN (FORMAT binary)
"""
_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_JSONB_VERSION: Final = b"\1"
_VERSION: Final = b"\0\0\0\1"

_ADD_COMMUNICATION: Final = """
INSERT INTO communications (communication_number, batch_id, business_unit, customer_ext_id, version)
VALUES (?, ?, ?, ?, ?)
"""
_ADD_CUSTOMER: Final = """
INSERT INTO customers (customer_ext_id, business_unit, version, communication_number, entity_type, customer_status,
                       batch_id, document)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
# The same as in the service.
_PRAGMAS: Final = ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 10000")


def time_copy(database: Database, rows: Sequence[Row], batch: int, connections: int = 1) -> float:
    """Seconds to COPY the rows into their two tables, `batch` rows per transaction."""
    prepared = [
        (_to_binary(_build_communications(chunk)), _to_binary(_build_customers(chunk))) for chunk in _split(rows, batch)
    ]
    pending = iter(prepared)  # one connection takes its next transaction when it has committed the last one
    with ExitStack() as stack, ThreadPoolExecutor(connections) as pool:
        opened = [stack.enter_context(psycopg.connect(database.url, autocommit=True)) for _ in range(connections)]
        started = time.perf_counter()
        for copied in [pool.submit(_copy_all, connection, pending) for connection in opened]:
            copied.result()
        return time.perf_counter() - started


def _copy_all(connection: psycopg.Connection[Any], pending: Iterator[tuple[bytes, bytes]]) -> None:
    for communications, customers in pending:
        with connection.transaction(), connection.cursor() as cursor:
            with cursor.copy(_COPY_COMMUNICATIONS) as copy:
                copy.write(communications)
            with cursor.copy(_COPY_CUSTOMERS) as copy:
                copy.write(customers)


def time_inserts(database: Database, rows: Sequence[Row], batch: int) -> float:
    """Seconds to insert the rows into the two tables of a SQLite file, `batch` rows per transaction."""
    prepared = [_build_parameters(chunk) for chunk in _split(rows, batch)]
    with closing(sqlite3.connect(database.file, isolation_level=None)) as connection:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        started = time.perf_counter()
        for communications, customers in prepared:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_ADD_COMMUNICATION, communications)
            connection.executemany(_ADD_CUSTOMER, customers)
            connection.execute("COMMIT")
        return time.perf_counter() - started


def time_decoding(bodies: Iterable[bytes]) -> float:
    """Seconds of CPU time to decode the bodies into plain objects, each freed before the next.

    The garbage collector has its default settings. The benchmark's own objects are frozen: traversing them made
    decoding take two thirds longer.
    """
    decode, prepared = msgspec.json.Decoder().decode, list(bodies)
    gc.collect()
    gc.freeze()
    try:
        started = time.process_time()
        for body in prepared:
            decode(body)
        return time.process_time() - started
    finally:
        gc.unfreeze()


def _split(rows: Sequence[Row], batch: int) -> Iterator[Sequence[Row]]:
    return (rows[start : start + batch] for start in range(0, len(rows), batch))


def _build_communications(rows: Iterable[Row]) -> Iterator[tuple[bytes, ...]]:
    batch_id = uuid4().bytes
    for row in sorted(rows, key=attrgetter("number")):
        yield row.number.encode(), batch_id, row.unit.encode(), row.ext_id.encode(), _VERSION


def _build_customers(rows: Iterable[Row]) -> Iterator[tuple[bytes, ...]]:
    batch_id = uuid4().bytes
    for row in sorted(rows, key=attrgetter("ext_id")):
        texts = (row.number, row.entity_type, row.status)
        encoded = (text.encode() for text in texts)
        yield (
            row.ext_id.encode(),
            row.unit.encode(),
            _VERSION,
            *encoded,
            batch_id,
            _JSONB_VERSION + row.document.encode(),
        )


def _to_binary(rows: Iterable[tuple[bytes, ...]]) -> bytes:
    encoded = (pack("!h", len(row)) + b"".join(pack("!i", len(content)) + content for content in row) for row in rows)
    return _HEADER + b"".join(encoded) + _TRAILER


def _build_parameters(rows: Sequence[Row]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    batch_id = uuid4().hex
    communications: list[tuple[Any, ...]] = [
        (row.number, batch_id, row.unit, row.ext_id, row.version) for row in sorted(rows, key=attrgetter("number"))
    ]
    customers: list[tuple[Any, ...]] = [
        (row.ext_id, row.unit, row.version, row.number, row.entity_type, row.status, batch_id, row.document)
        for row in sorted(rows, key=attrgetter("ext_id"))
    ]
    return communications, customers
