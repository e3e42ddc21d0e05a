"""A server whose processes are stopped: it keeps its connections and answers nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from muster.intake.customer_store import Batch, CommitOutcome, LostCommitError
from muster.storage import Storage, StorageUnavailableError, open_storage
from tests.postgres_server import OwnPostgres
from tests.storage.samples import RESPONSE, build_batch, build_customer, count_rows, look_up, save


@pytest.fixture
def frozen_storage(own_postgres: OwnPostgres) -> Iterator[Storage]:
    """A storage with small bounds, and a connection in its pool."""
    storage = open_storage(own_postgres.url, pool_size=4, statement_timeout=0.2, outcome_timeout=0.2)
    save(storage, build_customer("first", "first"))
    yield storage
    storage.close()


@pytest.mark.parametrize(
    "read",
    [
        lambda storage: look_up(storage, ["1"]),
        lambda storage: storage.users.user("somebody"),
        lambda storage: storage.users.users(),
        lambda storage: storage.schema_state(),
    ],
    ids=["session", "compiled select", "select", "schema"],
)
def test_reading_fails_after_a_bounded_time(
    own_postgres: OwnPostgres, frozen_storage: Storage, read: Callable[[Storage], object]
) -> None:
    read(frozen_storage)
    with own_postgres.frozen(), pytest.raises(StorageUnavailableError):
        read(frozen_storage)
    read(frozen_storage)


def test_batch_that_the_server_did_not_take_is_not_saved_later(
    own_postgres: OwnPostgres, frozen_storage: Storage
) -> None:
    batch = build_batch(build_customer("1", "1"), build_customer("2", "2"))
    with own_postgres.frozen(), pytest.raises(StorageUnavailableError):
        save_batch(frozen_storage, batch)
    wait_until(lambda: count_backends(frozen_storage) == 1)
    assert count_rows(frozen_storage)["batches"] == 1


def test_batch_whose_server_freezes_during_the_write_is_not_saved_later(
    own_postgres: OwnPostgres, frozen_storage: Storage
) -> None:
    with ExitStack() as frozen:

        class FreezingDocument(bytes):
            def __len__(self) -> int:  # called while the rows are copied
                frozen.enter_context(own_postgres.frozen())
                return super().__len__()

        customers = build_customer("1", "1"), build_customer("2", "2", document=FreezingDocument(b"{}"))
        with pytest.raises(StorageUnavailableError):
            save_batch(frozen_storage, build_batch(*customers))
    wait_until(lambda: count_backends(frozen_storage) == 1)
    assert count_rows(frozen_storage)["batches"] == 1


def test_batch_of_one_that_the_server_may_save_later_has_an_unknown_outcome(
    own_postgres: OwnPostgres, frozen_storage: Storage
) -> None:
    batch = build_batch(build_customer("1", "1"))
    with own_postgres.frozen(), frozen_storage.customers.session() as session:
        with pytest.raises(LostCommitError) as error:
            session.save(batch, RESPONSE)
        assert error.value.batch_id == batch.id
        assert session.find_outcome(batch.id) is CommitOutcome.UNKNOWN
    wait_until(lambda: count_rows(frozen_storage)["batches"] == 2)


def save_batch(storage: Storage, batch: Batch) -> None:
    with storage.customers.session() as session:
        session.save(batch, RESPONSE)


def count_backends(storage: Storage) -> int:
    with storage.engine.connect() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'muster'"
        return int(connection.exec_driver_sql(query).scalar_one())


def wait_until(is_done: Callable[[], bool]) -> None:
    for _ in range(400):
        if is_done():
            return
        time.sleep(0.05)
    raise AssertionError("it never happened")
