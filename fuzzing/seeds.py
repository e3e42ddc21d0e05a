"""The seeds: batches made of the examples in the field tables."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from benchmarks.expensive_bodies import EXPENSIVE_BODIES, build_expensive_body
from fuzzing.values import JSON_TEXTS, get_field_texts
from muster.customer.examples import get_example, make_full_customer
from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE, iterate_fields
from muster.customer.schema import Schema
from muster.customer.value_types import NestedList
from muster.web.openapi.document import minimal_batch

_EXPENSIVE_BYTES: Final = 3_000


@cache
def build_customers() -> tuple[dict[str, Any], ...]:
    """Valid customers: a minimal and a full one of each entityType."""
    return (*minimal_batch()["customers"], make_full_customer("INDIVIDUAL"), make_full_customer("ORGANIZATION"))


def build_seeds() -> Iterator[bytes]:
    """Bodies: valid batches, one for each JSON text, one for each text of each field, expensive and invalid ones."""
    customers = build_customers()
    yield _build_body(list(customers))
    yield _build_body([_renumber(customer, index) for index, customer in enumerate(customers[:2] * 4)])
    yield from (_build_body([customer]) for customer in customers)
    individual, organization = map(json.dumps, customers[:2])
    yield from (f'{{"customers":[{individual},{text},{organization}]}}'.encode() for text in JSON_TEXTS)
    for schema, field in iterate_fields():
        yield from (f'{{"customers":[{customer}]}}'.encode() for customer in _iterate_customers(schema, field.name))
    yield from (b"", b"[]", b"null", b"{}", b'{"customers":{}}', b'\xef\xbb\xbf{"customers":[]}')
    yield from (build_expensive_body(kind, _EXPENSIVE_BYTES) for kind in EXPENSIVE_BODIES)
    yield b'{"customers":["\xff"]}'
    yield from (b'{"customers":[],"customers":[]}', b'{"customers":[],"cust\\u006fmers":[]}')
    yield from (b"<customers/>", b"communicationNumber,firstName\n1,2", b'{"communicationNumber":"1"}')


def _iterate_customers(schema: Schema, name: str) -> Iterator[str]:
    """Minimal customers as JSON, with each text of the field: on the customer itself, or in a nested object."""
    minimal = dict(zip(SCHEMAS_BY_TYPE, map(json.dumps, build_customers()), strict=False))
    for entity_type, customer in minimal.items():
        if schema in (SCHEMAS["Customer"], SCHEMAS_BY_TYPE[entity_type]):
            yield from (_add_field(customer, name, text) for text in get_field_texts(name))
        for field in (*SCHEMAS["Customer"].fields, *SCHEMAS_BY_TYPE[entity_type].fields):
            if getattr(field.value_type, "schema", None) == schema.name:
                nested = json.dumps(get_example(field, entity_type)).strip("[]")
                opening, closing = ("[", "]") if isinstance(field.value_type, NestedList) else ("", "")
                values = (opening + _add_field(nested, name, text) + closing for text in get_field_texts(name))
                yield from (_add_field(customer, field.name, value) for value in values)


def _add_field(json_object: str, name: str, text: str) -> str:
    """The JSON object with another pair at its end. If the key repeats, the last one counts."""
    return f"{json_object[:-1]},{json.dumps(name)}:{text}}}"


def _build_body(customers: list[dict[str, Any]]) -> bytes:
    return json.dumps({"customers": customers}).encode()


def _renumber(customer: dict[str, Any], index: int) -> dict[str, Any]:
    return {**customer, "communicationNumber": f"n-{index}", "customerExtId": f"c-{index}"}
