"""The storages of the tests of loads."""

from collections.abc import Iterator

import pytest

from muster.storage import Storage, open_storage


@pytest.fixture(scope="module")
def shared_storage(shared_database_url: str) -> Iterator[Storage]:
    """A storage for all tests of a module, once on each database."""
    storage = open_storage(shared_database_url)
    yield storage
    storage.close()
