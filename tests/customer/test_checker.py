"""Checking many customers gives the same as checking them one by one."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.customer import BusinessUnits, Checker
from muster.customer.examples import make_full_customer
from muster.customer.numbers import UNREADABLE
from muster.customer.value_readers import RetiredCode
from tests.samples import individual, make_checker, make_snapshot, organization

CHECKER = make_checker("MAIN", "SIDE")
UNITS = BusinessUnits.for_user(CHECKER.business_units, ("MAIN",))
VALID = (individual(), organization(), make_full_customer("INDIVIDUAL"), make_full_customer("ORGANIZATION"))

# Values that replace others: some types take some of them, no type takes all of them.
VALUES: tuple[Any, ...] = (
    None, "", " ", "\u00a0", "\0", "x" * 300, "X", "MAIN", "SIDE", "CLOSED", "INDIVIDUAL", "ORGANIZATION",
    "INTEGER", "DATE", "2024-02-29", "2023-02-29", "2024-02-29T10:00:00Z", "true", True, 1, 0, -7, 10**40,
    "2999-01-01", " MAIN", "MA\u200bIN", 101, "LT0089500500000070", Decimal("0.10"),
    Decimal("1E+1"), "10", UNREADABLE, [], {}, [None], [{}], ["X"], [[]], {"x": 1},
    [{"entityType": "INDIVIDUAL"}], [{"entityType": []}],
)  # fmt: skip


def list_containers(value: Any) -> list[Any]:
    """All objects and lists in a value that are not empty."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    below = [container for element in inner for container in list_containers(element)]
    return [value, *below] if isinstance(value, dict | list) and value else below


@st.composite
def customers(draw: st.DrawFn) -> Any:
    customer = deepcopy(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        found = list_containers(customer)
        if not found:
            break
        container = draw(st.sampled_from(found))
        key = draw(st.sampled_from(sorted(container) if isinstance(container, dict) else range(len(container))))
        if draw(st.booleans()):
            container[key] = deepcopy(draw(st.sampled_from(VALUES)))
        elif isinstance(container, dict) and draw(st.booleans()):
            container[draw(st.sampled_from(("unknown", "firstName", "title", "closingDate", "businessUnit")))] = "X"
        else:
            del container[key]
    return customer


@given(st.lists(customers() | st.sampled_from(VALUES), max_size=12), st.integers(1, 3))
def test_customers_are_checked_together_as_one_by_one(items: list[Any], times: int) -> None:
    batch = [deepcopy(item) for item in items for _ in range(times)]
    sent = repr(batch)
    together = list(CHECKER.check_all(batch, UNITS))
    one_by_one = [CHECKER.check(item, UNITS) for item in batch]
    assert repr(together) == repr(one_by_one)  # as text, because 1 == True
    assert repr(batch) == sent, "a check changed what was sent"


@pytest.mark.parametrize("count", [1, 2, 10])
def test_bad_value_leaves_the_other_customers_alone(count: int) -> None:
    batch = [make_full_customer("INDIVIDUAL") for _ in range(count)]
    batch[0]["listAddress"][0]["country"] = "Atlantis"
    found = [findings.violations for _, _, findings in CHECKER.check_all(batch, UNITS)]
    assert [bool(violations) for violations in found] == [True] + [False] * (count - 1)


@pytest.mark.parametrize("count", [1, 10])
def test_retired_code_is_accepted_with_a_warning_at_its_place(count: int) -> None:
    codes = make_snapshot().codes
    checker = Checker({**codes, "country": codes["country"] | {RetiredCode("AN")}})
    batch = [make_full_customer("INDIVIDUAL") for _ in range(count)]
    batch[0]["birthCountry"] = "AN"
    batch[0]["listAddress"][0]["country"] = "AN"
    units = BusinessUnits.for_user(checker.business_units, ())
    (document, _, findings), *others = checker.check_all(batch, units)
    assert findings.violations == []
    assert {warning.path for warning in findings.warnings} == {("birthCountry",), ("listAddress", 0, "country")}
    assert {warning.code for warning in findings.warnings} == {"W010"}
    assert type(document["birthCountry"]) is str
    assert document == batch[0]
    assert not any(findings.violations or findings.warnings for _, _, findings in others)


def test_value_of_another_type_reaches_no_rule() -> None:
    batch = [make_full_customer("INDIVIDUAL") for _ in range(10)]
    batch[3]["listAdditionalValues"][0]["datatype"] = []
    found = [findings.violations for _, _, findings in CHECKER.check_all(batch, UNITS)]
    assert [bool(violations) for violations in found] == [index == 3 for index in range(10)]
