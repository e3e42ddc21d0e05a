"""Oracle for decoding: all decoders agree, and accept exactly what is JSON.

The standard library's decoder is the reference for what is JSON and for its values, down to the depth that it supports.
"""

import json
import re
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, NoReturn

import msgspec

from fuzzing.invariants import require
from muster.customer.numbers import INTEGER_BOUND, UNREADABLE, parse_json_decimal, parse_json_integer
from muster.intake import tolerant_json
from muster.intake.decode import (
    MAX_GROUP_BYTES,
    MAX_WHOLE_BYTES,
    InvalidBatchError,
    TooManyCustomersError,
    decode_customers,
)
from muster.intake.json_scanner import InvalidJsonError, check_syntax
from muster.intake.json_structure import MAX_DEPTH
from muster.intake.value_decoder import fast_decoder

# More customers than most inputs have, and fewer than some.
MAX_CUSTOMERS: Final = 200
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Rejection:
    """The error of a body that is not a batch."""

    error: type[Exception]
    message: str


def decode(
    body: bytes, *, max_whole_bytes: int = MAX_WHOLE_BYTES, max_group_bytes: int = MAX_GROUP_BYTES
) -> list[Any] | Rejection:
    """The items of the body, or its error."""
    try:
        groups = decode_customers(body, MAX_CUSTOMERS, max_whole_bytes=max_whole_bytes, max_group_bytes=max_group_bytes)
        return list(chain.from_iterable(groups))
    except (InvalidBatchError, TooManyCustomersError) as error:
        return Rejection(type(error), str(error))


def check_decoders(body: bytes, decoded: list[Any] | Rejection) -> None:
    """All decoders agree on the body, and `decoded` is what follows from them."""
    text = _to_text(body)
    if text is None:
        require(isinstance(decoded, Rejection), "invalid-utf8-was-decoded")
        return
    value = _decode_tolerantly(text)
    keys = _compare_with_standard_library(text, value)
    if isinstance(value, InvalidJsonError):
        require(isinstance(decoded, Rejection), "invalid-json-was-decoded", value)
        return
    _compare_with_fast_decoder(body, value)
    if keys is None:
        return  # the key `customers` may stand twice
    is_batch = type(value) is dict and type(value.get("customers")) is list and keys.count("customers") < 2
    is_accepted = is_batch and len(value["customers"]) <= MAX_CUSTOMERS
    require(is_accepted is not isinstance(decoded, Rejection), "a-batch-was-rejected-or-another-body-decoded", decoded)


def _decode_tolerantly(text: str) -> Any:
    try:
        check_syntax(text.encode())
        return tolerant_json.decode(text.encode())
    except InvalidJsonError as error:
        require(0 <= error.offset <= len(text.encode()), "an-error-is-outside-of-the-text", error.offset)
        return error


def _compare_with_standard_library(text: str, value: Any) -> list[str] | None:
    """Gives the keys of the root, with those that stand there more than once; None when they are not known."""
    keys: list[str] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys[:] = [key for key, _ in pairs]  # the last object that is built is the root
        return {"\ufffd" if _SURROGATE.search(key) else key: its for key, its in pairs}

    try:
        expected = json.loads(
            text,
            object_pairs_hook=build,
            parse_int=parse_json_integer,
            parse_float=parse_json_decimal,
            parse_constant=_reject_constant,
        )
    except RecursionError:
        return None
    except ValueError as error:
        require(isinstance(value, InvalidJsonError), "the-tolerant-decoder-accepts-invalid-json", error)
        return None
    require(not isinstance(value, InvalidJsonError), "the-tolerant-decoder-rejects-json", value)
    require(_is_equal(value, expected), "the-tolerant-decoder-and-the-standard-library-differ")
    return keys


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
    if isinstance(value, dict | list) and depth >= MAX_DEPTH:
        return True  # no field nests so deep: what is in it does not matter
    if isinstance(value, dict):
        return value.keys() == expected.keys() and all(_is_equal(value[key], expected[key], depth + 1) for key in value)
    if isinstance(value, list):
        return len(value) == len(expected) and all(map(_is_equal, value, expected, [depth + 1] * len(value)))
    return str(value) == str(expected)


def _may_be_unreadable(expected: Any, depth: int) -> bool:
    if isinstance(expected, dict | list):
        return depth >= MAX_DEPTH
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
