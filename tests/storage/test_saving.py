"""Saving batches, and reading the rows back."""

import json
import random
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
import zstandard
from sqlalchemy import select

from muster.intake.customer_store import Batch, RejectedCustomer
from muster.intake.write_plan import build_write_plan
from muster.storage import Storage, tables
from muster.storage.columns import UtcDateTime
from tests.storage.samples import (
    AT,
    RESPONSE,
    build_batch,
    build_customer,
    count_rows,
    fetch,
    fetch_document,
    look_up,
    save,
)


def test_searched_fields_are_in_columns(storage: Storage) -> None:
    given = build_batch(
        build_customer("1", "7", business_unit="B", entity_type="ORGANIZATION", customer_status="CLOSED")
    )
    with storage.customers.session() as session:
        session.save(given, RESPONSE)

    with storage.engine.connect() as connection:
        customer = connection.execute(select(*list(tables.customers.c)[:-1])).one()
        communication = connection.execute(select(tables.communications)).one()
    assert tuple(customer) == ("7", "B", 1, "1", "ORGANIZATION", "CLOSED", given.id)
    assert tuple(communication) == ("1", given.id, "B", "7", 1)


def test_update_moves_the_replaced_version_to_the_history(storage: Storage) -> None:
    save(storage, build_customer("1"))
    save(storage, build_customer("2", version=2, document=b'{"from": "2"}'))

    assert look_up(storage, ["1", "2"], [("MAIN", "customer")]).versions == {("MAIN", "customer"): 2}
    assert fetch_document(storage) == {"from": "2"}
    assert fetch_document(storage, "customer_history") == {"from": "1"}
    assert fetch(storage, "SELECT communication_number, version FROM customer_history") == [("1", 1)]


def test_large_document_is_whole_in_the_history(storage: Storage) -> None:
    """PostgreSQL stores it apart from its row, which is deleted by the statement that copies it."""
    document = json.dumps({"text": random.Random(1).randbytes(40_000).hex()}).encode()
    save(storage, build_customer("1", "c", document=document))
    save(storage, build_customer("2", "c", version=2))
    assert fetch_document(storage, "customer_history") == json.loads(document)


def test_superseded_versions_of_a_batch_go_to_the_history(storage: Storage) -> None:
    save(storage, build_customer("known", "known"))
    save(
        storage,
        *(build_customer(f"new-{version}", "new", version) for version in (1, 2, 3)),
        *(build_customer(f"known-{version}", "known", version) for version in (2, 3)),
        build_customer("single", "single"),
    )

    query = "SELECT customer_ext_id, version, communication_number FROM {} ORDER BY customer_ext_id, version"
    assert fetch(storage, query.format("customers")) == [
        ("known", 3, "known-3"),
        ("new", 3, "new-3"),
        ("single", 1, "single"),
    ]
    assert fetch(storage, query.format("customer_history")) == [
        ("known", 1, "known"),
        ("known", 2, "known-2"),
        ("new", 1, "new-1"),
        ("new", 2, "new-2"),
    ]


def test_same_id_in_two_units_is_two_customers(storage: Storage) -> None:
    save(
        storage,
        build_customer("1", "same", business_unit="A"),
        build_customer("2", "same", business_unit="B"),
        build_customer("3", "other"),
    )
    save(storage, build_customer("4", "same", 2, business_unit="B"))

    known = look_up(storage, [], [("A", "same"), ("B", "same"), ("MAIN", "other")])
    assert known.versions == {("A", "same"): 1, ("B", "same"): 2, ("MAIN", "other"): 1}
    assert look_up(storage, [], [("A", "same"), ("MAIN", "other"), ("A", "other")]).versions == {
        ("A", "same"): 1,
        ("MAIN", "other"): 1,
    }


def test_batch_of_thousands_is_saved_and_found(storage: Storage) -> None:
    keys = [f"{n:05}" for n in range(3000)]
    save(storage, *(build_customer(key, key) for key in reversed(keys)))
    save(storage, *(build_customer(f"u{key}", key, 2) for key in keys))

    known = look_up(storage, [*keys, "none"], [("MAIN", key) for key in [*keys, "none"]])
    assert known.numbers == set(keys)
    assert known.versions == {("MAIN", key): 2 for key in keys}


def test_batch_row_has_sender_counts_and_time(storage: Storage) -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=-7)))
    rejection = RejectedCustomer(1, "2", None, "MAIN", (("C001", "/customers/1/customerExtId"),))
    given = Batch(uuid4(), elsewhere, "🦊 bank", build_write_plan([build_customer("1")]), [rejection])
    with storage.customers.session() as session:
        session.save(given, RESPONSE)

    with storage.engine.connect() as connection:
        row = connection.execute(select(tables.batches)).one()
    assert tuple(row)[:5] == (given.id, AT, "🦊 bank", 1, 1)
    assert row.received_at.tzinfo is UTC


def test_response_is_stored_with_the_batch(storage: Storage) -> None:
    with storage.customers.session() as session:
        session.save(build_batch(build_customer("1")), RESPONSE)
        session.save(build_batch(build_customer("2", "2"), build_customer("3", "3")), RESPONSE)

    stored = fetch(storage, "SELECT answer FROM batches")
    assert [zstandard.decompress(content) for (content,) in stored] == [RESPONSE, RESPONSE]


def test_batch_without_accepted_customers_is_stored(storage: Storage) -> None:
    with storage.customers.session() as session:
        session.save(build_batch(), RESPONSE)

    assert count_rows(storage) == {
        "communications": 0,
        "customers": 0,
        "customer_history": 0,
        "batches": 1,
        "rejections": 0,
    }


def test_rejections_store_positions_identifiers_codes_and_pointers(storage: Storage) -> None:
    violations = (("O003", "/customers/0/a~1b"), ("C014", "/customers/0/🦊"))
    rejections = [
        RejectedCustomer(0, "1\t\\", "ž", "MAIN", violations),
        RejectedCustomer(70_000, None, None, None, (("C001", ""),)),
    ]
    given = build_batch(rejected=tuple(rejections))
    with storage.customers.session() as session:
        session.save(given, RESPONSE)

    with storage.engine.connect() as connection:
        rows = connection.execute(select(tables.rejections).order_by(tables.rejections.c.position)).all()
    assert [tuple(row) for row in rows] == [
        (given.id, 0, "1\t\\", "ž", "MAIN", [list(violation) for violation in violations], None),
        (given.id, 70_000, None, None, None, [["C001", ""]], None),
    ]


def test_identifiers_that_no_database_stores_are_sanitized(storage: Storage) -> None:
    with storage.customers.session() as session:
        session.save(build_batch(rejected=(RejectedCustomer(0, "a\0b", "\ud83e", None, (("C018", ""),)),)), RESPONSE)

    assert fetch(storage, "SELECT communication_number, customer_ext_id FROM rejections") == [("a\ufffdb", "?")]


def test_lookup_of_nothing_finds_nothing(storage: Storage) -> None:
    known = look_up(storage, [], [])

    assert known.numbers == frozenset()
    assert known.versions == {}


def test_session_sees_later_commits_of_others(storage: Storage) -> None:
    with storage.customers.session() as session:
        assert not session.look_up(["1"], []).numbers
        save(storage, build_customer("1"))
        assert session.look_up(["1"], []).numbers == {"1"}


def test_time_without_a_zone_is_rejected(storage: Storage) -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2024, 1, 1), storage.engine.dialect)  # noqa: DTZ001 - the case under test
