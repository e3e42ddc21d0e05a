"""Communications, batches and results are visible by role and business unit."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from muster.auth.users import User
from tests.records.fakes import (
    ADMIN,
    AUDITOR,
    BATCH,
    NORTH,
    OTHER_SENDER,
    OTHER_SENDER_AND_READER,
    READER_WITHOUT_UNITS,
    SENDER,
    SENDER_AND_READER,
    SOUTH,
    WATCHER,
    MemoryRecords,
    build_reader,
)

ALL = list(range(4))
MIXED = [
    {"resultType": f"REQUEST_{outcome}", "communicationNumber": str(index), "businessUnit": unit}
    for index, (outcome, unit) in enumerate(
        [("ACCEPTED", "NORTH"), ("REJECTED", "NORTH"), ("ACCEPTED", "SOUTH"), ("REJECTED", None), ("ACCEPTED", "NORTH")]
    )
]


def parse_numbers(results: Sequence[Any]) -> list[int]:
    return [int(json.loads(bytes(result))["communicationNumber"]) for result in results]


@pytest.mark.parametrize(
    ("user", "communication", "batch", "results"),
    [
        (ADMIN, True, True, ALL),
        (SENDER, True, True, ALL),
        (OTHER_SENDER, False, False, None),
        (NORTH, True, True, [0, 2]),
        (SOUTH, False, True, [1]),
        (READER_WITHOUT_UNITS, False, True, []),
        (WATCHER, False, False, None),
        (AUDITOR, False, False, None),
        (SENDER_AND_READER, True, True, ALL),
        (OTHER_SENDER_AND_READER, False, True, [1]),
    ],
)
def test_user_sees_what_role_and_units_allow(
    user: User, communication: bool, batch: bool, results: list[int] | None
) -> None:
    reader = build_reader()
    assert (reader.communication("0", user) is not None) is communication
    assert (reader.batch(BATCH.id, user) is not None) is batch
    page = reader.results(BATCH.id, user, start=0, limit=10)
    assert (None if page is None else parse_numbers(page.items)) == results


def test_only_unit_of_an_installation_is_visible_to_readers_of_it_and_to_those_without_units() -> None:
    for user in (NORTH, READER_WITHOUT_UNITS):
        assert build_reader("NORTH").communication("0", user) is not None


def test_reader_whose_units_exist_no_longer_sees_nothing() -> None:
    reader = build_reader("NORTH")
    assert reader.communication("0", SOUTH) is None
    page = reader.results(BATCH.id, SOUTH, start=0, limit=10)
    assert page is not None
    assert page.items == []


@pytest.mark.parametrize(
    ("user", "start", "limit", "expected", "following"),
    [(ADMIN, 0, 3, [0, 1, 2], 3), (ADMIN, 3, 3, [3], None), (ADMIN, 0, 4, ALL, None), (ADMIN, 9, 1, [], None),
     (NORTH, 0, 1, [0], 2), (NORTH, 2, 1, [2], None), (NORTH, 1, 5, [2], None)],
)  # fmt: skip
def test_page_of_results_has_the_index_of_the_next_page(
    user: User, start: int, limit: int, expected: list[int], following: int | None
) -> None:
    page = build_reader().results(BATCH.id, user, start=start, limit=limit)
    assert page is not None
    assert parse_numbers(page.items) == expected
    assert page.next == following


def test_unknown_records_are_none() -> None:
    reader = build_reader()
    assert reader.communication("1", ADMIN) is None
    assert reader.batch(uuid4(), ADMIN) is None
    assert reader.results(uuid4(), ADMIN, start=0, limit=1) is None


def test_results_of_a_removed_response_are_none() -> None:
    assert build_reader(store=MemoryRecords(responses={})).results(BATCH.id, ADMIN, start=0, limit=1) is None


def test_accepted_results_are_found_apart_with_their_indexes() -> None:
    store = MemoryRecords(responses={BATCH.id: json.dumps({"results": MIXED}).encode()})
    reader = build_reader(store=store)
    page = reader.accepted_results(BATCH.id, ADMIN, start=0, limit=2)
    assert page is not None
    assert ([index for index, _ in page.items], page.next) == ([0, 2], 4)
    rest = reader.accepted_results(BATCH.id, ADMIN, start=4, limit=2)
    assert rest is not None
    assert ([index for index, _ in rest.items], rest.next) == ([4], None)
    of_north = reader.accepted_results(BATCH.id, NORTH, start=0, limit=9)
    assert of_north is not None
    assert [index for index, _ in of_north.items] == [0, 4]
    assert reader.accepted_results(BATCH.id, OTHER_SENDER, start=0, limit=9) is None


def test_results_are_found_by_their_indexes_where_the_user_sees_them() -> None:
    reader = build_reader()
    assert list(reader.find_results_at(BATCH.id, ADMIN, [1, 3, 99])) == [1, 3]
    assert list(reader.find_results_at(BATCH.id, NORTH, [0, 1, 2, 3])) == [0, 2]
    assert dict(reader.find_results_at(BATCH.id, ADMIN, [])) == {}
    assert dict(build_reader(store=MemoryRecords(responses={})).find_results_at(BATCH.id, ADMIN, [0])) == {}


@pytest.mark.parametrize(
    ("last_row", "number", "row"),
    [(6, "0", 2), (6, "4", 6), (6, "9", None), (7, "0", None), (None, "0", None)],
    ids=["first", "last", "no such customer", "a blank row or several rows of a customer", "batch of a request"],
)
def test_row_of_a_customer_is_known_where_each_row_of_the_chunk_is_one(
    last_row: int | None, number: str, row: int | None
) -> None:
    batch = replace(BATCH, accepted=3, rejected=2, first_row=2 if last_row else None, last_row=last_row)
    store = MemoryRecords(responses={BATCH.id: json.dumps({"results": MIXED}).encode()})
    assert build_reader(store=store).find_row(batch, number) == row
    assert build_reader(store=MemoryRecords(responses={})).find_row(batch, number) is None
