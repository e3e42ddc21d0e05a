"""Numbers of spreadsheets as exact decimal text."""

import re
from decimal import Decimal
from typing import Final, NamedTuple

from muster.loads.rows import NumberText

# Spreadsheets keep 15 digits of what is entered; the binary number behind them needs up to 17 to be written.
MAX_EXACT_DIGITS: Final = 15
# A text of at most 16 characters that is in its shortest form already.
_SHORTEST: Final = re.compile(r"-?(?:[1-9]\d{0,14}(?:\.\d{0,13}[1-9])?|0\.\d{0,13}[1-9])|0", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
# The range of binary numbers. It bounds the text that an exponent makes.
_MAX_EXPONENT: Final = 330
_MAX_STORED_LENGTH: Final = 400


class CellNumber(NamedTuple):
    """A number as text. `digits_lost` says that it has more digits than a spreadsheet keeps of what was entered."""

    text: NumberText
    digits_lost: bool


def parse_cell_number(stored: str) -> CellNumber | None:
    """The shortest decimal text of a stored number; None for what is none.

    Spreadsheets write the number 1.1 as `1.1000000000000001` and 10 to the 16th as `1E+16`.
    """
    if len(stored) <= MAX_EXACT_DIGITS + 1 and _SHORTEST.fullmatch(stored):
        return CellNumber(NumberText(stored), False)
    stored = stored.strip()
    if len(stored) > _MAX_STORED_LENGTH or not _NUMBER.fullmatch(stored):
        return None
    number = Decimal(stored)
    if not number:
        return CellNumber(NumberText("0"), False)
    if not -_MAX_EXPONENT < number.adjusted() < _MAX_EXPONENT:
        return None
    number = _shorten(number)
    lost = number.adjusted() >= MAX_EXACT_DIGITS or _count_digits(number) > MAX_EXACT_DIGITS
    return CellNumber(NumberText(format_decimal(number)), lost)


def _shorten(number: Decimal) -> Decimal:
    """The shortest number for the same binary one, of a number in the 16 or 17 digits that programs write of it.

    Other numbers, and whole ones of so many digits, stay as they are: somebody may have meant each digit.
    """
    if number.adjusted() >= MAX_EXACT_DIGITS or _count_digits(number) <= MAX_EXACT_DIGITS:
        return number
    binary = float(number)
    shortest = Decimal(repr(binary))
    is_written_by_program = number in (Decimal(f"{binary:.17g}"), Decimal(f"{binary:.16g}"))
    return shortest if is_written_by_program and _count_digits(shortest) <= MAX_EXACT_DIGITS else number


def format_decimal(number: Decimal) -> str:
    """All digits of a number without an exponent and without zeros at the end of a fraction."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_percent(number: NumberText) -> str:
    """The text of a cell with a percent format: `25%` for 0.25, as a person sees it."""
    return format_decimal(Decimal(number).scaleb(2)) + "%"


def _count_digits(number: Decimal) -> int:
    digits = "".join(map(str, number.as_tuple().digits))
    return len(digits.strip("0"))
