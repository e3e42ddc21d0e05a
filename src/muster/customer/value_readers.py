"""Readers: how the value of a field is read, as leniently as a JSON mapper reads it.

A reader is a function from a JSON value to the value that the document holds, or to a `Sentinel` that says why it holds
none. Each reader tests the expected type first, so a value of that type costs no other test.
"""

import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from muster.customer.dates import is_date
from muster.customer.numbers import INTEGER_BOUND, parse_decimal


class Sentinel(enum.Enum):
    """Why a document does not hold a value."""

    ABSENT = "absent"  # null, or a string of nothing but white space
    BAD = "bad"  # not a value of the field's type
    TOO_LONG = "too long"  # an identifier over its limit, or with a NUL
    FORBIDDEN = "forbidden"  # a code that exists and may not be used in this field


ABSENT: Final = Sentinel.ABSENT
BAD: Final = Sentinel.BAD
TOO_LONG: Final = Sentinel.TOO_LONG
FORBIDDEN: Final = Sentinel.FORBIDDEN

Reader = Callable[[object], object]


class RetiredCode(str):
    """A code that its classifier no longer has. It is accepted, with a warning; the document holds it as a `str`."""

    __slots__ = ()


def is_absent(value: object) -> bool:
    """Whether the contract treats `value` as if the field were missing."""
    return value is None or (type(value) is str and (not value or value.isspace()))


def read_text(value: object) -> object:
    """A string. A number or a boolean becomes its JSON text."""
    if type(value) is str:
        if not value or value.isspace():
            return ABSENT
        return BAD if "\0" in value else value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value) if -INTEGER_BOUND < value < INTEGER_BOUND else BAD
    if type(value) is Decimal:
        return format(value, "f")  # str() would write 0.0000001 as 1E-7
    return BAD


def read_date(value: object) -> object:
    """A date or timestamp, as it was written."""
    if type(value) is str:
        if is_date(value):
            return value
        return ABSENT if is_absent(value) else BAD
    return BAD


def read_boolean(value: object) -> object:
    """A boolean, or a string of one of the words `true` and `false` in any case."""
    if type(value) is bool:
        return value
    if type(value) is str:
        word = value.strip()
        if not word:
            return ABSENT
        return {"true": True, "false": False}.get(word.lower(), BAD)
    return BAD


def read_number(value: object) -> object:
    """A number as an `int` or an exact `Decimal`."""
    if type(value) is int:
        return value if -INTEGER_BOUND < value < INTEGER_BOUND else BAD
    if type(value) is Decimal:
        return value
    if type(value) is str:
        text = value.strip()
        if not text:
            return ABSENT
        number = parse_decimal(text)
        return BAD if number is None else number
    return BAD


def read_integer(value: object) -> object:
    """A number without a fraction, as an `int`: `10`, `10.0`, `1e1` and `"10"` are the same."""
    number = read_number(value)
    if type(number) is Decimal:
        return int(number) if number == number.to_integral_value() else BAD
    return number


def make_identifier_reader(max_length: int) -> Reader:
    """A reader of strings of at most `max_length` characters."""

    def read(value: object) -> object:
        text = read_text(value)
        if type(text) is str:
            return text if len(text) <= max_length else TOO_LONG
        return TOO_LONG if text is BAD and type(value) is str else text

    return read


def make_member_reader(members: frozenset[str]) -> Reader:
    """A reader of the strings in `members`."""

    def read(value: object) -> object:
        if type(value) is str:
            if value in members:
                return value
            return ABSENT if is_absent(value) else BAD
        # A code of digits may be sent as a number: 6 is the code "6".
        text = read_text(value)
        return text if text in members else BAD

    return read


def make_code_reader(allowed: frozenset[str], forbidden: frozenset[str]) -> Reader:
    """A reader of the codes in `allowed`; the codes in `forbidden` give `FORBIDDEN`."""
    read_allowed = make_member_reader(allowed)

    def read(value: object) -> object:
        code = read_allowed(value)
        return FORBIDDEN if code is BAD and read_text(value) in forbidden else code

    return read
