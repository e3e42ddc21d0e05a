"""An application that the tests of a module share, because making one takes 60 ms."""

from collections.abc import Iterator

import pytest
from litestar.testing import TestClient

from muster.web.app import Application
from tests.web.fakes import FakeRecords, application


@pytest.fixture(scope="module")
def shared_records() -> FakeRecords:
    return FakeRecords()


@pytest.fixture(scope="module")
def client(shared_records: FakeRecords) -> Iterator[TestClient[Application]]:
    """A client of an application on fakes."""
    with TestClient(application(records=shared_records)) as client:
        yield client


@pytest.fixture
def records(shared_records: FakeRecords) -> FakeRecords:
    """The records of the application of `client`, not called yet."""
    shared_records.calls.clear()
    return shared_records
