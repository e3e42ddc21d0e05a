"""How PostgreSQL finds what it is asked for."""

from collections.abc import Iterator

import pytest

from muster.storage import Storage, open_storage
from tests.storage.samples import arrival, look_up, save

# So often does the driver run a statement, and the server a plan of its own for it, before each keeps what it has.
MANY = 12


@pytest.fixture
def store_of_small_tables(postgres_url: str) -> Iterator[Storage]:
    """With one connection, on a database that PostgreSQL has analyzed when it was empty."""
    store = open_storage(postgres_url, pool_size=1)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield store
    store.close()


def test_what_was_first_asked_of_small_tables_is_found_by_key_when_they_are_large(
    store_of_small_tables: Storage,
) -> None:
    store = store_of_small_tables
    for number in range(MANY):
        look_up(store, [f"number {number}"], [("MAIN", f"customer {number}")])
    save(store, *(arrival(f"n-{number}", f"c-{number}") for number in range(2_000)))
    for number in range(MANY):
        assert look_up(store, [f"n-{number}"], [("MAIN", f"c-{number}")]).numbers == {f"n-{number}"}
    assert _tables_read_whole(store) == 0


def test_an_update_finds_the_old_versions_by_key(store_of_small_tables: Storage) -> None:
    store = store_of_small_tables
    customers = range(2_000)
    save(store, *(arrival(f"1-{number}", f"c-{number}") for number in customers))
    for version in range(2, MANY):
        save(store, *(arrival(f"{version}-{number}", f"c-{number}", version=version) for number in customers[:3]))
    assert _tables_read_whole(store) == 0


def _tables_read_whole(store: Storage) -> int:
    """How often one of the large tables was, by the server's statistics of this database.

    A connection reports what it did when it is told to; of a pool of one that is the connection that did all.
    """
    with store.engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        query = "SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname IN ('customers', 'communications')"
        return int(connection.exec_driver_sql(query).scalar_one())
