"""Generates customers from the examples in the field tables, each with unique identifiers from a seed."""

import json
from collections.abc import Iterator
from itertools import cycle, islice
from random import Random
from typing import Any, Final

from muster.customer.examples import make_full_customer
from muster.web.openapi.document import minimal_batch

SHAPES: Final = ("minimal", "full")

_NUMBER: Final = "COMMUNICATION-NUMBER"
_ID: Final = "CUSTOMER-EXT-ID"


class RandomIdentifiers:
    """Unique pairs of communication number and customer id, random like UUIDs.

    Random keys touch pages all over an index, which is the expensive case for a database.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def take(self, count: int) -> list[tuple[str, str]]:
        """The next `count` pairs of number and id."""
        bits = self._random.getrandbits
        return [(f"{bits(128):032x}", f"c-{bits(128):032x}") for _ in range(count)]


class SequentialIdentifiers(RandomIdentifiers):
    """Identifiers of the same length in ascending order, like those of a counter."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._next = self._random.getrandbits(120)

    def take(self, count: int) -> list[tuple[str, str]]:
        """The next `count` pairs of number and id."""
        first, self._next = self._next, self._next + count
        return [(f"{value:032x}", f"c-{value:032x}") for value in range(first, self._next)]


def build_example_customers(shape: str) -> list[dict[str, Any]]:
    """An individual and an organization: `minimal` has the mandatory fields (335 bytes of JSON), `full` all (5 KB)."""
    if shape == "minimal":
        customers: list[dict[str, Any]] = minimal_batch()["customers"]
        return customers
    return [make_full_customer("INDIVIDUAL"), make_full_customer("ORGANIZATION")]


def build_bodies(shape: str, batch: int, batches: int, identifiers: RandomIdentifiers) -> list[bytes]:
    """Request bodies of `batch` customers each, which alternate between individuals and organizations."""
    templates = [json.dumps(with_identifiers(example, _NUMBER, _ID)) for example in build_example_customers(shape)]
    return [_build_body(templates, identifiers.take(batch)) for _ in range(batches)]


def build_body_below(max_bytes: int, shape: str, identifiers: RandomIdentifiers) -> tuple[bytes, int]:
    """One request body just under `max_bytes`, and the number of its customers."""
    [sample] = build_bodies(shape, 100, 1, identifiers)
    customers = max(max_bytes * 100 // len(sample) - 2, 1)
    [body] = build_bodies(shape, customers, 1, identifiers)
    return body, customers


def with_identifiers(customer: dict[str, Any], number: str, ext_id: str) -> dict[str, Any]:
    """A copy of the customer with these identifiers."""
    return {**customer, "communicationNumber": number, "customerExtId": ext_id}


def _build_body(templates: list[str], pairs: list[tuple[str, str]]) -> bytes:
    return f'{{"customers":[{",".join(_fill_templates(templates, pairs))}]}}'.encode()


def _fill_templates(templates: list[str], pairs: list[tuple[str, str]]) -> Iterator[str]:
    for template, (number, ext_id) in zip(islice(cycle(templates), len(pairs)), pairs, strict=True):
        yield template.replace(_NUMBER, number).replace(_ID, ext_id)
