"""The databases of the tests of this directory are reached through PgBouncer."""

from collections.abc import Iterator

import pytest

from tests.conftest import _TEMPLATE, DatabaseMaker
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
def direct_url(_migrated_postgres: str, postgres_databases: DatabaseMaker) -> str:
    """A migrated database without customers, without PgBouncer."""
    return postgres_databases.make(template=_TEMPLATE)


@pytest.fixture
def postgres_url(pgbouncer: PgBouncer, direct_url: str) -> str:
    """The same database through PgBouncer."""
    return pgbouncer.to_url(direct_url)


@pytest.fixture
def database_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture(scope="module")
def shared_database_url(pgbouncer: PgBouncer, _migrated_postgres: str, postgres_server_url: str) -> Iterator[str]:
    maker = DatabaseMaker(postgres_server_url, [])
    yield pgbouncer.to_url(maker.make(template=_TEMPLATE))
    maker.drop_all()
