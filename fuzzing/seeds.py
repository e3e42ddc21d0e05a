"""The inputs that a run starts from: batches made of the examples in the field tables."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from fuzzing.values import ODD, texts_of
from muster.customer.examples import example_of, full_customer
from muster.customer.fields import OF_TYPE, SCHEMAS, rows
from muster.customer.kinds import ListOf
from muster.customer.schema import Schema
from muster.web.openapi.document import minimal_batch


@cache
def customers() -> tuple[dict[str, Any], ...]:
    """Sound customers: minimal and full ones of both types."""
    return (*minimal_batch()["customers"], full_customer("INDIVIDUAL"), full_customer("ORGANIZATION"))


def seeds() -> Iterator[bytes]:
    """Bodies: sound ones, one for each odd text, one for each text of each field, and some that are no batch."""
    yield _body(list(customers()))
    yield _body([_named(customer, index) for index, customer in enumerate(customers()[:2] * 4)])
    yield from (_body([customer]) for customer in customers())
    individual, organization = map(json.dumps, customers()[:2])
    yield from (f'{{"customers":[{individual},{odd},{organization}]}}'.encode() for odd in ODD)
    for schema, field in rows():
        yield from (f'{{"customers":[{customer}]}}'.encode() for customer in _customers_with(schema, field.name))
    yield from (b"", b"[]", b"null", b"{}", b'{"customers":{}}', b'\xef\xbb\xbf{"customers":[]}')
    yield b'{"customers":["\xff"]}'


def _customers_with(schema: Schema, name: str) -> Iterator[str]:
    """Minimal customers, as texts, with each text of this field: their own, or in a part that they have."""
    minimal = dict(zip(OF_TYPE, map(json.dumps, customers()), strict=False))
    for of_type, customer in minimal.items():
        if schema in (SCHEMAS["Customer"], OF_TYPE[of_type]):
            yield from (_with(customer, name, text) for text in texts_of(name))
        for field in (*SCHEMAS["Customer"].fields, *OF_TYPE[of_type].fields):
            if getattr(field.kind, "schema", None) == schema.name:
                part = json.dumps(example_of(field, of_type)).strip("[]")
                opening, closing = ("[", "]") if isinstance(field.kind, ListOf) else ("", "")
                parts = (opening + _with(part, name, text) + closing for text in texts_of(name))
                yield from (_with(customer, field.name, part) for part in parts)


def _with(written: str, name: str, text: str) -> str:
    """An object, as a text, with another pair; of two with one key the last counts."""
    return f"{written[:-1]},{json.dumps(name)}:{text}}}"


def _body(some: list[dict[str, Any]]) -> bytes:
    return json.dumps({"customers": some}).encode()


def _named(customer: dict[str, Any], index: int) -> dict[str, Any]:
    return {**customer, "communicationNumber": f"n-{index}", "customerExtId": f"c-{index}"}
