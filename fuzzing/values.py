"""Values as JSON text, derived from the field tables: valid ones, ones just beyond the bounds, and ones that decoders
often fail on.
"""

import json
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Final

from muster.classifiers.defaults import default_entries
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import ClassifierSnapshot
from muster.customer.examples import get_example
from muster.customer.fields import iterate_fields
from muster.customer.numbers import MAX_DIGITS, MAX_EXPONENT
from muster.customer.schema import Field
from muster.customer.value_types import ClassifierCode, Date, Enum, ScreeningList, Text
from muster.intake.json_structure import MAX_DEPTH

MAX_WORD_LENGTH: Final = 32
UNITS: Final = ("MAIN", "LV", "EE")

FIELD_NAMES: Final = tuple(dict.fromkeys(field.name for _, field in iterate_fields()))

_DEEP: Final = (MAX_DEPTH - 3, MAX_DEPTH, 200, 3_000)
_DIGITS: Final = ("9" * MAX_DIGITS, "9" * (MAX_DIGITS + 1), "1" + "0" * MAX_DIGITS, "1" * 5_000)
_NUMBERS: Final = (
    *("0", "-0", "1", "-1", "10.0", "0.10", "-0.0", "1e1", "1E+2", "1e-3", "0.0000001", "1.5", "9223372036854775808"),
    *_DIGITS,
    *(f"-{digits}" for digits in _DIGITS),
    *(f"0.{digits}" for digits in _DIGITS),
    *(f"1e{sign}{MAX_EXPONENT + more}" for sign in ("", "+", "-") for more in (-1, 0, 1)),
    f"{'9' * MAX_DIGITS}e{MAX_EXPONENT}",
    "1e999999999",
    "1e-99999999999999999999",
    # All of these have the hash 0.
    *(str(factor * (2**61 - 1)) for factor in (1, 2, 2**64)),
)
_STRINGS: Final = (
    *(
        "",
        " ",
        "\u00a0\u2028",
        "\t\n",
        "\0",
        "a\0b",
        "\ufeff",
        "\ufffd",
        "é",
        "\U0001f600",
        "{NAME} {i} {code}",
        "~/~1",
    ),
    *("true", " FALSE ", "null", "6", ".5", "5.", "+1", "1_0", "\u0661", "0x10", "1e5"),
)
_DATES: Final = (
    *("2024-02-29", "2023-02-29", "0001-01-01", "9999-12-31", "20240131", "2024-W01-1", "2024-1-1", "\u0662024-01-01"),
    *("2024-05-26T16:49:50Z", "2024-05-26T23:59:59.123456789+14:00", "2024-05-26T24:00:00Z", "2024-05-26T16:49:50"),
    *("2024-05-26 16:49:50.000+0200", "2024-05-26 16:49:50.000Z", "2024-05-26 16:49:50Z"),
)
# Not JSON, or only in part: breaks the syntax around it.
MALFORMED_TEXTS: Final = (
    "NaN",
    "Infinity",
    "-Infinity",
    "01",
    "1.",
    "+1",
    "tru",
    '"\\x"',
    '"\x01"',
    "'a'",
    "",
    "[",
    "}",
    '"\\u12"',
    "1 2",
)
JSON_TEXTS: Final = (
    *("null", "true", "false", "{}", "[]", "[[]]", "[null]", '{"":null}', '{"a":1,"a":[]}'),
    *_NUMBERS,
    *map(json.dumps, _STRINGS),
    *('"\\ud800"', '"\\udc00\\ud800"', '"a\\ud83d"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\/\\b\\f"', '{"\\ud800":1}'),
    *("[" * depth + "]" * depth for depth in _DEEP),
    *('{"a":' * depth + "1" + "}" * depth for depth in _DEEP),
    *("[" * depth + '"\\ud800"' + "]" * depth for depth in _DEEP[:2]),
)


@cache
def build_snapshot() -> ClassifierSnapshot:
    """The classifiers of a new installation, with several business units."""
    own = [entry for entry in default_entries() if entry.classifier != "businessUnit"]
    return ClassifierSnapshot.from_entries(1, [*own, *(ClassifierEntry("businessUnit", unit, unit) for unit in UNITS)])


@cache
def get_field_texts(name: str) -> tuple[str, ...]:
    """JSON texts for the types of all fields with this name; empty when there is no such field."""
    fields = [field for _, field in iterate_fields() if field.name == name]
    return tuple(dict.fromkeys(chain.from_iterable(map(_iterate_texts, fields))))


def iterate_dictionary() -> Iterator[str]:
    """Names and short texts, for mutations of bytes."""
    yield from FIELD_NAMES
    yield from (text for text in JSON_TEXTS + MALFORMED_TEXTS if 0 < len(text) <= MAX_WORD_LENGTH)
    yield from (text for name in FIELD_NAMES for text in get_field_texts(name) if len(text) <= MAX_WORD_LENGTH)


def _iterate_texts(field: Field) -> Iterator[str]:
    yield from (json.dumps(get_example(field, entity_type)) for entity_type in ("INDIVIDUAL", "ORGANIZATION"))
    match field.value_type:
        case Text(max_length=int(max_length)):
            lengths = max_length, max_length + 1
            yield from (json.dumps(letter * length) for length in lengths for letter in ("x", "\U0001f600"))
        case Date():
            yield from map(json.dumps, _DATES)
        case Enum(values, unsupported):
            yield from map(json.dumps, (*values, *unsupported, values[0].lower()))
        case ClassifierCode(classifier):
            codes = sorted(build_snapshot().codes[classifier])
            yield from map(json.dumps, (*codes[:3], *codes[-3:], *(code for code in codes if "LEAD" in code), "6"))
        case ScreeningList(values):
            yield from (json.dumps([value, None, "x", 1]) for value in values)
    if field.is_checked_by_rule:
        yield from map(json.dumps, (*_DATES, *_STRINGS))
