"""Findings of one customer are bounded, and the first ones in the order of the checks are kept."""

from typing import Any

import pytest

from muster.customer import BusinessUnits, Checker
from muster.customer.findings import MAX_FINDINGS, CompiledError, Findings
from tests.samples import individual, make_checker, make_snapshot

CHECKER = make_checker()
UNITS = BusinessUnits.for_user(CHECKER.business_units, ())
UNBOUNDED = Checker(make_snapshot().codes, max_findings=10**9)
MANY = 1_000


def check(customer: dict[str, Any]) -> Findings:
    return CHECKER.check(customer, UNITS)[2]


@pytest.mark.parametrize(
    "element",
    [1, {}, {"country": 1}, "x", {"a": 1}, [], {"addressType": "x", "country": "x"}],
    ids=str,
)
@pytest.mark.parametrize("list_name", ["listAddress", "listBusinessEntityDocument", "listRelatedEntity"])
def test_first_violations_in_the_order_of_the_checks_are_kept(element: Any, list_name: str) -> None:
    # The violations of the other fields come before, between and after those of the list.
    others: dict[str, Any] = {
        "riskLevel": "x", "isPEP": "x", "lastName": None, "listContact": [{}, 7], "listAdditionalValues": [{}],
        "initializeScreeningProcesses": ["x", "PEP", "x"],
    }  # fmt: skip
    customer = {**individual(), list_name: [element] * MANY, **others}
    reverse = dict(reversed(customer.items()))
    expected = UNBOUNDED.check(customer, UNITS)[2].violations
    for found in (check(customer), check(reverse)):
        assert found.violations == expected[:MAX_FINDINGS]
        assert found.has_more_violations
    assert expected[0].code == "C009"


def test_late_first_violation_is_found_among_many() -> None:
    elements: list[Any] = [{}] * MANY + [1] * 3
    found = check(individual(listAddress=elements, listContact=[{"contactType": "EMAIL"}] * MANY))
    assert [violation.code for violation in found.violations[:4]] == ["C018", "C018", "C018", "Q001.Co2"]
    assert len(found.violations) == MAX_FINDINGS


def test_reading_stops_early_in_lists_without_content(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[str] = []

    def add(findings: Findings, error: CompiledError, *place: Any) -> None:
        added.append(error.code)

    monkeypatch.setattr(Findings, "add_violation", add)
    elements: tuple[Any, ...] = (1, {})
    for element in elements:
        check(individual(listAddress=[element] * MANY))
    assert len(added) == 2 * MAX_FINDINGS


def test_exactly_the_bound_has_no_more() -> None:
    for count in (MAX_FINDINGS - 1, MAX_FINDINGS, MAX_FINDINGS + 1):
        found = check(individual(listAddress=[1] * count, **{f"x{n}": 1 for n in range(count)}))
        assert len(found.violations) == len(found.warnings) == min(count, MAX_FINDINGS)
        assert found.has_more_violations is found.has_more_warnings is (count > MAX_FINDINGS)
        assert found.warning_counts == {"W001": count}


def test_unknown_field_beyond_the_bound_of_warnings_is_still_rejected() -> None:
    shares = [{"entityType": "INDIVIDUAL", "relationType": "OWNER", "firstName": "A", "lastName": "B", "share": 101}]
    customer = individual(listRelatedEntity=shares * MANY, nickname="x")
    _, _, findings = CHECKER.check(customer, UNITS, reject_unknown=True)
    assert [found.code for found in findings.violations] == ["C020"]
