"""Customers are written as JSON exactly, or not at all."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster_client import InvalidCustomer
from muster_client.encoding import encode_customer

CANARY = "Rodriguez-7f3a"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


class Color(Enum):
    RED = "red"


@dataclass
class Address:
    country: str
    share: object = None


class Contact(msgspec.Struct):
    details: object


class Row(Mapping[str, object]):
    """Such as drivers of databases give."""

    def __getitem__(self, name: str) -> object:
        return {"customerExtId": "c-1"}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("customerExtId",))

    def __len__(self) -> int:
        return 1


@settings(max_examples=50)
@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_json_values_come_back_as_they_were(customer: dict[str, Any]) -> None:
    assert json.loads(encode_customer(customer, 0)) == customer


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("0.10"), "0.10"),
        (Decimal("12345678901234567890.0123456789"), "12345678901234567890.0123456789"),
        (2**100, str(2**100)),
        (0.1, "0.1"),
        (date(2024, 5, 26), '"2024-05-26"'),
        (datetime(2024, 5, 26, 1, 2, 3, tzinfo=UTC), '"2024-05-26T01:02:03Z"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Color.RED, '"red"'),
        (("a", None, 1.5), '["a",null,1.5]'),
        (Address("LT"), '{"country":"LT","share":null}'),
        (Contact([Decimal("1.0")]), '{"details":[1.0]}'),
    ],
)
def test_values_of_python_are_written_with_every_digit(value: object, written: str) -> None:
    assert encode_customer({"a": value}, 0).decode() == f'{{"a":{written}}}'


@pytest.mark.parametrize("nest", [lambda value: value, lambda value: [{"b": value}], Address, Contact])
@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("-inf"),
        Decimal("NaN"),
        Decimal("Infinity"),
        b"x",
        bytearray(b"x"),
        {"x"},
        timedelta(1),
        object(),
    ],
)
def test_what_json_has_not_is_refused_with_its_row(value: object, nest: Any) -> None:
    with pytest.raises(InvalidCustomer, match="the customer at row 7 can't be written as JSON: /value"):
        encode_customer({"ok": 1, "value": nest(value)}, 7)


def test_problem_names_the_place_and_the_type() -> None:
    with pytest.raises(InvalidCustomer, match="/listAddress/1/share has the type bytes"):
        encode_customer({"listAddress": [{"country": "LT"}, {"share": b"\0"}]}, 0)
    with pytest.raises(InvalidCustomer, match=r"/\* is NaN"):
        encode_customer({CANARY: float("nan")}, 0)


def test_row_of_csv_with_too_many_cells_is_refused() -> None:
    with pytest.raises(InvalidCustomer, match="TypeError"):
        encode_customer({"customerExtId": "c-1", None: ["too many"]}, 0)


def test_mapping_of_another_class_is_written_as_an_object() -> None:
    assert encode_customer(Row(), 0) == b'{"customerExtId":"c-1"}'


def test_deep_values_and_surrogates_are_refused_without_a_value() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    for value in (deep, CANARY + "\ud800", {CANARY: {1: object()}}):
        with pytest.raises(InvalidCustomer) as caught:
            encode_customer({"a": value}, 0)
        assert caught.value.__context__ is None
    while deep:
        deep = deep[0]
