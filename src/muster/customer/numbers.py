"""Numbers within the contract's bounds: at most 40 digits and an exponent of at most 40. Every digit is kept.

Without a bound, `1e999999999` would take gigabytes when it is written without an exponent.
"""

import re
from decimal import Decimal
from typing import Final

MAX_DIGITS: Final = 40
MAX_EXPONENT: Final = 40
INTEGER_BOUND: Final = 10**MAX_DIGITS
# Characters of a number within these bounds, with signs, a point and some leading zeros.
_MAX_LENGTH: Final = 2 * MAX_DIGITS + 20

_NUMBER: Final = re.compile(r"[+-]?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,9}))?", re.ASCII)


class Unreadable:
    """A JSON value that no type takes: a number out of bounds, or a string that is not Unicode text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE: Final = Unreadable()


def parse_decimal(text: str) -> Decimal | None:
    """The number that `text` has in JSON's notation, or with a leading `+` or `.`; None if it is not one."""
    if len(text) > _MAX_LENGTH or (match := _NUMBER.fullmatch(text)) is None:
        return None
    whole, fraction, bare_fraction, exponent = match.groups()
    # Leading zeros do not count as digits: 0.1 has one digit.
    digits = len((whole or "").lstrip("0")) + len(fraction or bare_fraction or "")
    if digits > MAX_DIGITS or (exponent and abs(int(exponent)) > MAX_EXPONENT):
        return None
    return Decimal(text)


def parse_json_decimal(text: str) -> Decimal | Unreadable:
    """Hook for JSON decoders: a number with a point or an exponent, exact; `UNREADABLE` when out of bounds."""
    if len(text) <= MAX_DIGITS and "e" not in text and "E" not in text:
        return Decimal(text)  # a JSON number of so few characters is within the bounds
    number = parse_decimal(text)
    return UNREADABLE if number is None else number


def parse_json_integer(text: str) -> int | Unreadable:
    """Hook for JSON decoders: a number without point and exponent; `UNREADABLE` when out of bounds."""
    return int(text) if len(text) <= MAX_DIGITS + 1 else UNREADABLE
