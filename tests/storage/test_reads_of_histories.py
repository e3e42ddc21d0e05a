"""What reading a customer costs the database, in counted work: the length of the history does not matter."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from muster.storage import Storage
from muster.storage.postgres.citus import fetch_value, is_distributed
from tests.storage.samples import AT, build_customer, save

MIB = 1024 * 1024
SHORT, LONG = 12, 240  # versions
# The database may read this many documents ahead of a page that ends early.
MAX_READ_AHEAD = 4


def build_document(size: int) -> bytes:
    """A document of this size that hardly compresses: PostgreSQL stores it apart from its row, in chunks."""
    return json.dumps({"text": random.Random(size).randbytes(size // 2).hex()}).encode()


@pytest.fixture(name="histories")
def _histories(storage: Storage) -> Storage:
    """A customer with a short history and one with a long one, of equal documents."""
    document = build_document(6_000)
    for ext_id, versions in (("short", SHORT), ("long", LONG)):
        save(storage, *(build_customer(f"{ext_id}-{v}", ext_id, v, document=document) for v in range(1, versions + 1)))
    if storage.engine.dialect.name == "postgresql":
        with storage.engine.connect() as connection:
            if is_distributed(partial(fetch_value, connection)):
                pytest.skip("the node that answers counts only the rows that it has itself")
            connection.exec_driver_sql("ANALYZE")
    return storage


@contextmanager
def counting(storage: Storage) -> Iterator[dict[str, int]]:
    """Counts the work of the block, in which one connection at a time is used.

    SQLite: `steps` of its virtual machine. PostgreSQL: `rows` of customers, and `chunks` of their documents.
    """
    counted: dict[str, int] = {}
    pooled = storage.engine.raw_connection()
    driver: Any = pooled.driver_connection
    pooled.close()  # the pool gives the connection of last use first
    if storage.engine.dialect.name == "sqlite":
        steps = [0]

        def count() -> None:
            steps[0] += 1

        driver.set_progress_handler(count, 1)
        yield counted
        driver.set_progress_handler(None, 0)
        counted["steps"] = steps[0]
    else:
        before = _read_statistics(storage)
        yield counted
        counted.update({name: value - before[name] for name, value in _read_statistics(storage).items()})


def _read_statistics(storage: Storage) -> dict[str, int]:
    query = """
        SELECT sum(s.seq_tup_read + s.idx_tup_fetch), sum(coalesce(t.idx_tup_fetch, 0)) FROM pg_stat_user_tables AS s
        JOIN pg_class AS c ON c.oid = s.relid JOIN pg_stat_all_tables AS t ON t.relid = c.reltoastrelid
        WHERE s.relname IN ('customers', 'customer_history')
    """
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        rows, chunks = connection.exec_driver_sql(query).one()
    return {"rows": int(rows), "chunks": int(chunks)}


def count_reads(storage: Storage, read: Callable[[str], object]) -> tuple[dict[str, int], dict[str, int]]:
    """The work for the customer with the short history, and for the one with the long history."""
    counts = []
    for ext_id in ("short", "long"):
        assert read(ext_id)  # fills the caches of statements
        with counting(storage) as counted:
            read(ext_id)
        counts.append(counted)
    return counts[0], counts[1]


def test_current_customer_costs_the_same_whatever_its_history(histories: Storage) -> None:
    short, long = count_reads(histories, lambda ext_id: histories.records.customer(ext_id, "MAIN", None))
    assert short == long
    assert long.get("rows", 1) == 1


def test_customer_at_a_moment_reads_one_document_and_only_versions_since_then(histories: Storage) -> None:
    later = AT + timedelta(days=1)
    short, long = count_reads(histories, lambda ext_id: histories.records.customer(ext_id, "MAIN", later))
    assert short == long
    with counting(histories) as current:
        histories.records.customer("long", "MAIN", None)
    assert long.get("chunks") == current.get("chunks")


@pytest.mark.parametrize("below", [None, 10])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_page_of_a_history_reads_only_its_own_versions(histories: Storage, below: int | None, limit: int) -> None:
    short, long = count_reads(
        histories,
        lambda ext_id: histories.records.versions(ext_id, "MAIN", below=below, limit=limit, max_bytes=MIB),
    )
    assert short == long
    assert long.get("rows", 0) <= limit + (below is not None)  # the current version is looked at for its number


def test_page_of_large_documents_ends_early(storage: Storage) -> None:
    document = build_document(256 * 1024)
    save(storage, *(build_customer(str(version), "c", version, document=document) for version in range(1, 40)))
    with counting(storage) as all_read:
        assert len(storage.records.versions("c", "MAIN", below=None, limit=100, max_bytes=100 * MIB)) == 39
    with counting(storage) as counted:
        found = storage.records.versions("c", "MAIN", below=None, limit=100, max_bytes=MIB)
    assert [version.version for version in found] == [39, 38, 37, 36]
    for name, value in counted.items():
        assert value <= all_read[name] * (4 + MAX_READ_AHEAD) / 39 + 100


def test_page_has_two_documents_however_large_they_are(storage: Storage) -> None:
    document = build_document(64 * 1024)
    save(storage, *(build_customer(str(version), "c", version, document=document) for version in (1, 2, 3)))
    versions = storage.records.versions("c", "MAIN", below=None, limit=9, max_bytes=1)
    assert [version.version for version in versions] == [3, 2]
