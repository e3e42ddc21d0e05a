"""Decoding: from the body of a request to the list of its customers, as plain JSON values."""

import codecs
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from muster.customer.numbers import parse_json_decimal
from muster.intake import tolerant_json
from muster.intake.request import BatchRequest

# Bytes up to which a body is decoded as a whole: its values stay in the processor's cache until they are checked, which
# makes a dry run of 1 MiB 5 to 10 % faster. Of 10,000 full customers, decoding one by one takes a third less.
MAX_WHOLE_BYTES: Final = 1024 * 1024

_MAX_BLANK_BYTES: Final = 1_000
_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_MAY_BE_SURROGATE: Final = re.compile("surrogate|truncated")

fast_decoder: Final = msgspec.json.Decoder(float_hook=parse_json_decimal)


class InvalidBatchError(Exception):
    """The body is not JSON, not an object, or has no list of customers.

    The message says what is wrong and where, without values.
    """


class TooManyCustomersError(Exception):
    """The batch holds more customers than one request may, which is `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} customers in one request")
        self.limit = limit


class _RawBatch(BatchRequest, forbid_unknown_fields=True):
    """A batch with its customers not decoded yet."""

    customers: list[msgspec.Raw]


_raw_decoder: Final = msgspec.json.Decoder(_RawBatch)
# The errors of msgspec for a body that is not a batch, and for a batch that msgspec cannot decode.
_DECODE_ERRORS: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def decode_customers(body: bytes | bytearray, limit: int, *, max_whole_bytes: int = MAX_WHOLE_BYTES) -> Iterator[Any]:
    """The items of `customers`. Those of a body of more than `max_whole_bytes` are decoded one by one, on demand.

    Raises `InvalidBatchError` and `TooManyCustomersError`; the iterator may raise `InvalidBatchError`, too. An item
    that is decoded on demand takes memory only while it is in use, and is still in the processor's cache then.
    """
    if len(body) <= max_whole_bytes or _may_have_several_lists(body):
        return iter(_check_limit(_get_customers(_decode(body)), limit))
    try:
        customers: list[Any] = _raw_decoder.decode(body).customers
    except _DECODE_ERRORS:
        # Other keys beside `customers`, or not a batch: decoding the whole body tells which.
        return iter(_check_limit(_get_customers(_decode(body)), limit))
    return _decode_each(_check_limit(customers, limit), body)


def _may_have_several_lists(body: bytes | bytearray) -> bool:
    """Whether the key `customers` may stand twice. Only the last list counts, but all of them must be valid JSON."""
    if body.count(b'"customers"') != 1:
        return True
    # The key may be written with escapes. Finding that there is no backslash at all is ten times as fast.
    return b"\\" in body and (b"\\u006" in body or b"\\u007" in body)


def _decode_each(customers: list[msgspec.Raw], body: bytes | bytearray) -> Iterator[Any]:
    decode = fast_decoder.decode
    for customer in customers:
        try:
            item = decode(customer)
        except _DECODE_ERRORS:
            item = _decode_tolerantly(customer, body)
        yield item


def _decode_tolerantly(customer: msgspec.Raw, body: bytes | bytearray) -> Any:
    try:
        return _decode(memoryview(customer))
    except InvalidBatchError:
        _decode(body)  # raises with the offset in the body instead of in the customer
        raise


def _get_customers(batch: Any) -> list[Any]:
    if type(batch) is not dict:
        raise InvalidBatchError('the body is not a JSON object; send {"customers": [...]}')
    customers = batch.get("customers")
    if type(customers) is not list:
        raise InvalidBatchError('the body has no list of customers; send {"customers": [...]}')
    return customers


def _check_limit(customers: list[Any], limit: int) -> list[Any]:
    if len(customers) > limit:
        raise TooManyCustomersError(limit)
    return customers


def _decode(body: bytes | bytearray | memoryview) -> Any:
    if bytes(body[:3]) == codecs.BOM_UTF8:
        body = b"   " + bytes(body[3:])  # spaces keep the offsets in error messages right
    try:
        return fast_decoder.decode(body)
    except UnicodeDecodeError:
        _to_text(body)  # raises with the offset in the body; msgspec has the offset in the string
        raise
    except (RecursionError, msgspec.ValidationError):
        return _decode_slowly(body)  # deep nesting, or a very long whole number
    except msgspec.DecodeError as error:
        # msgspec reports a lone surrogate as malformed JSON. Only a body that may have one is decoded again.
        if _MAY_BE_SURROGATE.search(str(error)) and _SURROGATE_ESCAPE.search(body):
            return _decode_slowly(body)
        if not bytes(body[:_MAX_BLANK_BYTES]).strip():
            raise InvalidBatchError("the body is empty") from error
        offset = "" if "(byte" in str(error) else f" (byte {len(body)})"
        raise InvalidBatchError(f"the body is not valid JSON: {error}{offset}") from error


def _decode_slowly(body: bytes | bytearray | memoryview) -> Any:
    text = _to_text(body)
    try:
        return tolerant_json.decode(text)
    except tolerant_json.InvalidJsonError as error:
        offset = len(text[: error.offset].encode(errors="surrogatepass"))
        raise InvalidBatchError(f"the body is not valid JSON: {error} (byte {offset})") from error


def _to_text(body: bytes | bytearray | memoryview) -> str:
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidBatchError(f"the body is not UTF-8 (byte {error.start})") from error
