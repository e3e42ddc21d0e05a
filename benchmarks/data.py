"""Customers by the examples of the field tables, each under a number and an id of its own; seeded."""

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


class Names:
    """Communication numbers and customer ids, each once: random ones, as systems give them that use UUIDs.

    They fall all over an index, which is the hard case for a database.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def take(self, count: int) -> list[tuple[str, str]]:
        """So many pairs of a number and an id."""
        bits = self._random.getrandbits
        return [(f"{bits(128):032x}", f"c-{bits(128):032x}") for _ in range(count)]


class NamesInOrder(Names):
    """Names of the same length that follow one another, as systems give them that count."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._next = self._random.getrandbits(120)

    def take(self, count: int) -> list[tuple[str, str]]:
        """So many pairs of a number and an id."""
        first, self._next = self._next, self._next + count
        return [(f"{name:032x}", f"c-{name:032x}") for name in range(first, self._next)]


def examples(shape: str) -> list[dict[str, Any]]:
    """A customer of either type: `minimal` has the mandatory fields, 335 bytes of JSON; `full` has all, 5 KB."""
    if shape == "minimal":
        customers: list[dict[str, Any]] = minimal_batch()["customers"]
        return customers
    return [make_full_customer("INDIVIDUAL"), make_full_customer("ORGANIZATION")]


def bodies(shape: str, batch: int, batches: int, names: Names) -> list[bytes]:
    """So many batches of so many customers, both types in turn, as they are sent to the service."""
    templates = [json.dumps(named(customer, _NUMBER, _ID)) for customer in examples(shape)]
    return [_body(templates, names.take(batch)) for _ in range(batches)]


def body_below(size: int, shape: str, names: Names) -> tuple[bytes, int]:
    """One batch of just under `size` bytes, and how many customers it holds."""
    [sample] = bodies(shape, 100, 1, names)
    customers = max(size * 100 // len(sample) - 2, 1)
    [body] = bodies(shape, customers, 1, names)
    return body, customers


def named(customer: dict[str, Any], number: str, ext_id: str) -> dict[str, Any]:
    return {**customer, "communicationNumber": number, "customerExtId": ext_id}


def _body(templates: list[str], names: list[tuple[str, str]]) -> bytes:
    return f'{{"customers":[{",".join(_filled(templates, names))}]}}'.encode()


def _filled(templates: list[str], names: list[tuple[str, str]]) -> Iterator[str]:
    for template, (number, ext_id) in zip(islice(cycle(templates), len(names)), names, strict=True):
        yield template.replace(_NUMBER, number).replace(_ID, ext_id)
