"""The storages of the tests, once on each database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from muster.storage import Storage, open_storage, tables
from tests.storage.record_samples import Saved, make_samples
from tests.storage.samples import RESPONSE
from tests.storage.statement_recorder import StatementRecorder, recording


@pytest.fixture(scope="session")
def statement_recorder() -> Iterator[StatementRecorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture(autouse=True)
def _statements_that_citus_takes(statement_recorder: StatementRecorder) -> Iterator[None]:
    """Every storage test fails that makes muster send a statement that a distributed table refuses."""
    yield
    assert statement_recorder.take_refused() == {}


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


@pytest.fixture(scope="module")
def saved(shared_database_url: str) -> Iterator[Saved]:
    storage, samples = open_storage(shared_database_url), make_samples()
    with storage.customers.session() as session:
        for sample in samples:
            session.save(sample.batch, RESPONSE)
    with storage.engine.begin() as connection:
        for sample in samples:
            is_batch = tables.batches.c.id == sample.batch.id
            connection.execute(update(tables.batches).where(is_batch).values(load_id=sample.load_id))
    yield Saved(storage, samples[::-1])
    storage.close()
