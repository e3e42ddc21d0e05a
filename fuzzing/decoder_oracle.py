"""Oracle for decoding: all decoders agree, and accept exactly what is JSON.

The standard library's decoder is the reference for what is JSON and for its values, down to the depth that it supports.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import msgspec

from fuzzing.invariants import require
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
MAX_CUSTOMERS: Final = 200
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Rejection:
    """The error of a body that is not a batch."""

    error: type[Exception]
    message: str


def decode(body: bytes, *, max_whole_bytes: int = MAX_WHOLE_BYTES) -> list[Any] | Rejection:
    """The items of the body, or its error."""
    try:
        return list(decode_customers(body, MAX_CUSTOMERS, max_whole_bytes=max_whole_bytes))
    except (InvalidBatchError, TooManyCustomersError) as error:
        return Rejection(type(error), str(error))


def check_decoders(body: bytes, decoded: list[Any] | Rejection) -> None:
    """All decoders agree on the body, and `decoded` is what follows from them."""
    text = _to_text(body)
    if text is None:
        require(isinstance(decoded, Rejection), "invalid-utf8-was-decoded")
        return
    value = _decode_tolerantly(text)
    _compare_with_standard_library(text, value)
    if isinstance(value, tolerant_json.InvalidJsonError):
        is_rejected = isinstance(decoded, Rejection) and decoded.error is InvalidBatchError
        require(is_rejected, "invalid-json-was-decoded", value)
        return
    _compare_with_fast_decoder(body, value)
    is_batch = type(value) is dict and type(value.get("customers")) is list
    is_accepted = is_batch and len(value["customers"]) <= MAX_CUSTOMERS
    require(is_accepted is not isinstance(decoded, Rejection), "a-batch-was-rejected-or-another-body-decoded", decoded)


def _decode_tolerantly(text: str) -> Any:
    try:
        return tolerant_json.decode(text)
    except tolerant_json.InvalidJsonError as error:
        require(0 <= error.offset <= len(text), "an-error-is-outside-of-the-text", error.offset)
        return error


def _compare_with_standard_library(text: str, value: Any) -> None:
    try:
        expected = json.loads(
            text,
            object_pairs_hook=lambda pairs: {"\ufffd" if _SURROGATE.search(key) else key: its for key, its in pairs},
            parse_int=parse_json_integer,
            parse_float=parse_json_decimal,
            parse_constant=_reject_constant,
        )
    except RecursionError:
        return
    except ValueError as error:
        is_error = isinstance(value, tolerant_json.InvalidJsonError)
        require(is_error, "the-tolerant-decoder-accepts-invalid-json", error)
        return
    require(not isinstance(value, tolerant_json.InvalidJsonError), "the-tolerant-decoder-rejects-json", value)
    require(_is_equal(value, expected), "the-tolerant-decoder-and-the-standard-library-differ")


def _compare_with_fast_decoder(body: bytes, value: Any) -> None:
    try:
        expected = fast_decoder.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError):
        return
    require(_is_equal(value, expected), "the-tolerant-and-the-fast-decoder-differ")


def _is_equal(value: Any, expected: Any, depth: int = 0) -> bool:
    """Whether the tolerant decoder's value is the expected one, with its types and digits.

    Where the tolerant decoder gives `UNREADABLE`, the expected value must be one that it may not keep.
    """
    if value is UNREADABLE:
        return _may_be_unreadable(expected, depth)
    if type(value) is not type(expected):
        return False
    if isinstance(value, dict):
        return value.keys() == expected.keys() and all(_is_equal(value[key], expected[key], depth + 1) for key in value)
    if isinstance(value, list):
        return len(value) == len(expected) and all(map(_is_equal, value, expected, [depth + 1] * len(value)))
    return str(value) == str(expected)


def _may_be_unreadable(expected: Any, depth: int) -> bool:
    if isinstance(expected, dict | list):
        return depth >= tolerant_json.MAX_DEPTH
    if isinstance(expected, str):
        return _SURROGATE.search(expected) is not None
    return expected is UNREADABLE or (type(expected) is int and abs(expected) >= INTEGER_BOUND)


def _to_text(body: bytes) -> str | None:
    """The text of a body, with spaces for its byte order mark; None when it is not UTF-8."""
    try:
        text = str(body, "utf-8")
    except UnicodeDecodeError:
        return None
    return f"   {text[1:]}" if text.startswith("\ufeff") else text


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(constant)
