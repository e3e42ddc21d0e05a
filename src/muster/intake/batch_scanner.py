"""Scans a body that msgspec does not decode: finds its customers, or says what is wrong with it and where."""

import re
from contextlib import suppress
from typing import Final, NoReturn

from muster.intake.body_format import EXPECTED, describe_beginning, describe_keys
from muster.intake.json_checker import check_json
from muster.intake.json_scanner import Buffer, InvalidJsonError, Span, skip_space
from muster.intake.json_structure import find_end, scan_elements, scan_pairs
from muster.intake.tolerant_json import decode_key
from muster.intake.value_decoder import find_invalid_utf8

# Keys that are looked at to tell what a body looks like, and the bytes of the longest one.
_MAX_KEYS: Final = 100
_MAX_KEY_BYTES: Final = 1_000

# Words that other notations have for a value, and writers of JSON may let through.
_match_word: Final = re.compile(rb"-?(?:NaN|Infinity|nan|inf|None|True|False|undefined)\b").match
_match_cut_string: Final = re.compile(rb'"(?:(?>[^"\\\x00-\x1f]++|\\.))*+\\?\Z', re.DOTALL).match
_match_cut_word: Final = re.compile(
    rb"(?:t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?|-|\.[0-9]*|[eE][+-]?)\Z"
).match


class InvalidBatchError(Exception):
    """The body is not JSON, not an object, or has no list of customers.

    The message says what is wrong and where, without values.
    """


class TooManyCustomersError(Exception):
    """The batch holds more customers than one request may, which is `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} customers in one request")
        self.limit = limit


def scan_customers(body: bytes | bytearray, limit: int) -> list[Span]:
    """The offsets of the customers; raises `InvalidBatchError` and `TooManyCustomersError`."""
    at = skip_space(body, 0)
    if body[at : at + 1] != b"{":
        if at == len(body):
            raise InvalidBatchError("the body is empty")
        raise InvalidBatchError(describe_beginning(body) or f"the body is not a JSON object; {EXPECTED}")
    check_utf8(body)
    try:
        check_json(body)
    except InvalidJsonError as error:
        _fail(body, error, limit)
    scan = _BatchScan(memoryview(body), limit)
    scan_pairs(body, at, scan.scan_pair)
    if scan.customers is None:
        raise InvalidBatchError(describe_keys(scan.keys))
    return scan.customers


def check_utf8(body: Buffer) -> None:
    """Raises `InvalidBatchError` when the body is not UTF-8."""
    at = find_invalid_utf8(body)
    if at is not None:
        raise InvalidBatchError(f"the body is not UTF-8 (byte {at})")


class _BatchScan:
    """What is known of a body while it is scanned. `index` is the index of the customer that is scanned."""

    def __init__(self, text: memoryview, limit: int) -> None:
        self.customers: list[Span] | None = None
        self.keys: list[str] = []
        self.index: int | None = None
        self._text = text
        self._limit = limit
        self._found: list[Span] = []

    def scan_pair(self, quoted_key: bytes, at: int) -> int:
        key = decode_key(quoted_key) if len(quoted_key) <= _MAX_KEY_BYTES else ""
        if key == "customers" and key in self.keys:
            raise InvalidBatchError("the key customers is twice in the body; send all customers in one list")
        if key == "customers" or len(self.keys) < _MAX_KEYS:
            self.keys.append(key)
        if key != "customers" or bytes(self._text[at : at + 1]) != b"[":
            return find_end(self._text, at)
        self.index = 0
        end = scan_elements(self._text, at, self._scan_customer)
        self.index, self.customers = None, self._found
        return end

    def _scan_customer(self, at: int) -> int:
        if len(self._found) == self._limit:
            raise TooManyCustomersError(self._limit)
        end = find_end(self._text, at)
        self._found.append((at, end))
        self.index = len(self._found)
        return end


def _fail(body: bytes | bytearray, error: InvalidJsonError, limit: int) -> NoReturn:
    """Raises the error, or the one of what stands before it and is valid."""
    at = error.offset
    before = memoryview(body)[:at]
    scan = _BatchScan(before, limit)
    with suppress(InvalidJsonError):
        scan_pairs(before, skip_space(before, 0), scan.scan_pair)
        if body[at : at + 1] == b"{":
            raise InvalidBatchError(
                f"the body looks like JSON lines, several objects in one body; {EXPECTED}"
            ) from error
    if at >= len(body) or _match_cut_string(body, at) or _match_cut_word(body, at):
        raise InvalidBatchError(f"the body breaks off before its end (byte {len(body)}); send it whole") from error
    index = scan.index
    where = f"byte {at}" if index is None else f"byte {at}, the customer at index {index}"
    if word := _match_word(body, at):
        reason = f"{word[0].decode()} is not a JSON value; send a number, a string, true, false or null"
    else:
        reason = str(error)
    raise InvalidBatchError(f"the body is not valid JSON: {reason} ({where})") from error
