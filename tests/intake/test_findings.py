"""Findings of a batch are bounded, in the response, in the record and in memory."""

import tracemalloc
from typing import Any

import pytest

from muster.customer import BusinessUnits
from muster.customer.findings import MAX_FINDINGS
from muster.intake.candidates import MAX_BATCH_FINDINGS
from muster.intake.packed_findings import MIN_PACKED, pack_findings
from muster.intake.request import BatchOptions
from tests.intake.fakes import FakeSender, MemoryStore, get_codes, get_results, make_body, make_intake
from tests.samples import individual, make_checker

DETAIL = BatchOptions(save=False, detail=True)


def count_findings(results: list[dict[str, Any]]) -> int:
    return sum(len(result["errors"]) + len(result["warnings"]) for result in results)


def test_response_lists_at_most_100_errors_and_100_warnings_of_a_customer_and_says_that_there_were_more() -> None:
    unknown = {f"x{n}": 1 for n in range(150)}
    batch = individual(listAddress=[1] * 150), individual(**unknown), individual(listAddress=[1] * 3, x=1), {**unknown}
    results = get_results(make_intake(MemoryStore()).process(make_body(*batch), FakeSender(), DETAIL))
    assert [(len(found["errors"]), len(found["warnings"])) for found in results] == [
        (MAX_FINDINGS, 0),
        (0, MAX_FINDINGS),
        (3, 1),
        (7, MAX_FINDINGS),
    ]
    assert [(found.get("moreErrors"), found.get("moreWarnings")) for found in results] == [
        (True, None),
        (None, True),
        (None, None),
        (None, True),
    ]


@pytest.mark.untraced  # 100,000 findings; other tests cover the lines
def test_response_lists_at_most_100_000_findings_of_a_batch_and_the_first_error_of_each_customer() -> None:
    items: list[Any] = [{"listAddress": [1] * 120, "nickname": 1}] * 1_000 + [individual(nickname=1), {}, "x"]
    intake = make_intake(MemoryStore(), max_customers=2_000)
    results = get_results(intake.process(make_body(*items), FakeSender(), DETAIL))
    assert count_findings(results) <= MAX_BATCH_FINDINGS + len(items)
    full, cut, (valid, empty, no_object) = results[:900], results[-10:-3], results[-3:]
    assert {(len(found["errors"]), len(found["warnings"])) for found in full} == {(MAX_FINDINGS, 1)}
    assert {(len(found["errors"]), len(found["warnings"]), found["moreWarnings"]) for found in cut} == {(1, 0, True)}
    assert all(found["errors"][0]["code"] == found["errorCode"] == "001" for found in cut)
    assert (valid["errors"], valid["warnings"], valid["moreWarnings"]) == ([], [], True)
    assert (empty["moreErrors"], empty["errorCode"], no_object["errorCode"]) == (True, "001", "C019")


def test_record_keeps_the_first_violations_and_says_that_there_were_more() -> None:
    store = MemoryStore()
    batch = individual(listAddress=[1] * 150), individual(listAddress=[1] * 50)
    for detail in (False, True):
        make_intake(store).process(make_body(*batch), FakeSender(), BatchOptions(save=True, detail=detail))
    for saved in store.batches:
        cut, whole = (rejected.violations for rejected in saved.rejected)
        assert cut[:2] == (("C018", "/customers/0/listAddress/0"), ("C018", "/customers/0/listAddress/1"))
        assert (len(cut), cut[-1]) == (MAX_FINDINGS + 1, ("MORE", "/customers/0"))
        assert (len(whole), whole[-1]) == (50, ("C018", "/customers/1/listAddress/49"))


def test_record_does_not_have_the_name_of_an_unknown_field() -> None:
    store = MemoryStore()
    customer = individual(secret=1, listAddress=[{"country": "LT", "secret": 1}])
    options = BatchOptions(save=True, reject_unknown=True)
    result = make_intake(store).process(make_body(customer), FakeSender(), options)
    assert get_codes(result) == ["C020"]
    (rejected,) = store.batches[0].rejected
    assert rejected.violations == (("C020", "/customers/0/listAddress/0"), ("C020", "/customers/0"))


@pytest.mark.parametrize("count", [1, MIN_PACKED - 1, MIN_PACKED, MAX_FINDINGS])
def test_packed_findings_are_the_same_findings(count: int) -> None:
    checker = make_checker()
    customer = individual(
        listAddress=[1, {"country": 7}] * 20, **{f"x{n}": 1 for n in range(50)}, isPep=1, birthDate="2999-01-01",
        initializeScreeningProcesses=["PEP", "XRAY", {}] * 9, listAdditionalValues=[{"value": "x"}],
    )  # fmt: skip
    _, _, findings = checker.check(customer, BusinessUnits.for_user(checker.business_units, ()))
    both: tuple[Any, ...] = findings.violations[:count], findings.warnings[:count]
    for found in both:
        packed = pack_findings(found)
        assert list(packed) == found
        assert (packed[0], len(packed)) == (found[0], len(found))
        assert [finding.description for finding in packed] == [finding.description for finding in found]


MANY_FINDINGS = {
    "elements that are no objects": ({"listAddress": [1] * 100}, 200),
    "empty objects": ({"entityType": "INDIVIDUAL", "listAddress": [{}] * 100}, 200),
    "unknown fields": ({f"{number:x}": 1 for number in range(100)}, 200),
    "names": ({"initializeScreeningProcesses": ["a"] * 100}, 200),
    "customers without fields": ({}, 2_500),
}


@pytest.mark.untraced  # tracing every line beside every allocation takes too long
@pytest.mark.parametrize(("customer", "count"), MANY_FINDINGS.values(), ids=MANY_FINDINGS)
def test_batch_of_many_findings_takes_much_less_memory_than_its_response(customer: Any, count: int) -> None:
    body = make_body(*[customer] * count)
    intake = make_intake(MemoryStore(), max_customers=count)
    intake.process(make_body({}), FakeSender(), DETAIL)  # compiles the checker
    tracemalloc.start()
    try:
        result = intake.process(body, FakeSender(), BatchOptions(save=True, detail=True))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (result.accepted, result.rejected) == (0, count)
    assert peak < 1.2 * len(result.body)  # measured: 0.4 to 0.9, and 1.5 to 3 without compression
