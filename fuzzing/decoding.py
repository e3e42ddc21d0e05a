"""Properties of decoding: the ways to read a body agree, and what is JSON is read.

The standard library is the judge of what is JSON, and says what its values are, as deep as it goes.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import msgspec

from fuzzing.broken import hold
from muster.customer.numbers import INTEGER_BOUND, UNREADABLE, parse_json_decimal, parse_json_integer
from muster.intake import tolerant_json
from muster.intake.decode import (
    MAX_WHOLE_BYTES,
    InvalidBatchError,
    TooManyCustomersError,
    decode_customers,
    fast_decoder,
)

# More customers than most inputs have, and fewer than some.
LIMIT: Final = 200
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A body that is refused, and how."""

    kind: type[Exception]
    message: str


def decoded(body: bytes, *, whole: int = MAX_WHOLE_BYTES) -> list[Any] | Refusal:
    """The items of the body, or why there are none."""
    try:
        return list(decode_customers(body, LIMIT, whole=whole))
    except (InvalidBatchError, TooManyCustomersError) as error:
        return Refusal(type(error), str(error))


def check_decoders(body: bytes, read: list[Any] | Refusal) -> None:
    """What the decoders make of the body fits together, and fits `read`, what was made of it in earnest."""
    text = _text_of(body)
    if text is None:
        hold(isinstance(read, Refusal), "no-utf8-was-read")
        return
    careful_value = _carefully(text)
    _check_against_standard_library(text, careful_value)
    if isinstance(careful_value, tolerant_json.InvalidJsonError):
        hold(isinstance(read, Refusal) and read.kind is InvalidBatchError, "what-is-no-json-was-read", careful_value)
        return
    _check_against_fast(body, careful_value)
    is_batch = type(careful_value) is dict and type(careful_value.get("customers")) is list
    fits = is_batch and len(careful_value["customers"]) <= LIMIT
    hold(fits is not isinstance(read, Refusal), "a-batch-was-refused-or-no-batch-was-read", read)


def _carefully(text: str) -> Any:
    try:
        return tolerant_json.decode(text)
    except tolerant_json.InvalidJsonError as error:
        hold(0 <= error.offset <= len(text), "an-error-lies-outside-of-its-text", error.offset)
        return error


def _check_against_standard_library(text: str, value: Any) -> None:
    try:
        expected = json.loads(
            text,
            object_pairs_hook=lambda pairs: {"\ufffd" if _SURROGATE.search(key) else key: its for key, its in pairs},
            parse_int=parse_json_integer,
            parse_float=parse_json_decimal,
            parse_constant=_refused,
        )
    except RecursionError:
        return
    except ValueError as error:
        hold(isinstance(value, tolerant_json.InvalidJsonError), "the-careful-decoder-reads-what-is-no-json", error)
        return
    hold(not isinstance(value, tolerant_json.InvalidJsonError), "the-careful-decoder-refuses-json", value)
    hold(_agree(value, expected), "the-careful-decoder-reads-other-values-than-the-standard-library")


def _check_against_fast(body: bytes, value: Any) -> None:
    try:
        expected = fast_decoder.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError):
        return
    hold(_agree(value, expected), "the-two-decoders-read-different-values")


def _agree(value: Any, expected: Any, depth: int = 0) -> bool:
    """Whether the careful decoder's value is the expected one, as far as it keeps values: types and digits too."""
    if value is UNREADABLE:
        return _may_be_unreadable(expected, depth)
    if type(value) is not type(expected):
        return False
    if isinstance(value, dict):
        return value.keys() == expected.keys() and all(_agree(value[key], expected[key], depth + 1) for key in value)
    if isinstance(value, list):
        return len(value) == len(expected) and all(map(_agree, value, expected, [depth + 1] * len(value)))
    return str(value) == str(expected)


def _may_be_unreadable(expected: Any, depth: int) -> bool:
    if isinstance(expected, dict | list):
        return depth >= tolerant_json.MAX_DEPTH
    if isinstance(expected, str):
        return _SURROGATE.search(expected) is not None
    return expected is UNREADABLE or (type(expected) is int and abs(expected) >= INTEGER_BOUND)


def _text_of(body: bytes) -> str | None:
    """The text of a body, with spaces for its byte order mark; None when it is no UTF-8."""
    try:
        text = str(body, "utf-8")
    except UnicodeDecodeError:
        return None
    return f"   {text[1:]}" if text.startswith("\ufeff") else text


def _refused(constant: str) -> NoReturn:
    raise ValueError(constant)
