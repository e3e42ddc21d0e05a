"""Bodies of batches: customers by the examples of the field tables, each under a number and an id of its own."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

from muster.customer.examples import full_customer
from muster.web.openapi.document import minimal_batch

_NUMBER: Final = "COMMUNICATION-NUMBER"
_ID: Final = "CUSTOMER-EXT-ID"


def minimal() -> Iterator[dict[str, Any]]:
    """Customers with the mandatory fields, about 335 bytes of JSON each, both types in turn."""
    return _endless(minimal_batch()["customers"])


def full() -> Iterator[dict[str, Any]]:
    """Customers with all fields, about 5 KB of JSON each, both types in turn."""
    return _endless([full_customer("INDIVIDUAL"), full_customer("ORGANIZATION")])


SHAPES: Final[dict[str, Callable[[], Iterator[dict[str, Any]]]]] = {"minimal": minimal, "full": full}


def bodies(shape: str, batch: int, batches: int, prefix: str) -> list[bytes]:
    """So many batches of so many customers; `prefix` makes their numbers new to the database."""
    customers = SHAPES[shape]()
    templates = [json.dumps(next(customers)) for _ in range(2)]
    numbers = count()
    return [_body(templates, [f"{prefix}-{next(numbers)}" for _ in range(batch)]) for _ in range(batches)]


def _body(templates: list[str], names: list[str]) -> bytes:
    items = (
        templates[index % 2].replace(_NUMBER, name).replace(_ID, f"customer-{name}") for index, name in enumerate(names)
    )
    return f'{{"customers":[{",".join(items)}]}}'.encode()


def _endless(customers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    while True:
        for customer in customers:
            yield {**customer, "communicationNumber": _NUMBER, "customerExtId": _ID}
