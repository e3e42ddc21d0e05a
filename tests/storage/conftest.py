"""The storages of the tests, once on each database."""

from collections.abc import Iterator

import pytest

from muster.storage import Storage, open_storage


@pytest.fixture
def storage(database_url: str) -> Iterator[Storage]:
    """An empty storage on `database_url`, with connections for 16 threads."""
    storage = open_storage(database_url, pool_size=16)
    yield storage
    storage.close()


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Storage]:
    """A storage on a database without tables."""
    storage = open_storage(empty_database_url)
    yield storage
    storage.close()
