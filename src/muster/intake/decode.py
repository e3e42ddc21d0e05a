"""Decoding: from the body of a request to the customers of its list, as plain JSON values.

msgspec decodes every good body in one pass. Where it fails, a scan (`json_scanner.py`) finds the customers or says what
is wrong with the body, and each customer is decoded by itself.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from muster.customer.numbers import parse_json_decimal
from muster.intake.batch_scanner import InvalidBatchError, TooManyCustomersError, check_utf8, scan_customers
from muster.intake.json_scanner import Buffer
from muster.intake.large_json import SMALL_VALUES, decode_large_value
from muster.intake.value_decoder import decode_suspect_value, decode_value, find_invalid_utf8

__all__ = ["InvalidBatchError", "TooManyCustomersError", "decode_customers"]

# Customers that are checked together: enough to make the precheck cheap, and few enough to stay in the processor's
# cache while they are processed. Minimal ones are fastest from 256 on (5 % faster than 128, 15 % than 64), full ones of
# a large body at 128 (10 % faster than 256).
GROUP_SIZE: Final = 200
# Bytes of JSON of one group: decoded, they take up to thirty times as many. A larger customer is a group of its own.
# The check of full customers (5 KB each) takes 90 µs each in groups of 128 and 256 KiB, and 120 of 512 KiB and 1 MiB.
MAX_GROUP_BYTES: Final = 256 * 1024
# Bytes up to which a body is decoded as a whole: its values stay in the processor's cache until they are checked, which
# makes a dry run of 1 MiB 5 to 10 % faster. Of 10,000 full customers, decoding one by one takes a third less.
MAX_WHOLE_BYTES: Final = 1024 * 1024

# A customer that is not decoded yet takes this many bytes, beside its JSON, for each comma of a batch that has more
# commas than customers. Customers have a comma in every 20 to 30 bytes; of other bodies, the scan keeps much less.
_MIN_BYTES_PER_COMMA: Final = 16
# A list or an object takes some 80 bytes when it is decoded. Customers have a bracket in every 80 bytes or more.
_MIN_BYTES_PER_BRACKET: Final = 32


class _Key:
    """A key of the body. All are different, so that a dict of them shows a key that stands twice."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def _to_key(expected: type, name: str) -> _Key:
    return _Key(name)


_decode_whole: Final = msgspec.json.Decoder(dict[_Key, Any], dec_hook=_to_key, float_hook=parse_json_decimal).decode
_decode_to_lists: Final = msgspec.json.Decoder(dict[_Key, list[msgspec.Raw]], dec_hook=_to_key).decode
_decode_to_values: Final = msgspec.json.Decoder(dict[_Key, msgspec.Raw], dec_hook=_to_key).decode
_decode_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
# The errors of msgspec for a body that is not a batch, and for a batch that msgspec cannot decode.
_DECODE_ERRORS: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def decode_customers(
    body: bytes | bytearray,
    limit: int,
    *,
    max_whole_bytes: int = MAX_WHOLE_BYTES,
    max_group_bytes: int = MAX_GROUP_BYTES,
) -> Iterator[list[Any]]:
    """The items of `customers` in groups. Those of a body of more than `max_whole_bytes` are decoded on demand.

    Raises `InvalidBatchError` and `TooManyCustomersError`; the iterator may raise `InvalidBatchError`, too. A group
    that is decoded on demand takes memory only while it is in use, and is still in the processor's cache then.
    """
    if body[:3] == codecs.BOM_UTF8:
        body = bytearray(body)
        body[:3] = b"   "  # spaces keep the offsets in error messages right
    try:
        if len(body) <= max_whole_bytes and (len(body) <= max_group_bytes or _has_few_containers(body)):
            items = _find_list(_decode_whole(body))
            if items is not None:
                return _group(_check_limit(items, limit))
        elif _has_few_elements(body):
            customers = _split(body)
            if customers is not None:
                views: Iterator[memoryview] = map(memoryview, _check_limit(customers, limit))
                return _decode_groups(views, decode_value, body, max_group_bytes)
    except _DECODE_ERRORS:
        pass  # the scan says what is wrong, or finds the customers
    view = memoryview(body)
    scanned = (view[start:end] for start, end in scan_customers(body, limit))
    return _decode_groups(scanned, decode_suspect_value, body, max_group_bytes)


def _has_few_elements(body: bytes | bytearray) -> bool:
    return body.count(b",") * _MIN_BYTES_PER_COMMA <= len(body)


def _has_few_containers(body: bytes | bytearray) -> bool:
    brackets = body.count(b"{") + body.count(b"[")
    return _has_few_elements(body) and brackets * _MIN_BYTES_PER_BRACKET <= len(body)


def _split(body: bytes | bytearray) -> list[msgspec.Raw] | None:
    """The customers, not decoded yet, with their syntax checked; None when the body is not a batch."""
    try:
        lists = _decode_to_lists(body)
        if len(lists) == 1:
            return _find_list(lists)
    except msgspec.ValidationError:
        pass  # there are other keys beside `customers`, or it is not a batch
    values = _decode_to_values(body)
    named = [value for key, value in values.items() if key.name == "customers"]
    if len(named) != 1 or any(find_invalid_utf8(memoryview(value)) is not None for value in values.values()):
        return None
    return _decode_list(named[0])


def _find_list(pairs: dict[_Key, Any]) -> list[Any] | None:
    """The list of customers; None when the key is missing, stands twice, or has no list."""
    found = [value for key, value in pairs.items() if key.name == "customers"]
    return found[0] if len(found) == 1 and type(found[0]) is list else None


def _check_limit(customers: list[Any], limit: int) -> list[Any]:
    if len(customers) > limit:
        raise TooManyCustomersError(limit)
    return customers


def _group(customers: list[Any]) -> Iterator[list[Any]]:
    return (customers[start : start + GROUP_SIZE] for start in range(0, len(customers), GROUP_SIZE))


def _decode_groups(
    customers: Iterable[memoryview],
    decode: Callable[[Buffer], Any],
    body: bytes | bytearray,
    max_group_bytes: int,
) -> Iterator[list[Any]]:
    """Decodes the customers in groups. `body` is needed only to say where it is wrong."""
    group: list[Any] = []
    size = 0
    for customer in customers:
        length = len(customer)
        size += length
        if group and (size > max_group_bytes or len(group) == GROUP_SIZE):
            yield group
            group, size = [], length
        try:
            value = _decode_large(customer, body, max_group_bytes) if length > max_group_bytes else decode(customer)
        except UnicodeDecodeError:
            check_utf8(body)
            raise
        group.append(value)
    if group:
        yield group


def _decode_large(customer: memoryview, body: bytes | bytearray, max_group_bytes: int) -> Any:
    if find_invalid_utf8(customer) is not None:  # looked for now, because parts of it are decoded later
        check_utf8(body)
    return decode_large_value(customer, small_bytes=max_group_bytes // SMALL_VALUES)
