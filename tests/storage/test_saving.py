import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import uuid4

import pytest
import zstandard
from sqlalchemy import select

from muster.intake.customer_store import Batch, RejectedCustomer
from muster.storage import Storage, tables
from tests.storage.samples import ANSWER, AT, answer, arrival, batch, counts, document, look_up, read, save

STRANGE = [
    "plain",
    "🦊 Žąsis Đặng 张伟 עברית",
    "'quotes' \"double\" `back`",
    "back\\slash \\N \\. \\t",
    "tab\tnewline\nreturn\r\n",
    "separators\u2028\u2029\u0085\x1e\x1f",
    "{braces,[and]%s %b :name $1 ?}",
    " spaces ",
    "e\u0301 and \u00e9",
    "\U0010ffff\uffff\ufeff",
]


@pytest.mark.parametrize("text", STRANGE)
def test_any_text_comes_back_as_it_was_sent(store: Storage, text: str) -> None:
    content = {"name": text, text: [text]}
    save(store, arrival(text, text, business_unit=text, document=json.dumps(content).encode()))

    known = look_up(store, [text, "other"], [(text, text), (text, "other"), ("other", text)])
    assert known.numbers == {text}
    assert known.versions == {(text, text): 1}
    assert document(store) == content


@pytest.mark.parametrize("text", STRANGE)
def test_any_text_comes_back_from_a_document_that_is_not_escaped(store: Storage, text: str) -> None:
    save(store, arrival("1", document=json.dumps({"name": text}, ensure_ascii=False, indent="\t").encode()))

    assert document(store) == {"name": text}


def test_keys_are_told_apart_by_every_code_point(store: Storage) -> None:
    close = ["a", "A", "á", "a\u0301", "a ", " a", "\uff41", "ß", "ss"]
    save(store, *(arrival(key, key) for key in close))

    assert look_up(store, close).numbers == set(close)
    assert counts(store)["customers"] == len(close)


def test_keys_may_have_256_characters_of_four_bytes(store: Storage) -> None:
    first, second = "😀" * 256, "😀" * 255 + "😁"
    save(store, arrival(first, first), arrival(second, second))

    known = look_up(store, [first, second], [("MAIN", first), ("MAIN", second)])
    assert known.numbers == {first, second}
    assert known.versions == {("MAIN", first): 1, ("MAIN", second): 1}


@pytest.mark.parametrize(
    "number",
    ["0.1", "1234567890123456789012345678901234567890", "0." + "1234567890" * 4, "1.10", "-5", "100000.00", "1e-40"],
)
def test_numbers_keep_their_digits(store: Storage, number: str) -> None:
    save(store, arrival("1", document=f'{{"amount": {number}}}'.encode()))

    assert Decimal(document(store)["amount"]) == Decimal(number)


def test_full_documents_come_back_whole(store: Storage) -> None:
    content = {"parts": [{"name": f"part {n}", "note": "word " * 20} for n in range(500)]}
    save(store, arrival("1", document=json.dumps(content).encode()))

    assert document(store) == content


def test_what_people_search_by_is_in_columns(store: Storage) -> None:
    given = batch(arrival("1", "7", business_unit="B", entity_type="ORGANIZATION", customer_status="CLOSED"))
    with store.customers.session() as session:
        session.save(given, answer)

    with store.engine.connect() as connection:
        customer = connection.execute(select(*list(tables.customers.c)[:-1])).one()
        communication = connection.execute(select(tables.communications)).one()
    assert tuple(customer) == ("7", "B", 1, "1", "ORGANIZATION", "CLOSED", given.id)
    assert tuple(communication) == ("1", given.id, "B", "7", 1)


def test_an_update_moves_the_old_version_into_the_history(store: Storage) -> None:
    save(store, arrival("1"))
    save(store, arrival("2", version=2, document=b'{"from": "2"}'))

    assert look_up(store, ["1", "2"], [("MAIN", "customer")]).versions == {("MAIN", "customer"): 2}
    assert document(store) == {"from": "2"}
    assert document(store, "customer_history") == {"from": "1"}
    assert read(store, "SELECT communication_number, version FROM customer_history") == [("1", 1)]


def test_versions_of_one_batch_that_were_replaced_in_it_go_into_the_history(store: Storage) -> None:
    save(store, arrival("known", "known"))
    save(
        store,
        *(arrival(f"new-{version}", "new", version) for version in (1, 2, 3)),
        *(arrival(f"known-{version}", "known", version) for version in (2, 3)),
        arrival("single", "single"),
    )

    kept = "SELECT customer_ext_id, version, communication_number FROM {} ORDER BY customer_ext_id, version"
    assert read(store, kept.format("customers")) == [
        ("known", 3, "known-3"),
        ("new", 3, "new-3"),
        ("single", 1, "single"),
    ]
    assert read(store, kept.format("customer_history")) == [
        ("known", 1, "known"),
        ("known", 2, "known-2"),
        ("new", 1, "new-1"),
        ("new", 2, "new-2"),
    ]


def test_one_id_in_two_units_is_two_customers(store: Storage) -> None:
    save(store, arrival("1", "same", business_unit="A"), arrival("2", "same", business_unit="B"), arrival("3", "other"))
    save(store, arrival("4", "same", 2, business_unit="B"))

    known = look_up(store, [], [("A", "same"), ("B", "same"), ("MAIN", "other")])
    assert known.versions == {("A", "same"): 1, ("B", "same"): 2, ("MAIN", "other"): 1}
    assert look_up(store, [], [("A", "same"), ("MAIN", "other"), ("A", "other")]).versions == {
        ("A", "same"): 1,
        ("MAIN", "other"): 1,
    }


def test_a_batch_of_thousands_is_saved_and_found(store: Storage) -> None:
    keys = [f"{n:05}" for n in range(3000)]
    save(store, *(arrival(key, key) for key in reversed(keys)))
    save(store, *(arrival(f"u{key}", key, 2) for key in keys))

    known = look_up(store, [*keys, "none"], [("MAIN", key) for key in [*keys, "none"]])
    assert known.numbers == set(keys)
    assert known.versions == {("MAIN", key): 2 for key in keys}


def test_a_batch_says_who_sent_what_and_when(store: Storage) -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=-7)))
    rejection = RejectedCustomer(1, "2", None, "MAIN", (("C001", "/customers/1/customerExtId"),))
    given = Batch(uuid4(), elsewhere, "🦊 bank", [arrival("1")], [rejection])
    with store.customers.session() as session:
        session.save(given, answer)

    with store.engine.connect() as connection:
        row = connection.execute(select(tables.batches)).one()
    assert tuple(row)[:-1] == (given.id, AT, "🦊 bank", 1, 1)
    assert row.received_at.tzinfo is UTC


def test_a_batch_keeps_its_answer_which_is_asked_for_last(store: Storage) -> None:
    asked: list[int] = []

    def answer_that_looks() -> bytes:
        asked.append(counts(store)["batches"])
        return ANSWER

    with store.customers.session() as session:
        for given in (batch(arrival("1")), batch(arrival("2", "2"), arrival("3", "3"))):
            assert session.save(given, answer_that_looks) == ANSWER

    assert asked == [0, 1]
    kept = read(store, "SELECT answer FROM batches")
    assert [zstandard.decompress(packed) for (packed,) in kept] == [ANSWER, ANSWER]


def test_a_batch_of_which_nothing_was_accepted_is_kept_too(store: Storage) -> None:
    with store.customers.session() as session:
        session.save(batch(), answer)

    assert counts(store) == {"communications": 0, "customers": 0, "customer_history": 0, "batches": 1, "rejections": 0}


def test_rejections_keep_places_identifiers_codes_and_pointers(store: Storage) -> None:
    violations = (("O003", "/customers/0/a~1b"), ("C014", "/customers/0/🦊"))
    refused = [
        RejectedCustomer(0, "1\t\\", "ž", "MAIN", violations),
        RejectedCustomer(70_000, None, None, None, (("C001", ""),)),
    ]
    given = batch(rejected=tuple(refused))
    with store.customers.session() as session:
        session.save(given, answer)

    with store.engine.connect() as connection:
        rows = connection.execute(select(tables.rejections).order_by(tables.rejections.c.position)).all()
    assert [tuple(row) for row in rows] == [
        (given.id, 0, "1\t\\", "ž", "MAIN", [list(violation) for violation in violations]),
        (given.id, 70_000, None, None, None, [["C001", ""]]),
    ]


def test_a_rejection_is_kept_even_if_its_identifiers_are_no_text(store: Storage) -> None:
    with store.customers.session() as session:
        session.save(batch(rejected=(RejectedCustomer(0, "a\0b", "\ud83e", None, (("C018", ""),)),)), answer)

    assert read(store, "SELECT communication_number, customer_ext_id FROM rejections") == [("a\ufffdb", "?")]


def test_nothing_is_asked_for_empty_collections(store: Storage) -> None:
    known = look_up(store, [], [])

    assert known.numbers == frozenset()
    assert known.versions == {}


def test_a_session_sees_what_others_saved_since_it_began(store: Storage) -> None:
    with store.customers.session() as session:
        assert not session.look_up(["1"], []).numbers
        save(store, arrival("1"))
        assert session.look_up(["1"], []).numbers == {"1"}


def test_a_time_without_a_zone_is_refused(store: Storage) -> None:
    with pytest.raises(ValueError, match="time zone"):
        tables.UtcDateTime().process_bind_param(datetime(2024, 1, 1), store.engine.dialect)  # noqa: DTZ001 - that is the point
