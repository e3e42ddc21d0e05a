"""How values are read: what each type accepts, and the value that it gives."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.customer.dates import is_additional_timestamp, is_date
from muster.customer.numbers import parse_decimal, parse_json_decimal
from muster.customer.value_readers import ABSENT, BAD, read_boolean, read_integer, read_number, read_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.0000001", "0.0000001"), ("1.50", "1.50"), ("1e2", "100"), ("-5", "-5"), ("true", "true"), ("false", "false")],
)
def test_number_or_boolean_is_read_as_its_json_text(text: str, expected: str) -> None:
    assert read_text(decode_number(text)) == expected


def decode_number(text: str) -> object:
    return json.loads(text, parse_float=parse_json_decimal)


@pytest.mark.parametrize("text", ["10000", "+10000", "1e4", "10000.0", " 10000 ", "0010000"])
def test_whole_number_has_several_notations(text: str) -> None:
    assert read_integer(text) == 10_000


@pytest.mark.parametrize(
    "value", ["1.5", "ten", "1,000", "0x10", "1e", "\u0661", True, [], {}, "1" * 41, 10**40, "NaN"]
)
def test_other_values_are_not_whole_numbers(value: object) -> None:
    assert read_integer(value) is BAD


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ("9" * 40, True),
        ("9" * 41, False),
        ("0." + "9" * 40, True),
        ("0." + "9" * 41, False),
        ("1e40", True),
        ("1e41", False),
        ("1e-40", True),
        ("1e-41", False),
        ("-" + "9" * 40, True),
        ("1e999999999", False),
        (".5", True),
        ("5.", True),
        (".", False),
        ("", False),
    ],
)
def test_number_has_at_most_40_digits_and_an_exponent_of_at_most_40(text: str, is_valid: bool) -> None:
    assert (parse_decimal(text) is not None) is is_valid


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_decimal_keeps_every_digit(value: Decimal) -> None:
    assert str(read_number(str(value))) == str(value)
    assert str(parse_json_decimal(str(value))) == str(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("true", True), ("FALSE", False), (" ", ABSENT), (1, BAD), (0, BAD), ("yes", BAD), ([], BAD)],
)
def test_boolean_may_be_written_as_a_word(value: object, expected: object) -> None:
    assert read_boolean(value) is expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-29",
        "1000-01-01",
        "9999-12-31",
        "2024-04-08T10:45:00Z",
        "2024-04-08T10:45:00.000+02:00",
        "2024-04-08T23:59:59.1234567891-11:30",
    ],
)
def test_date_and_timestamp_forms_of_the_contract_are_dates(text: str) -> None:
    assert is_date(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2023-02-29",
            "0999-12-31",
            "20240131",
            "2024-W01-1",
            "2024-001",
            "2024-1-1",
            "2024-01-01T10:45Z",
            " 2024-01-01",
        ),
        *("2024-01-01T10:45:00", "2024-01-01 10:45:00Z", "2024-01-01T24:00:00Z", "2024-01-01t10:45:00z", "2024-13-01"),
        *(
            "2024-01-01T10:45:00+0200",
            "2024-01-01T10:45:00,5Z",
            "2024-01-01T10:45:00.Z",
            "\u0662024-01-01",
            "2024-01-01\n",
        ),
    ],
)
def test_other_date_forms_are_not_dates(text: str) -> None:
    assert not is_date(text)


def test_timestamp_of_an_additional_value_has_a_space_and_milliseconds() -> None:
    for valid in ("2023-10-01 09:45:00.000+0200", "2023-10-01 09:45:00.000+02:00", "2023-10-01 09:45:00.000Z"):
        assert is_additional_timestamp(valid)
    for invalid in (
        "2023-10-01T09:45:00.000+0200",
        "2023-10-01 09:45:00+0200",
        "2023-02-30 09:45:00.000Z",
        "2023-10-01",
    ):
        assert not is_additional_timestamp(invalid)
