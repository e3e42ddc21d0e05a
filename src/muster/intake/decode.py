"""Decoding: the body of a request to the list of its customers, as plain JSON values."""

import re
from typing import Any, Final

import msgspec

from muster.customer.numbers import decimal_of_json
from muster.intake import careful

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")

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
    if bytes(body[:3]) == _BYTE_ORDER_MARK:
        body = memoryview(body)[3:]
    if not len(body):
        raise NotABatch("the body is empty")
    try:
        return _decoder.decode(body)
    except UnicodeDecodeError as error:
        raise NotABatch("the body is not UTF-8") from error
    except (RecursionError, msgspec.ValidationError):
        return _carefully(body)  # deep nesting, a very long whole number
    except msgspec.DecodeError as error:
        # A lone surrogate is refused in the words for broken JSON; only a body that has one is worth a second reading.
        if _SURROGATE_ESCAPE.search(body):
            return _carefully(body)
        raise NotABatch(f"the body is no JSON: {error}") from error


def _carefully(body: bytes | bytearray | memoryview) -> Any:
    try:
        return careful.decode(str(body, "utf-8"))
    except UnicodeDecodeError as error:
        raise NotABatch("the body is not UTF-8") from error
    except careful.NotJson as error:
        raise NotABatch(f"the body is no JSON: {error}") from error
