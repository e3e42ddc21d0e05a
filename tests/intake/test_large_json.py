"""A large customer is checked as any other, although most of it is never decoded as a whole."""

import json
from itertools import chain
from typing import Any

import pytest

from fuzzing.values import UNITS, build_snapshot
from muster.customer import BusinessUnits, Checker
from muster.customer.examples import make_full_customer
from muster.customer.findings import MAX_FINDINGS
from muster.intake.candidates import Candidate, CheckedBatch, Valid, check_customers
from muster.intake.decode import InvalidBatchError, decode_customers
from muster.intake.request import BatchOptions
from muster.intake.stage_timings import StageTimings

CHECKER = Checker(build_snapshot().codes)
UNITS_OF_USER = BusinessUnits.for_user(frozenset(UNITS), UNITS)
GROUP_BYTES = 2_048
ADDRESS = make_full_customer("INDIVIDUAL")["listAddress"][0]


def check_batch(body: bytes, max_group_bytes: int) -> CheckedBatch:
    groups = decode_customers(body, 10, max_whole_bytes=-1, max_group_bytes=max_group_bytes)
    return check_customers(groups, CHECKER, UNITS_OF_USER, StageTimings(), BatchOptions(save=True, detail=True))


def check(body: bytes, max_group_bytes: int) -> list[Candidate]:
    return check_batch(body, max_group_bytes).candidates


def make_body(*customers: object) -> bytes:
    return json.dumps({"customers": customers}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"listAddress": [{**ADDRESS, "city": f"City {number}"} for number in range(300)]},
        {"listAddress": [None, ADDRESS] * 200},
        {"listAddress": [[[[[1]]]], ADDRESS, {}, "x"] * 100},
        {"listAddress": [{**ADDRESS, "nobodyKnowsIt": [[[{}]]] * 200}] * 3},
        {"listAddress": {"country": ["LT"] * 900}},
        {"listRelatedEntity": make_full_customer("INDIVIDUAL")["listRelatedEntity"] * 5},
        {"nobodyKnowsIt": [{}] * 2_000, "alsoUnknown": "x" * 3_000, "empty": None},
        {"firstName": ["x"] * 2_000},
        {"firstName": "x" * 5_000},
        {"fieldOfActivity": {"employment": {"a": [1] * 3_000}}},
        {"fieldOfActivity": {"nobodyKnowsIt": {"a": {"a": {"a": [1] * 3_000}}}}},
        {"initializeScreeningProcesses": ["PEP", "x", 1, None] * 300},
        {f"unknown{number}": 1 for number in range(MAX_FINDINGS + 300)},
    ],
    ids=lambda changes: f"{next(iter(changes), 'nothing')} {len(str(changes))}",
)
def test_large_customer_has_the_candidate_of_a_customer_that_is_decoded_as_a_whole(changes: dict[str, Any]) -> None:
    body = make_body({**make_full_customer("INDIVIDUAL"), **changes})
    assert len(body) > GROUP_BYTES
    assert repr(check(body, GROUP_BYTES)) == repr(check(body, len(body)))


@pytest.mark.parametrize("customer", [[[1]] * 2_000, "x" * 5_000, {"a" * 5_000: 1}])
def test_large_value_that_is_no_customer_is_rejected_as_any_other(customer: object) -> None:
    body = make_body(make_full_customer("INDIVIDUAL"), customer)
    assert repr(check(body, GROUP_BYTES)) == repr(check(body, len(body)))


@pytest.mark.parametrize("count", [MAX_FINDINGS - 1, MAX_FINDINGS, MAX_FINDINGS + 1, MAX_FINDINGS + 300])
def test_all_unknown_fields_of_a_large_customer_are_counted(count: int) -> None:
    unknown = {f"unknown{number}": 1 for number in range(count)} | {"blank": " ", "null": None}
    body = make_body({**make_full_customer("INDIVIDUAL"), **unknown, "fieldOfActivity": unknown})
    assert check_batch(body, GROUP_BYTES).warning_counts == {"W001": 2 * count}


def test_document_of_a_large_customer_is_the_one_that_was_sent() -> None:
    customer = make_full_customer("INDIVIDUAL") | {"listAddress": [ADDRESS] * 300}
    [candidate] = check(make_body(customer), GROUP_BYTES)
    assert isinstance(candidate, Valid)
    assert json.loads(candidate.document) == customer


def test_large_customer_is_decoded_in_groups() -> None:
    customer = {"listAddress": [ADDRESS] * 300}
    [[decoded]] = decode_customers(make_body(customer), 10, max_whole_bytes=-1, max_group_bytes=GROUP_BYTES)
    sizes: list[int] = []

    def read(elements: Any, first: int) -> list[object]:
        assert first == sum(sizes)
        assert all(element == ADDRESS for element in elements)
        sizes.append(len(elements))
        return list(elements)

    encoded = decoded["listAddress"].replace_elements(read)
    assert json.loads(bytes(encoded)) == customer["listAddress"]
    assert len(sizes) > 100


def test_last_of_duplicate_keys_counts_in_a_large_customer() -> None:
    body = make_body({"firstName": "x" * 3_000}).replace(
        b'"firstName"', b'"firstName": 1, "a": null, "a": 2, "firstName"'
    )
    [item] = chain.from_iterable(decode_customers(body, 10, max_whole_bytes=-1, max_group_bytes=GROUP_BYTES))
    assert item == {"firstName": "x" * 3_000, "a": 2}


def test_unknown_names_of_a_large_customer_have_the_places_where_they_stand_first() -> None:
    text = json.dumps(make_full_customer("INDIVIDUAL"))
    body = f'{{"customers": [{{"twice": " ", "once": 1, "twice": 2, {text[1:]}]}}'.encode()
    assert check_batch(body, GROUP_BYTES).warning_counts == {"W001": 2}
    assert repr(check(body, GROUP_BYTES)) == repr(check(body, len(body)))


def test_large_customer_that_is_not_utf8_is_rejected_before_it_is_checked() -> None:
    body = make_body({"listAddress": [{"city": "x" * 3_000}, {"city": "PLACE"}]}).replace(b"PLACE", b"\xff")
    with pytest.raises(InvalidBatchError, match=rf"not UTF-8 \(byte {body.index(0xFF)}\)"):
        check(body, GROUP_BYTES)
