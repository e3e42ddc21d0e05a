"""The service over HTTP, on both databases."""

from collections.abc import Iterator

import pytest

from tests.serving import Api, serving


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    """The service on a database without customers."""
    with serving(database_url, threads=16, max_queued_requests=64) as api:
        yield api


@pytest.fixture(scope="module")
def shared_api(shared_database_url: str) -> Iterator[Api]:
    """One service for all tests of a module, which send only identifiers that no other test has."""
    with serving(shared_database_url, threads=16, max_queued_requests=64) as api:
        yield api


@pytest.fixture(scope="module")
def shared_api_with_units(shared_database_url: str) -> Iterator[Api]:
    """As `shared_api`, of an installation with the business units NORTH and SOUTH. A module uses one of them."""
    with serving(shared_database_url) as api:
        api.units("NORTH", "SOUTH")  # before the first request, so the service has no older code lists in its cache
        yield api
