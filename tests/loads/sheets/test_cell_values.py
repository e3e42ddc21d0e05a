"""Numbers and dates of cells, over their whole range."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from muster.loads.column_letters import parse_column_letters, to_column_letters
from muster.loads.rows import NumberText
from muster.loads.sheets.cell_dates import format_serial
from muster.loads.sheets.cell_numbers import parse_cell_number
from muster.loads.sheets.number_formats import FormatKind


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**10), max_value=10**10))
def test_what_a_person_entered_is_found_in_the_17_digits_that_are_stored(entered: Decimal) -> None:
    number = parse_cell_number(f"{float(entered):.17g}")

    assert number is not None
    assert Decimal(number.text) == entered
    assert not number.digits_lost
    assert "e" not in number.text.lower()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_becomes_text_of_the_same_float(value: float) -> None:
    number = parse_cell_number(repr(value))

    assert number is not None
    assert float(number.text) == value


@given(st.integers(-(10**30), 10**30))
def test_a_whole_number_keeps_its_digits_and_says_when_they_are_too_many(value: int) -> None:
    number = parse_cell_number(str(value))

    assert number is not None
    assert number.text == str(value)
    assert number.digits_lost == (abs(value) >= 10**15)


@given(st.dates(date(1900, 3, 1)))
def test_a_day_is_the_day_of_its_number(day: date) -> None:
    serial = NumberText((day - date(1899, 12, 30)).days)

    assert format_serial(serial, FormatKind.DATE, is_1904=False) == day.isoformat()


@given(st.dates(date(1904, 1, 1)), st.integers(0, 86_399))
def test_a_moment_is_the_second_of_its_number(day: date, second: int) -> None:
    serial = NumberText(repr((day - date(1904, 1, 1)).days + second / 86_400))
    time = str(timedelta(seconds=second)).zfill(8)

    text = format_serial(serial, FormatKind.DATE_TIME, is_1904=True)

    assert text == (f"{day.isoformat()}T{time}" if second else day.isoformat())


@given(st.integers(0, 16_383))
def test_letters_of_columns_are_those_of_spreadsheets(index: int) -> None:
    assert parse_column_letters(to_column_letters(index)) == index


def test_columns_are_named_as_spreadsheets_name_them() -> None:
    assert [to_column_letters(index) for index in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert [parse_column_letters(letters) for letters in ("", "1", "É", "AAAAA")] == [-1] * 4
