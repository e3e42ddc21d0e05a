"""Decoding: the body of a request to the list of its customers, as plain JSON values."""

import codecs
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from muster.customer.numbers import parse_json_decimal
from muster.intake import tolerant_json

_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_MAY_BE_SURROGATE: Final = re.compile("surrogate|truncated")
_BLANK_AT_MOST: Final = 1_000

fast_decoder: Final = msgspec.json.Decoder(float_hook=parse_json_decimal)


class InvalidBatchError(Exception):
    """The body is no JSON, no object, or has no list of customers; the message says what and where, without values."""


class TooManyCustomersError(Exception):
    """The batch holds more customers than one request may; `limit` is how many it may."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} customers in one request")
        self.limit = limit


# Bytes up to which a body is decoded whole. What it is decoded into stays in the processor's cache until it was
# checked: a dry run of 1 MiB is 5 to 10 % faster this way. Of 10,000 full customers, decoding each in turn takes a
# third less.
MAX_WHOLE_BYTES: Final = 1024 * 1024


class _Outline(msgspec.Struct, forbid_unknown_fields=True):
    """A body with its customers as they were sent, not decoded yet."""

    customers: list[msgspec.Raw]


_outline: Final = msgspec.json.Decoder(_Outline)
# What msgspec raises on a body that is no batch, or one that it can't read although it is one.
_ODD: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def decode_customers(body: bytes | bytearray, limit: int, *, whole: int = MAX_WHOLE_BYTES) -> Iterator[Any]:
    """The items of `customers`; those of a body of more than `whole` bytes are each decoded when it is asked for.

    Raises `InvalidBatchError` and `TooManyCustomersError`; the former may also come when an item is asked for. Whoever is done with
    an item before the next one needs memory for one at a time, and that one is still in the processor's cache.
    """
    if len(body) <= whole or _may_have_several_lists(body):
        return iter(_limited(_customers_in(_value_of(body)), limit))
    try:
        customers: list[Any] = _outline.decode(body).customers
    except _ODD:
        return iter(_limited(_customers_in(_value_of(body)), limit))  # not as usual, or no batch: this way tells
    return _each(_limited(customers, limit), body)


def _may_have_several_lists(body: bytes | bytearray) -> bool:
    """Whether another list of customers may stand before the one that counts, which nobody would look into."""
    if body.count(b'"customers"') != 1:
        return True
    # A key may be written in escapes. That there are none at all is seen ten times as fast.
    return b"\\" in body and (b"\\u006" in body or b"\\u007" in body)


def _each(customers: list[msgspec.Raw], body: bytes | bytearray) -> Iterator[Any]:
    decode = fast_decoder.decode
    for customer in customers:
        try:
            item = decode(customer)
        except _ODD:
            item = _odd_one(customer, body)
        yield item


def _odd_one(customer: msgspec.Raw, body: bytes | bytearray) -> Any:
    try:
        return _value_of(memoryview(customer))
    except InvalidBatchError:
        _value_of(body)  # tells where in the body
        raise


def _customers_in(batch: Any) -> list[Any]:
    if type(batch) is not dict:
        raise InvalidBatchError('the body is no JSON object; expected {"customers": [...]}')
    customers = batch.get("customers")
    if type(customers) is not list:
        raise InvalidBatchError('the body has no list of customers; expected {"customers": [...]}')
    return customers


def _limited(customers: list[Any], limit: int) -> list[Any]:
    if len(customers) > limit:
        raise TooManyCustomersError(limit)
    return customers


def _value_of(body: bytes | bytearray | memoryview) -> Any:
    if bytes(body[:3]) == codecs.BOM_UTF8:
        body = b"   " + bytes(body[3:])  # so that offsets stay those of the body that was sent
    try:
        return fast_decoder.decode(body)
    except UnicodeDecodeError:
        _text_of(body)  # tells where in the body; msgspec tells where in the string
        raise
    except (RecursionError, msgspec.ValidationError):
        return _carefully(body)  # deep nesting, a very long whole number
    except msgspec.DecodeError as error:
        # A lone surrogate is refused in words for broken JSON; only a body that may have one is worth a second reading.
        if _MAY_BE_SURROGATE.search(str(error)) and _SURROGATE_ESCAPE.search(body):
            return _carefully(body)
        if not bytes(body[:_BLANK_AT_MOST]).strip():
            raise InvalidBatchError("the body is empty") from error
        place = "" if "(byte" in str(error) else f" (byte {len(body)})"
        raise InvalidBatchError(f"the body is no JSON: {error}{place}") from error


def _carefully(body: bytes | bytearray | memoryview) -> Any:
    text = _text_of(body)
    try:
        return tolerant_json.decode(text)
    except tolerant_json.InvalidJsonError as error:
        place = len(text[: error.offset].encode(errors="surrogatepass"))
        raise InvalidBatchError(f"the body is no JSON: {error} (byte {place})") from error


def _text_of(body: bytes | bytearray | memoryview) -> str:
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidBatchError(f"the body is not UTF-8 (byte {error.start})") from error
