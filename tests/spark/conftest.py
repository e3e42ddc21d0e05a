"""Closes what the processes of executors keep open."""

from collections.abc import Iterator

import pytest

from muster.spark.executor import close_storages
from muster.spark.writers import close_clients


@pytest.fixture(autouse=True)
def _closed_storages() -> Iterator[None]:
    yield
    close_storages()
    close_clients()
