"""Converters: from the text of a cell to the JSON value that the checker reads.

A text that a converter can't read stays as it is, and the checker tells the error of its field. A converter never
raises for a text; it returns `REFUSED` when passing the text on could give another value than the one that is meant.

What a converter returns is plain: a `NumberText` becomes a number or a `str`, and a `BooleanText` a boolean. The
checker would read the text of a number or a boolean, too, but a document that needs no change costs it much less.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import msgspec

from muster.customer.numbers import MAX_DIGITS, parse_decimal, parse_json_decimal
from muster.customer.value_types import Boolean, ClassifierCode, Date, Enum, Integer, Text, ValueType
from muster.customer.value_types import Decimal as DecimalType
from muster.loads.rows import BooleanText, NumberText


class _Refused:
    def __repr__(self) -> str:
        return "REFUSED"


REFUSED: Final = _Refused()
Convert = Callable[[str], Any]

_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_decode_json: Final = msgspec.json.Decoder(float_hook=parse_json_decimal).decode
# `1.234,56`, `1 234,56`, `1234,56`. The blanks are those that programs group digits with.
_COMMA_NUMBER: Final = re.compile(
    r"\s*([+-]?)(\d{1,3}(?:([.'\u2019 \u00a0\u2009\u202f])\d{3}(?:\3\d{3})*)|\d+)(?:,(\d+))?\s*", re.ASCII
)
_ZERO_TIME: Final = r"(?:[ T]0?0:00(?::00(?:[.,]0+)?)?)?"
# Lists and objects in each other. Those of a customer are 6; merging the rows of one walks them by recursion.
_MAX_DEPTH: Final = 32
_MAX_CACHED_LENGTH: Final = 32


def make_type_converter(value_type: ValueType, *, has_numbers: bool) -> Convert | None:
    """The converter of cells without a mapping; None when they stay as they are.

    `has_numbers` says whether the file has cells that are `NumberText` or `BooleanText`.
    """
    if isinstance(value_type, Boolean):
        return _to_boolean
    if isinstance(value_type, Integer | DecimalType):
        return to_number
    # A text field gets a number or a boolean as JSON, so that the checker warns of zeros that may be lost (W007).
    if has_numbers and isinstance(value_type, Text | ClassifierCode | Enum):
        return _keep_type
    if has_numbers and isinstance(value_type, Date):
        return str
    return None


def _to_boolean(text: str) -> Any:
    value = _BOOLEANS.get(text)
    return str(text) if value is None else value


def to_number(text: str) -> Any:
    """A number of JSON's notation as an `int` or an exact `Decimal`; other texts as they are."""
    if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS:
        return int(text)
    number = parse_decimal(text)
    return str(text) if number is None else number


def _keep_type(text: str) -> Any:
    if type(text) is NumberText:
        return to_number(text)
    return text == "true" if type(text) is BooleanText else text


def convert_comma_number(text: str) -> Any:
    """A number with a decimal comma. One with a point that groups no digits is refused: it could be meant otherwise."""
    if type(text) is NumberText:
        return to_number(text)
    match = _COMMA_NUMBER.fullmatch(text) if len(text) <= 2 * MAX_DIGITS else None
    if match is None:
        return REFUSED if parse_decimal(text.strip()) is not None else str(text)
    sign, whole, separator, fraction = match.groups()
    digits = whole.replace(separator, "") if separator else whole
    return to_number(f"{sign}{digits}" + (f".{fraction}" if fraction else ""))


def convert_json(text: str) -> Any:
    """The list or the object that a cell holds as JSON; else `REFUSED`, also for one that is nested too deeply."""
    try:
        value = _decode_json(str(text))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return REFUSED
    if not isinstance(value, list | dict):
        return REFUSED
    return REFUSED if text.count("[") + text.count("{") > _MAX_DEPTH and _is_deep(value) else value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MAX_DEPTH):
        containers = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for container in containers for each in container if isinstance(each, list | dict)]
        if not level:
            return False
    return True


def make_date_converter(date_format: str) -> Convert:
    """The converter of dates in a form such as `DD.MM.YYYY` or `%d.%m.%Y`. Raises `ValueError` with what is wrong.

    A time of midnight after the day is left out: programs write one where they know no time.
    """
    match = re.compile(rf"\s*{_to_pattern(date_format)}{_ZERO_TIME}\s*", re.ASCII).fullmatch

    @lru_cache(maxsize=32_768)
    def convert_short(text: str) -> str:
        found = match(text)
        return str(text) if found is None else f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}"

    return lambda text: convert_short(text) if len(text) <= _MAX_CACHED_LENGTH else str(text)


_DATE_PARTS: Final = {
    "YYYY": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d\d)",
    "M": r"(?P<month>\d\d?)",
    "DD": r"(?P<day>\d\d)",
    "D": r"(?P<day>\d\d?)",
}
_STRPTIME: Final = {"%Y": "YYYY", "%m": "MM", "%d": "DD"}
_DATE_TOKENS: Final = re.compile("YYYY|MM?|DD?|[^A-Za-z0-9%]")


def _to_pattern(date_format: str) -> str:
    text = date_format
    for directive, part in _STRPTIME.items():
        text = text.replace(directive, part)
    tokens = _DATE_TOKENS.findall(text)
    parts = sorted(token[0] for token in tokens if token in _DATE_PARTS)
    if "".join(tokens) != text or parts != ["D", "M", "Y"]:
        raise ValueError("a date format has YYYY, MM or M, and DD or D, each once, with marks between: DD.MM.YYYY")
    return "".join(_DATE_PARTS.get(token) or re.escape(token) for token in tokens)


def make_value_map(values: Mapping[str, Any], if_other: Any, *, refuses_other: bool) -> Convert:
    """The converter by a table of texts. Blanks at the ends of a text do not count."""
    others = {text.strip(): to_json_scalar(value) for text, value in values.items()}
    other = None if if_other is None else to_json_scalar(if_other)

    def convert(text: str) -> Any:
        value = others.get(text.strip(), REFUSED)
        if value is not REFUSED or refuses_other:
            return value
        return text if other is None else other

    return convert


def to_json_scalar(value: Any) -> Any:
    """A value of a mapping as the checker takes it. The text of a float has the digits that were written."""
    return repr(value) if type(value) is float else value


def is_rounded(text: str | None) -> bool:
    """Whether a number field can't take a number that a spreadsheet holds with more than 15 digits.

    A whole number of 16 digits and more has lost its last ones. One with a fraction is the result of a computation,
    such as 0.30000000000000004; the document has it as the file does.
    """
    number = None if text is None else parse_decimal(text)
    return number is None or abs(number) >= Decimal(10) ** 15
