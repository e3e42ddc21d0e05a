"""The service as it ships, for the client; what a client sees does not depend on the database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.auth.users import Role
from muster_client import Client
from tests.serving import Api, serving


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Path) -> Iterator[Api]:
    """One service for all tests of a module, which send only identifiers that no other test has."""
    path = tmp_path_factory.mktemp("client") / "muster.db"
    shutil.copy(_migrated_sqlite, path)
    with serving(f"sqlite:///{path}", threads=8, max_queued_requests=64) as api:
        yield api


@pytest.fixture
def client(api: Api) -> Iterator[Client]:
    """A client of a user who sends and reads."""
    with Client(f"http://127.0.0.1:{api.port}", token=api.user(Role.SUBMIT | Role.READ), verify=False) as client:
        yield client
