"""The inputs that a run starts from: batches made of the examples in the field tables."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from fuzzing.values import ODD, texts_of
from muster.customer.examples import get_example, make_full_customer
from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE, iterate_fields
from muster.customer.schema import Schema
from muster.customer.value_types import NestedList
from muster.web.openapi.document import minimal_batch


@cache
def customers() -> tuple[dict[str, Any], ...]:
    """Sound customers: minimal and full ones of both types."""
    return (*minimal_batch()["customers"], make_full_customer("INDIVIDUAL"), make_full_customer("ORGANIZATION"))


def seeds() -> Iterator[bytes]:
    """Bodies: sound ones, one for each odd text, one for each text of each field, and some that are no batch."""
    yield _body(list(customers()))
    yield _body([_named(customer, index) for index, customer in enumerate(customers()[:2] * 4)])
    yield from (_body([customer]) for customer in customers())
    individual, organization = map(json.dumps, customers()[:2])
    yield from (f'{{"customers":[{individual},{odd},{organization}]}}'.encode() for odd in ODD)
    for schema, field in iterate_fields():
        yield from (f'{{"customers":[{customer}]}}'.encode() for customer in _customers_with(schema, field.name))
    yield from (b"", b"[]", b"null", b"{}", b'{"customers":{}}', b'\xef\xbb\xbf{"customers":[]}')
    yield b'{"customers":["\xff"]}'


def _customers_with(schema: Schema, name: str) -> Iterator[str]:
    """Minimal customers, as texts, with each text of this field: their own, or in a part that they have."""
    minimal = dict(zip(SCHEMAS_BY_TYPE, map(json.dumps, customers()), strict=False))
    for of_type, customer in minimal.items():
        if schema in (SCHEMAS["Customer"], SCHEMAS_BY_TYPE[of_type]):
            yield from (_with(customer, name, text) for text in texts_of(name))
        for field in (*SCHEMAS["Customer"].fields, *SCHEMAS_BY_TYPE[of_type].fields):
            if getattr(field.value_type, "schema", None) == schema.name:
                part = json.dumps(get_example(field, of_type)).strip("[]")
                opening, closing = ("[", "]") if isinstance(field.value_type, NestedList) else ("", "")
                parts = (opening + _with(part, name, text) + closing for text in texts_of(name))
                yield from (_with(customer, field.name, part) for part in parts)


def _with(written: str, name: str, text: str) -> str:
    """An object, as a text, with another pair; of two with one key the last counts."""
    return f"{written[:-1]},{json.dumps(name)}:{text}}}"


def _body(some: list[dict[str, Any]]) -> bytes:
    return json.dumps({"customers": some}).encode()


def _named(customer: dict[str, Any], index: int) -> dict[str, Any]:
    return {**customer, "communicationNumber": f"n-{index}", "customerExtId": f"c-{index}"}
