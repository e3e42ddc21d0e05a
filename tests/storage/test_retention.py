"""What has been kept long enough goes, and nothing else does."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from muster.intake.customer_store import AcceptedCustomer, RejectedCustomer
from muster.intake.idempotency import IdempotencyKey
from muster.intake.service import generate_batch_id
from muster.records.retention import RetentionKind
from muster.storage import Storage, open_storage, retention
from muster.storage.sqlite import wal_checkpoint
from tests.storage.samples import answer, arrival, batch, counts, read

BEFORE = datetime(2019, 1, 1, tzinfo=UTC)
OLD, NEW = BEFORE - timedelta(milliseconds=1), BEFORE
NOW = BEFORE + timedelta(days=3)


def closed(number: str, ext_id: str, day: str | None, version: int = 1, **changes: Any) -> AcceptedCustomer:
    content = {"customerStatus": "CLOSED"} | ({"closingDate": day} if day else {})
    changes = {"customer_status": "CLOSED", "document": json.dumps(content).encode()} | changes
    return arrival(number, ext_id, version, **changes)


def save(
    store: Storage,
    *arrivals: AcceptedCustomer,
    at: datetime = OLD,
    rejected: int = 0,
    key: str | None = None,
    key_life: timedelta = timedelta(days=1),
) -> None:
    refused = tuple(RejectedCustomer(place, f"r{place}", None, None, (("C018", ""),)) for place in range(rejected))
    once = IdempotencyKey("sender", key, b"f", at - key_life, at + key_life) if key else None
    made = replace(batch(*arrivals, rejected=refused), id=generate_batch_id(at), received_at=at, idempotency_key=once)
    with store.customers.session() as session:
        session.save(made, answer)


def purge(store: Storage, kind: RetentionKind) -> int:
    counted = store.retention.count(kind, BEFORE, NOW)
    removed = sum(store.retention.purge(kind, BEFORE, NOW))
    assert removed == counted
    assert store.retention.count(kind, BEFORE, NOW) == 0
    return removed


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few rows are many portions."""
    monkeypatch.setattr(retention, "PORTION", 2)
    monkeypatch.setattr(retention, "PORTION_OF_ANSWERS", 2)


def test_keys_rejections_and_answers_from_before_the_day_go(store: Storage) -> None:
    for number in range(5):
        save(store, arrival(f"o{number}", f"o{number}"), rejected=3, key=f"old {number}")
        save(store, arrival(f"n{number}", f"n{number}"), at=NEW, rejected=3, key=f"new {number}")

    assert purge(store, RetentionKind.KEYS) == 5
    assert purge(store, RetentionKind.REJECTIONS) == 15
    assert purge(store, RetentionKind.ANSWERS) == 5

    assert {key for (key,) in read(store, "SELECT idempotency_key FROM idempotency_keys")} == {
        f"new {number}" for number in range(5)
    }
    assert counts(store) == {
        "communications": 10,
        "customers": 10,
        "customer_history": 0,
        "batches": 10,
        "rejections": 15,
    }
    kept = {
        found.received_at
        for found in store.records.batches(sender=None, before=None, limit=99)
        if store.records.answer(found.id)
    }
    assert kept == {NEW}


def kept_under(store: Storage, key: str) -> bool:
    """Whether the service would still answer with what was kept, by the settings under which it was."""
    once = IdempotencyKey("sender", key, b"f", OLD, NOW)
    with store.customers.session() as session, session.claim(once) as kept:
        return kept is not None


def test_a_key_that_is_still_valid_stays_and_so_does_its_answer(store: Storage) -> None:
    for number in range(5):
        save(store, key=f"over {number}", key_life=NOW - OLD - timedelta(seconds=1))
        save(store, key=f"valid {number}", key_life=NOW - OLD)
    assert purge(store, RetentionKind.KEYS) == 5
    assert purge(store, RetentionKind.ANSWERS) == 5
    assert [kept_under(store, f"{state} {number}") for state in ("over", "valid") for number in range(5)] == [
        *[False] * 5,
        *[True] * 5,
    ]


def test_an_answer_stays_while_its_key_does_whichever_is_removed_first(store: Storage) -> None:
    save(store, key="valid", key_life=timedelta(days=30))
    save(store, key="over")
    assert purge(store, RetentionKind.ANSWERS) == 1
    assert purge(store, RetentionKind.KEYS) == 1
    assert kept_under(store, "valid")


def test_a_key_of_older_code_goes_by_the_day_alone(store: Storage) -> None:
    save(store, key="older", key_life=timedelta(days=30))
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE idempotency_keys SET valid_until = NULL"))
    assert purge(store, RetentionKind.ANSWERS) == 1
    assert purge(store, RetentionKind.KEYS) == 1


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "1970-01-01", "1970-01-02"])
@pytest.mark.parametrize("kind", RetentionKind)
def test_a_day_before_all_batches_removes_nothing(store: Storage, day: str, kind: RetentionKind) -> None:
    save(store, closed("1", "c", "2018-01-01"), rejected=1, key="k")
    moment = datetime.fromisoformat(f"{day}T00:00:00Z")
    assert store.retention.count(kind, moment, NOW) == 0
    assert sum(store.retention.purge(kind, moment, NOW)) == 0


def test_a_portion_that_ends_with_the_table_is_the_last(store: Storage) -> None:
    assert purge(store, RetentionKind.KEYS) == 0
    for number in range(4):
        save(store, key=str(number), rejected=1)
    assert purge(store, RetentionKind.KEYS) == 4


def test_closed_customers_go_with_their_history_and_their_numbers(store: Storage) -> None:
    save(store, arrival("1", "gone"), arrival("2", "gone", 2))
    save(store, closed("3", "gone", "2018-12-31", 3), arrival("4", "stays"))

    assert purge(store, RetentionKind.CLOSED_CUSTOMERS) == 1
    assert read(store, "SELECT customer_ext_id FROM customers") == [("stays",)]
    assert read(store, "SELECT communication_number FROM communications") == [("4",)]
    assert read(store, "SELECT * FROM customer_history") == []


def test_only_customers_that_were_closed_before_the_day_and_still_are_go(store: Storage) -> None:
    save(
        store,
        closed("1", "closed before", "2018-12-31T23:59:59Z"),
        closed("2", "closed on the day", "2019-01-01"),
        closed("3", "without a date", None),
        closed("4", "open", "2018-01-01", customer_status="ACTIVE"),
        closed("5", "open again", "2018-01-01"),
        arrival("6", "open again", 2),
        closed("7", "closed before", "2018-01-01", business_unit="OTHER"),
        closed("8", "ž", "2018-01-01"),
        closed("9", "on the day in UTC, and before it as it is written", "2018-12-31T23:30:00-05:00"),
        closed("10", "before the day in UTC, and on it as it is written", "2019-01-01T00:30:00+05:00"),
    )
    assert purge(store, RetentionKind.CLOSED_CUSTOMERS) == 4
    assert {name for (name,) in read(store, "SELECT customer_ext_id FROM customers")} == {
        "closed on the day",
        "without a date",
        "open",
        "open again",
        "before the day in UTC, and on it as it is written",
    }


def test_a_customer_that_arrived_lately_goes_when_it_was_closed_before_the_day(store: Storage) -> None:
    save(store, closed("1", "migrated", "2010-01-01"), at=NEW)
    assert purge(store, RetentionKind.CLOSED_CUSTOMERS) == 1


def test_what_was_answered_and_refused_from_the_day_on_stays_when_its_customer_goes(store: Storage) -> None:
    save(store, closed("1", "c", "2018-01-01"), at=NEW, rejected=1)
    for kind in RetentionKind:
        assert purge(store, kind) == (kind is RetentionKind.CLOSED_CUSTOMERS)
    assert read(store, "SELECT communication_number FROM rejections") == [("r0",)]
    assert read(store, "SELECT count(*) FROM batches WHERE answer IS NOT NULL") == [(1,)]


def test_a_number_that_is_gone_may_come_again(store: Storage) -> None:
    save(store, closed("1", "c", "2018-01-01"))
    purge(store, RetentionKind.CLOSED_CUSTOMERS)
    save(store, arrival("1", "c"), at=NEW)
    assert counts(store)["customers"] == 1


def test_a_customer_that_is_just_being_changed_is_left_for_the_next_time(postgres_url: str) -> None:
    store = open_storage(postgres_url)
    try:
        save(store, closed("1", "a", "2018-01-01"), closed("2", "b", "2018-01-01"))
        with store.engine.connect() as connection:
            connection.execute(text("BEGIN"))
            connection.execute(text("SELECT 1 FROM customers WHERE customer_ext_id = 'a' FOR UPDATE"))
            assert sum(store.retention.purge(RetentionKind.CLOSED_CUSTOMERS, BEFORE, NOW)) == 1
            connection.execute(text("ROLLBACK"))
        assert purge(store, RetentionKind.CLOSED_CUSTOMERS) == 1
    finally:
        store.close()


SECRET = "Garcia-Wojciechowski"


def in_files(sqlite_url: str) -> bool:
    directory = Path(sqlite_url.removeprefix("sqlite:///")).parent
    return any(SECRET.encode() in path.read_bytes() for path in directory.iterdir() if path.is_file())


def save_secrets(store: Storage) -> None:
    document = json.dumps({"closingDate": "2018-01-01", "lastName": SECRET}).encode()
    save(store, *(closed(str(n), f"c{n}", None, document=document) for n in range(50)))
    save(store, closed("u", "c1", None, 2, document=document))


def test_of_what_was_removed_nothing_is_in_the_files(sqlite_url: str) -> None:
    store = open_storage(sqlite_url)
    try:
        save_secrets(store)
        assert in_files(sqlite_url)
        assert purge(store, RetentionKind.CLOSED_CUSTOMERS) == 50
        assert store.retention.wipe()
        assert not in_files(sqlite_url)
    finally:
        store.close()


def test_while_somebody_reads_what_was_removed_stays_in_the_files_and_that_is_told(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal_checkpoint, "PATIENCE", 0)
    store, reader = open_storage(sqlite_url), open_storage(sqlite_url)
    try:
        save_secrets(store)
        with reader.engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM customers"))  # its transaction lasts
            assert purge(store, RetentionKind.CLOSED_CUSTOMERS) == 50
            assert not store.retention.wipe()
            assert in_files(sqlite_url)
        assert store.retention.wipe()
        assert not in_files(sqlite_url)
    finally:
        store.close()
        reader.close()


def test_a_reader_who_is_soon_gone_is_waited_for(sqlite_url: str) -> None:
    store, reader = open_storage(sqlite_url), open_storage(sqlite_url)
    gone = threading.Event()
    try:
        save_secrets(store)
        connection = reader.engine.connect()
        connection.execute(text("SELECT count(*) FROM customers"))

        def leave() -> None:
            gone.set()
            connection.close()

        purge(store, RetentionKind.CLOSED_CUSTOMERS)
        leaving = threading.Timer(0.7, leave)
        leaving.start()
        assert store.retention.wipe()
        assert gone.is_set()
        leaving.join()
    finally:
        store.close()
        reader.close()


def test_whoever_waited_for_readers_is_as_patient_with_writers_as_before(sqlite_url: str) -> None:
    store = open_storage(sqlite_url)
    before = read(store, "PRAGMA busy_timeout")
    store.retention.wipe()
    assert read(store, "PRAGMA busy_timeout") == before != [(500,)]
    store.close()
