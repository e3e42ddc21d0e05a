"""Documents of type json, as a Citus cluster has them: they are saved, read and searched as those of type jsonb."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from muster.records.retention import RetentionKind
from muster.storage import Storage, StorageError, open_storage
from tests.storage.samples import AT, build_customer, count_rows, save

TABLES = ("customers", "customer_history")


def set_type(storage: Storage, name: str) -> None:
    with storage.engine.begin() as connection:
        for table in TABLES:
            connection.execute(text(f"ALTER TABLE {table} ALTER COLUMN document TYPE {name}"))


@pytest.fixture(params=["jsonb", "json"])
def storage(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[Storage]:
    storage = open_storage(postgres_url)
    set_type(storage, request.param)
    yield storage
    storage.close()


def read_number(storage: Storage, version: int) -> str:
    found = storage.records.version("c", "MAIN", version)
    assert found is not None
    number: str = json.loads(found.document)["from"]
    return number


def test_batch_of_one_and_versions_of_a_larger_one_are_read_as_they_were_saved(storage: Storage) -> None:
    save(storage, build_customer("1", "c"))
    save(storage, build_customer("2", "c", 2), build_customer("3", "c", 3), build_customer("4", "d"))
    assert [read_number(storage, version) for version in (1, 2, 3)] == ["1", "2", "3"]
    assert count_rows(storage)["customer_history"] == 2


def test_closed_customer_is_found_by_its_document(storage: Storage) -> None:
    closed = json.dumps({"customerStatus": "CLOSED", "closingDate": "2018-01-01"}).encode()
    save(
        storage, build_customer("1", "closed", customer_status="CLOSED", document=closed), build_customer("2", "active")
    )
    before, now = datetime(2019, 1, 1, tzinfo=UTC), AT + timedelta(days=9_999)
    assert sum(storage.retention.purge(RetentionKind.CLOSED_CUSTOMERS, before, now)) == 1
    assert count_rows(storage)["customers"] == 1


def test_type_that_changes_while_a_service_runs_costs_a_connection_one_batch(postgres_url: str) -> None:
    storage = open_storage(postgres_url, pool_size=1)
    save(storage, build_customer("1", "c"), build_customer("2", "d"))
    set_type(storage, "json")
    with pytest.raises(StorageError, match="SQLSTATE 22P02"):
        save(storage, build_customer("3", "c", 2), build_customer("4", "d", 2))
    save(storage, build_customer("3", "c", 2), build_customer("4", "d", 2))
    assert read_number(storage, 2) == "3"
    storage.close()
