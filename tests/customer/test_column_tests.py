"""Column tests look at the types of values before they hash them: a client can choose numbers that have one hash."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fuzzing.cost_oracle import CountedDecimal, CountedInteger
from fuzzing.values import UNITS, build_snapshot
from muster.customer import BusinessUnits, Checker
from muster.customer.column_tests import are_dates, are_members
from muster.customer.fields import SCHEMAS_BY_TYPE, iterate_fields
from muster.customer.schema import Schema
from muster.customer.value_types import Nested, NestedList
from tests.samples import individual, organization

pytestmark = pytest.mark.untraced  # thousands of customers; other tests cover the lines

MODULUS = 2**61 - 1
VALUES: list[Callable[[int], object]] = [
    lambda factor: CountedInteger(MODULUS * factor),
    lambda factor: CountedDecimal(MODULUS * factor),
]


@pytest.fixture
def hashes() -> Callable[[], int]:
    """Counts the hashes of counted numbers during the test."""
    before = CountedInteger.hashes
    return lambda: CountedInteger.hashes - before


def test_counted_numbers_have_one_hash_and_count_it(hashes: Callable[[], int]) -> None:
    assert {hash(make(factor)) for make in VALUES for factor in range(1, 10)} == {0}
    assert hashes() == 18


@pytest.mark.parametrize("make", VALUES, ids=["integers", "decimals"])
@pytest.mark.parametrize("test", [are_dates, are_members(frozenset({"LT"}))], ids=["dates", "members"])
def test_column_of_numbers_is_not_hashed(
    test: Callable[[Sequence[Any]], bool], make: Callable[[int], object], hashes: Callable[[], int]
) -> None:
    assert not test([make(factor) for factor in range(200)])
    assert not test(["2024-05-26", *(make(factor) for factor in range(200))])
    assert hashes() == 0


def list_customers(schema: Schema, name: str, value: object) -> list[dict[str, Any]]:
    """Customers that have the value in the field, of their own or of an object within them."""
    customers: list[dict[str, Any]] = []
    for entity_type, make in (("INDIVIDUAL", individual), ("ORGANIZATION", organization)):
        if schema.name in ("Customer", SCHEMAS_BY_TYPE[entity_type].name):
            customers.append({**make(), name: value})
        for _, field in iterate_fields():
            if isinstance(field.value_type, Nested | NestedList) and field.value_type.schema == schema.name:
                held = {"entityType": entity_type, name: value}
                customers.append({**make(), field.name: held if isinstance(field.value_type, Nested) else [held] * 9})
    return customers


@pytest.mark.parametrize("make", VALUES, ids=["integers", "decimals"])
def test_no_field_hashes_a_number_that_a_client_sends(make: Callable[[int], object], hashes: Callable[[], int]) -> None:
    checker, units = Checker(build_snapshot().codes), BusinessUnits.for_user(frozenset(UNITS), UNITS)
    for schema, field in iterate_fields():
        columns = zip(*(list_customers(schema, field.name, make(factor)) for factor in range(1, 9)), strict=True)
        for customers in columns:
            list(checker.check_all(list(customers), units))
            assert hashes() == 0, field.name
