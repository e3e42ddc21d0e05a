"""The plans of PostgreSQL use keys."""

from collections.abc import Iterator

import pytest

from muster.storage import Storage, open_storage
from tests.storage.samples import build_customer, look_up, save

# More executions than the driver needs to prepare a statement, and the server to settle on a generic plan.
EXECUTIONS = 12


@pytest.fixture
def storage_of_small_tables(postgres_url: str) -> Iterator[Storage]:
    """Has one connection, and tables that PostgreSQL analyzed when they were empty."""
    storage = open_storage(postgres_url, pool_size=1)
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.exec_driver_sql("SELECT pg_stat_reset()")  # tests before this one have scanned the tables
    yield storage
    storage.close()


def test_lookup_planned_for_small_tables_uses_keys_when_they_have_grown(
    storage_of_small_tables: Storage,
) -> None:
    storage = storage_of_small_tables
    for number in range(EXECUTIONS):
        look_up(storage, [f"number {number}"], [("MAIN", f"customer {number}")])
    save(storage, *(build_customer(f"n-{number}", f"c-{number}") for number in range(2_000)))
    for number in range(EXECUTIONS):
        assert look_up(storage, [f"n-{number}"], [("MAIN", f"c-{number}")]).numbers == {f"n-{number}"}
    assert _count_sequential_scans(storage) == 0


def test_update_finds_the_replaced_versions_by_key(storage_of_small_tables: Storage) -> None:
    storage = storage_of_small_tables
    customers = range(2_000)
    save(storage, *(build_customer(f"1-{number}", f"c-{number}") for number in customers))
    for version in range(2, EXECUTIONS):
        save(
            storage,
            *(build_customer(f"{version}-{number}", f"c-{number}", version=version) for number in customers[:3]),
        )
    assert _count_sequential_scans(storage) == 0


def _count_sequential_scans(storage: Storage) -> int:
    """The sequential scans of the large tables, from the server's statistics.

    A connection must flush its own statistics; the pool has only one connection.
    """
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        query = "SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname IN ('customers', 'communications')"
        return int(connection.exec_driver_sql(query).scalar_one())
