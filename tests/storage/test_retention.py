"""A purge removes what is older than the day, and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from muster.intake.customer_store import RejectedCustomer
from muster.intake.idempotency import IdempotencyKey
from muster.intake.service import generate_batch_id
from muster.intake.write_plan import AcceptedCustomer
from muster.records.record_filter import RecordFilter
from muster.records.retention import RetentionKind
from muster.records.visibility import Visibility
from muster.storage import Storage, open_storage
from muster.storage.retention import SqlRetentionStore
from tests.storage.samples import RESPONSE, build_batch, build_customer, count_rows, fetch, list_batches

BEFORE = datetime(2019, 1, 1, tzinfo=UTC)
OLD, NEW = BEFORE - timedelta(milliseconds=1), BEFORE
NOW = BEFORE + timedelta(days=3)


def build_closed(number: str, ext_id: str, day: str | None, version: int = 1, **changes: Any) -> AcceptedCustomer:
    content = {"customerStatus": "CLOSED"} | ({"closingDate": day} if day else {})
    changes = {"customer_status": "CLOSED", "document": json.dumps(content).encode()} | changes
    return build_customer(number, ext_id, version, **changes)


def save(
    storage: Storage,
    *accepted: AcceptedCustomer,
    at: datetime = OLD,
    rejected: int = 0,
    key: str | None = None,
    key_life: timedelta = timedelta(days=1),
) -> None:
    """Saves a batch received at `at`, with this number of rejections."""
    rejections = tuple(RejectedCustomer(n, f"r{n}", None, None, (("C018", ""),)) for n in range(rejected))
    idempotency_key = IdempotencyKey("sender", key, b"f", at - key_life, at + key_life) if key else None
    batch = replace(
        build_batch(*accepted, rejected=rejections),
        id=generate_batch_id(at),
        received_at=at,
        idempotency_key=idempotency_key,
        redacted_response=b"redacted",
    )
    with storage.customers.session() as session:
        session.save(batch, RESPONSE)


def purge(storage: Storage, kind: RetentionKind) -> int:
    """Purges with chunks of two rows, so that a few rows take several chunks."""
    retention = SqlRetentionStore(storage.engine, chunk_rows=2, chunk_responses=2)
    count = retention.count(kind, BEFORE, NOW)
    removed = sum(retention.purge(kind, BEFORE, NOW))
    assert removed == count
    assert retention.count(kind, BEFORE, NOW) == 0
    return removed


def has_stored_response(storage: Storage, key: str) -> bool:
    """Whether a request with this key would still be replayed."""
    with (
        storage.customers.session() as session,
        session.claim(IdempotencyKey("sender", key, b"f", OLD, NOW)) as stored,
    ):
        return stored is not None


def test_old_keys_rejections_and_responses_are_removed(storage: Storage) -> None:
    for number in range(5):
        save(storage, build_customer(f"o{number}", f"o{number}"), rejected=3, key=f"old {number}")
        save(storage, build_customer(f"n{number}", f"n{number}"), at=NEW, rejected=3, key=f"new {number}")

    assert purge(storage, RetentionKind.KEYS) == 5
    assert purge(storage, RetentionKind.REJECTIONS) == 15
    remaining, customers = storage.search.count(RecordFilter(), Visibility(), limit=99)
    assert remaining
    assert {count.day for count in remaining} == {NEW.date()}
    assert {count.day for count in customers} == {OLD.date(), NEW.date()}
    assert purge(storage, RetentionKind.RESPONSES) == 5

    assert {key for (key,) in fetch(storage, "SELECT idempotency_key FROM idempotency_keys")} == {
        f"new {number}" for number in range(5)
    }
    assert count_rows(storage) == {
        "communications": 10,
        "customers": 10,
        "customer_history": 0,
        "batches": 10,
        "rejections": 15,
    }
    with_response = {
        batch.received_at
        for batch in list_batches(storage, sender=None, before=None, limit=99)
        if storage.records.response(batch.id)
    }
    assert with_response == {NEW}


def test_valid_key_keeps_its_response(storage: Storage) -> None:
    for number in range(5):
        save(storage, key=f"expired {number}", key_life=NOW - OLD - timedelta(seconds=1))
        save(storage, key=f"valid {number}", key_life=NOW - OLD)
    assert purge(storage, RetentionKind.KEYS) == 5
    assert purge(storage, RetentionKind.RESPONSES) == 5
    assert not any(has_stored_response(storage, f"expired {number}") for number in range(5))
    assert all(has_stored_response(storage, f"valid {number}") for number in range(5))


@pytest.mark.parametrize("kind", [RetentionKind.KEYS, RetentionKind.RESPONSES])
def test_response_as_it_was_sent_is_removed_with_its_key_or_batch(storage: Storage, kind: RetentionKind) -> None:
    for number in range(5):
        save(storage, key=f"expired {number}")
        save(storage, key=f"valid {number}", key_life=NOW - OLD)
        save(storage)
    assert fetch(storage, "SELECT count(*) FROM replay_responses") == [(10,)]
    purge(storage, kind)
    kept = fetch(storage, "SELECT batch_id FROM idempotency_keys WHERE idempotency_key LIKE 'valid%'")
    assert len(kept) == 5
    assert set(fetch(storage, "SELECT batch_id FROM replay_responses")) == set(kept)
    assert all(has_stored_response(storage, f"valid {number}") for number in range(5))


def test_valid_key_keeps_its_response_if_responses_are_removed_first(storage: Storage) -> None:
    save(storage, key="valid", key_life=timedelta(days=30))
    save(storage, key="expired")
    assert purge(storage, RetentionKind.RESPONSES) == 1
    assert purge(storage, RetentionKind.KEYS) == 1
    assert has_stored_response(storage, "valid")


def test_key_without_stored_validity_is_removed_by_its_age(storage: Storage) -> None:
    save(storage, key="older", key_life=timedelta(days=30))
    with storage.engine.begin() as connection:
        connection.execute(text("UPDATE idempotency_keys SET valid_until = NULL"))
    assert purge(storage, RetentionKind.RESPONSES) == 1
    assert purge(storage, RetentionKind.KEYS) == 1


@pytest.fixture(scope="module")
def storage_with_a_batch(shared_database_url: str) -> Iterator[Storage]:
    """A storage for the tests that remove nothing, with a batch."""
    storage = open_storage(shared_database_url)
    save(storage, build_closed("1", "c", "2018-01-01"), rejected=1, key="k")
    yield storage
    storage.close()


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "1970-01-01", "1970-01-02"])
@pytest.mark.parametrize("kind", RetentionKind)
def test_day_before_all_batches_removes_nothing(storage_with_a_batch: Storage, day: str, kind: RetentionKind) -> None:
    moment = datetime.fromisoformat(f"{day}T00:00:00Z")
    assert storage_with_a_batch.retention.count(kind, moment, NOW) == 0
    assert sum(storage_with_a_batch.retention.purge(kind, moment, NOW)) == 0


def test_chunk_may_end_at_the_last_row(storage: Storage) -> None:
    assert purge(storage, RetentionKind.KEYS) == 0
    for number in range(4):
        save(storage, key=str(number), rejected=1)
    assert purge(storage, RetentionKind.KEYS) == 4


def test_closed_customer_is_removed_with_its_history_and_numbers(storage: Storage) -> None:
    save(storage, build_customer("1", "closed"), build_customer("2", "closed", 2))
    save(storage, build_closed("3", "closed", "2018-12-31", 3), build_customer("4", "active"))

    assert purge(storage, RetentionKind.CLOSED_CUSTOMERS) == 1
    assert fetch(storage, "SELECT customer_ext_id FROM customers") == [("active",)]
    assert fetch(storage, "SELECT communication_number FROM communications") == [("4",)]
    assert fetch(storage, "SELECT * FROM customer_history") == []


def test_only_customers_closed_before_the_day_are_removed(storage: Storage) -> None:
    save(
        storage,
        build_closed("1", "closed before", "2018-12-31T23:59:59Z"),
        build_closed("2", "closed on the day", "2019-01-01"),
        build_closed("3", "without a date", None),
        build_closed("4", "active", "2018-01-01", customer_status="ACTIVE"),
        build_closed("5", "reopened", "2018-01-01"),
        build_customer("6", "reopened", 2),
        build_closed("7", "closed before", "2018-01-01", business_unit="OTHER"),
        build_closed("8", "ž", "2018-01-01"),
        build_closed("9", "on the day in UTC, before it in its own zone", "2018-12-31T23:30:00-05:00"),
        build_closed("10", "before the day in UTC, on it in its own zone", "2019-01-01T00:30:00+05:00"),
    )
    assert purge(storage, RetentionKind.CLOSED_CUSTOMERS) == 4
    assert {name for (name,) in fetch(storage, "SELECT customer_ext_id FROM customers")} == {
        "closed on the day",
        "without a date",
        "active",
        "reopened",
        "before the day in UTC, on it in its own zone",
    }


def test_closing_date_counts_and_not_the_date_of_receipt(storage: Storage) -> None:
    save(storage, build_closed("1", "migrated", "2010-01-01"), at=NEW)
    assert purge(storage, RetentionKind.CLOSED_CUSTOMERS) == 1


def test_removed_customer_stays_in_new_responses_and_rejections(storage: Storage) -> None:
    save(storage, build_closed("1", "c", "2018-01-01"), at=NEW, rejected=1)
    for kind in RetentionKind:
        assert purge(storage, kind) == (kind is RetentionKind.CLOSED_CUSTOMERS)
    assert fetch(storage, "SELECT communication_number FROM rejections") == [("r0",)]
    assert fetch(storage, "SELECT count(*) FROM batches WHERE answer IS NOT NULL") == [(1,)]


def test_number_of_a_removed_customer_can_be_used_again(storage: Storage) -> None:
    save(storage, build_closed("1", "c", "2018-01-01"))
    purge(storage, RetentionKind.CLOSED_CUSTOMERS)
    save(storage, build_customer("1", "c"), at=NEW)
    assert count_rows(storage)["customers"] == 1


def test_locked_customer_is_left_to_the_next_purge(postgres_url: str) -> None:
    storage = open_storage(postgres_url)
    try:
        save(storage, build_closed("1", "a", "2018-01-01"), build_closed("2", "b", "2018-01-01"))
        with storage.engine.connect() as connection:
            connection.execute(text("BEGIN"))
            connection.execute(text("SELECT 1 FROM customers WHERE customer_ext_id = 'a' FOR UPDATE"))
            assert sum(storage.retention.purge(RetentionKind.CLOSED_CUSTOMERS, BEFORE, NOW)) == 1
            connection.execute(text("ROLLBACK"))
        assert purge(storage, RetentionKind.CLOSED_CUSTOMERS) == 1
    finally:
        storage.close()
