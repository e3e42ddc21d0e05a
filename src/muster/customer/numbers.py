"""Numbers as the contract bounds them: at most 40 digits and an exponent of at most 40, every digit kept.

Beyond 40 digits a number is no amount of anything; without a bound, `1e999999999` would be gigabytes once written out.
"""

import re
from decimal import Decimal
from typing import Final

MAX_DIGITS: Final = 40
MAX_EXPONENT: Final = 40
INTEGER_BOUND: Final = 10**MAX_DIGITS
# Characters that a number within these bounds may take with its signs, its point and some idle zeros.
_MAX_LENGTH: Final = 2 * MAX_DIGITS + 20

_NUMBER: Final = re.compile(r"[+-]?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,9}))?", re.ASCII)


class Unreadable:
    """A value that JSON allows and no kind takes: a number out of bounds, a string that is no Unicode text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE: Final = Unreadable()


def parse_decimal(text: str) -> Decimal | None:
    """The number that `text` writes in JSON's notation (a leading `+` or `.` is taken too), or None."""
    if len(text) > _MAX_LENGTH or (match := _NUMBER.fullmatch(text)) is None:
        return None
    whole, fraction, bare_fraction, exponent = match.groups()
    # The zero before a decimal point is no digit of the number: 0.1 has one.
    digits = len((whole or "").lstrip("0")) + len(fraction or bare_fraction or "")
    if digits > MAX_DIGITS or (exponent and abs(int(exponent)) > MAX_EXPONENT):
        return None
    return Decimal(text)


def parse_json_decimal(text: str) -> Decimal | Unreadable:
    """Hook for JSON decoders: a number with a point or an exponent, exact, or `UNREADABLE` when out of bounds."""
    number = parse_decimal(text)
    return UNREADABLE if number is None else number


def parse_json_integer(text: str) -> int | Unreadable:
    """Hook for JSON decoders: a whole number of any length, `UNREADABLE` when out of bounds."""
    return int(text) if len(text) <= MAX_DIGITS + 1 else UNREADABLE
