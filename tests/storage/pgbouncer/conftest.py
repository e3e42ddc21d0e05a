"""The databases of the tests of this directory are reached through PgBouncer."""

from collections.abc import Iterator

import pytest

from tests.postgres_databases import DatabasePool
from tests.storage.pgbouncer.server import PgBouncer, needs_pgbouncer, run_pgbouncer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "pgbouncer" in getattr(item, "fixturenames", ()):
            item.add_marker(needs_pgbouncer)


@pytest.fixture(scope="session")
def pgbouncer(postgres_server_url: str) -> Iterator[PgBouncer]:
    """Has fewer connections to the server than the services and threads of a test have to it."""
    with run_pgbouncer(postgres_server_url) as running:
        yield running


@pytest.fixture
def direct_url(_postgres_pool: DatabasePool) -> Iterator[str]:
    """A migrated database without customers, without PgBouncer."""
    url = _postgres_pool.take()
    yield url
    _postgres_pool.give_back(url)


@pytest.fixture
def postgres_url(pgbouncer: PgBouncer, direct_url: str) -> str:
    """The same database through PgBouncer."""
    return pgbouncer.to_url(direct_url)


@pytest.fixture
def database_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture(scope="module")
def shared_database_url(pgbouncer: PgBouncer, shared_postgres_url: str) -> str:
    return pgbouncer.to_url(shared_postgres_url)
