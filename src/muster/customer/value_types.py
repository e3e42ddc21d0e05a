"""Kinds of value: what a field takes, and how a lenient JSON mapper reads it.

A kind gives a reader: a function from a JSON value to the value that is kept, or to a `Sentinel` that says why none is.
Readers test the type that is expected first and do nothing for the others. A kind also tells for a whole column of
values whether its reader would change any (`columns.py`).
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal as Exact
from typing import Final

from muster.customer.column_tests import ColumnTest, accepts_all, are_dates, are_members, make_text_test
from muster.customer.dates import is_date
from muster.customer.numbers import INTEGER_BOUND, parse_decimal


class Sentinel(enum.Enum):
    """Why a value is not kept."""

    ABSENT = "absent"  # null, or a string of nothing but white space
    BAD = "bad"  # a value that the kind does not take
    TOO_LONG = "too long"  # an identifier over its limit, or with a NUL
    FORBIDDEN = "forbidden"  # a code that exists and may not be used here


ABSENT: Final = Sentinel.ABSENT
BAD: Final = Sentinel.BAD
TOO_LONG: Final = Sentinel.TOO_LONG
FORBIDDEN: Final = Sentinel.FORBIDDEN

Reader = Callable[[object], object]
Codes = Mapping[str, frozenset[str]]  # classifier -> its codes


def is_absent(value: object) -> bool:
    """Whether the contract takes `value` as if the field were not there."""
    return value is None or (type(value) is str and (not value or value.isspace()))


def read_text(value: object) -> object:
    """A string; a number or a boolean in digits and words."""
    if type(value) is str:
        if not value or value.isspace():
            return ABSENT
        return BAD if "\0" in value else value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value) if -INTEGER_BOUND < value < INTEGER_BOUND else BAD
    if type(value) is Exact:
        return format(value, "f")  # str() would write 0.0000001 as 1E-7
    return BAD


def read_date(value: object) -> object:
    """A date or timestamp, kept as it was written."""
    if type(value) is str:
        if is_date(value):
            return value
        return ABSENT if is_absent(value) else BAD
    return BAD


def read_boolean(value: object) -> object:
    """`true` or `false`, or one of the words for them."""
    if type(value) is bool:
        return value
    if type(value) is str:
        word = value.strip()
        if not word:
            return ABSENT
        return {"true": True, "false": False}.get(word.lower(), BAD)
    return BAD


def read_number(value: object) -> object:
    """A number as an `int` or an exact decimal."""
    if type(value) is int:
        return value if -INTEGER_BOUND < value < INTEGER_BOUND else BAD
    if type(value) is Exact:
        return value
    if type(value) is str:
        text = value.strip()
        if not text:
            return ABSENT
        number = parse_decimal(text)
        return BAD if number is None else number
    return BAD


def read_integer(value: object) -> object:
    """A number without a fraction, as an `int`: `10`, `10.0`, `1e1` and `"10"` are the same one."""
    number = read_number(value)
    if type(number) is Exact:
        return int(number) if number == number.to_integral_value() else BAD
    return number


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a field takes. `label` is the kind's name in `C018`."""

    @property
    def label(self) -> str:
        raise NotImplementedError

    def reader(self, codes: Codes) -> Reader:
        """The reader of this kind, given the classifiers' codes of the moment."""
        raise NotImplementedError

    def test(self, codes: Codes) -> ColumnTest:
        """Whether the reader would give back all values of a column as they are."""
        return accepts_all(self.reader(codes))


@dataclass(frozen=True, slots=True)
class Text(ValueType):
    """Any Unicode text but NUL; with `longest`, an identifier of at most so many characters."""

    longest: int | None = None

    @property
    def label(self) -> str:
        return "STRING"

    def reader(self, codes: Codes) -> Reader:
        if self.longest is None:
            return read_text
        longest = self.longest

        def read(value: object) -> object:
            text = read_text(value)
            if type(text) is str:
                return text if len(text) <= longest else TOO_LONG
            return TOO_LONG if text is BAD and type(value) is str else text

        return read

    def test(self, codes: Codes) -> ColumnTest:
        return make_text_test(self.longest)


@dataclass(frozen=True, slots=True)
class Date(ValueType):
    @property
    def label(self) -> str:
        return "DATE"

    def reader(self, codes: Codes) -> Reader:
        return read_date

    def test(self, codes: Codes) -> ColumnTest:
        return are_dates


@dataclass(frozen=True, slots=True)
class Decimal(ValueType):
    @property
    def label(self) -> str:
        return "DECIMAL"

    def reader(self, codes: Codes) -> Reader:
        return read_number


@dataclass(frozen=True, slots=True)
class Integer(ValueType):
    @property
    def label(self) -> str:
        return "INTEGER"

    def reader(self, codes: Codes) -> Reader:
        return read_integer


@dataclass(frozen=True, slots=True)
class Boolean(ValueType):
    @property
    def label(self) -> str:
        return "BOOLEAN (values: true, false)"

    def reader(self, codes: Codes) -> Reader:
        return read_boolean


@dataclass(frozen=True, slots=True)
class Enum(ValueType):
    """One of fixed names. Of `refused` ones a sender may know, but this service takes none of them."""

    values: tuple[str, ...]
    refused: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return ", ".join(self.values)

    def reader(self, codes: Codes) -> Reader:
        return _read_member(frozenset(self.values))

    def test(self, codes: Codes) -> ColumnTest:
        return are_members(frozenset(self.values))


@dataclass(frozen=True, slots=True)
class ClassifierCode(ValueType):
    """A code of a classifier; `forbidden` tells the codes that exist and may not be used in this field."""

    classifier: str
    forbidden: Callable[[str], bool] | None = None

    @property
    def label(self) -> str:
        return "STRING"

    def reader(self, codes: Codes) -> Reader:
        allowed = self._allowed(codes)
        read_allowed = _read_member(allowed)
        if self.forbidden is None:
            return read_allowed
        forbidden = codes[self.classifier] - allowed

        def read(value: object) -> object:
            code = read_allowed(value)
            return FORBIDDEN if code is BAD and read_text(value) in forbidden else code

        return read

    def test(self, codes: Codes) -> ColumnTest:
        return are_members(self._allowed(codes))

    def _allowed(self, codes: Codes) -> frozenset[str]:
        existing, forbidden = codes[self.classifier], self.forbidden
        return existing if forbidden is None else frozenset(code for code in existing if not forbidden(code))


def _read_member(members: frozenset[str]) -> Reader:
    def read(value: object) -> object:
        if type(value) is str:
            if value in members:
                return value
            return ABSENT if is_absent(value) else BAD
        # A sender may write a code of digits as a number: 6 is the code "6".
        text = read_text(value)
        return text if text in members else BAD

    return read


@dataclass(frozen=True, slots=True)
class Nested(ValueType):
    """An object with fields of its own, by its schema's name."""

    schema: str

    @property
    def label(self) -> str:
        return "OBJECT"


@dataclass(frozen=True, slots=True)
class NestedList(ValueType):
    """A list of parts, by their schema's name."""

    schema: str

    @property
    def label(self) -> str:
        return "LIST"


@dataclass(frozen=True, slots=True)
class ScreeningList(ValueType):
    """Names of screening processes: none of them is available in batch, so any name is refused."""

    values: tuple[str, ...]

    @property
    def label(self) -> str:
        return "LIST"
