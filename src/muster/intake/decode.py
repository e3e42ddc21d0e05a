"""Decoding: the body of a request to the list of its customers, as plain JSON values."""

import codecs
import re
from typing import Any, Final

import msgspec

from muster.customer.numbers import decimal_of_json
from muster.intake import careful

_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_MAY_BE_SURROGATE: Final = re.compile("surrogate|truncated")
_BLANK_AT_MOST: Final = 1_000

_decoder: Final = msgspec.json.Decoder(float_hook=decimal_of_json)


class NotABatch(Exception):
    """The body is no JSON, no object, or has no list of customers; the message says what and where, without values."""


class TooManyCustomers(Exception):
    """The batch holds more customers than one request may; `limit` is how many it may."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} customers in one request")
        self.limit = limit


def customers_of(body: bytes | bytearray | memoryview, limit: int) -> list[Any]:
    """The items of `customers`; raises `NotABatch` and `TooManyCustomers`."""
    batch = _value_of(body)
    if type(batch) is not dict:
        raise NotABatch('the body is no JSON object; expected {"customers": [...]}')
    customers = batch.get("customers")
    if type(customers) is not list:
        raise NotABatch('the body has no list of customers; expected {"customers": [...]}')
    if len(customers) > limit:
        raise TooManyCustomers(limit)
    return customers


def _value_of(body: bytes | bytearray | memoryview) -> Any:
    if bytes(body[:3]) == codecs.BOM_UTF8:
        body = b"   " + bytes(body[3:])  # so that offsets stay those of the body that was sent
    try:
        return _decoder.decode(body)
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
            raise NotABatch("the body is empty") from error
        place = "" if "(byte" in str(error) else f" (byte {len(body)})"
        raise NotABatch(f"the body is no JSON: {error}{place}") from error


def _carefully(body: bytes | bytearray | memoryview) -> Any:
    text = _text_of(body)
    try:
        return careful.decode(text)
    except careful.NotJson as error:
        place = len(text[: error.offset].encode(errors="surrogatepass"))
        raise NotABatch(f"the body is no JSON: {error} (byte {place})") from error


def _text_of(body: bytes | bytearray | memoryview) -> str:
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise NotABatch(f"the body is not UTF-8 (byte {error.start})") from error
