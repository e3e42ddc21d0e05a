"""Request bodies for the measurements: new customers, later versions of them, rejected and closed ones."""

import json
from collections.abc import Sequence
from itertools import cycle
from typing import Any, Final

from benchmarks.customers import RandomIdentifiers, build_example_customers, with_identifiers

_UPDATED: Final = {"action": "UPDATE"}
_REJECTED: Final = {"entityType": "NOBODY"}
_CLOSED: Final = {"customerStatus": "CLOSED", "closingDate": "2001-01-31"}

Pair = tuple[str, str]  # communication number and customer id


def build_bodies(examples: Sequence[dict[str, Any]], pairs: Sequence[Pair], batch: int) -> list[bytes]:
    """Bodies of `batch` customers each, which take the examples in turn."""
    customers = [with_identifiers(example, *pair) for example, pair in zip(cycle(examples), pairs, strict=False)]
    groups = (customers[start : start + batch] for start in range(0, len(customers), batch))
    return [json.dumps({"customers": group}).encode() for group in groups]


def renew_numbers(pairs: Sequence[Pair], identifiers: RandomIdentifiers) -> list[Pair]:
    """The same customers with new communication numbers."""
    return [(number, ext_id) for (number, _), (_, ext_id) in zip(identifiers.take(len(pairs)), pairs, strict=True)]


def list_examples(job: str) -> list[dict[str, Any]]:
    """An individual and an organization for a job of the measurements."""
    examples = build_example_customers("full" if job == "full" else "minimal")
    changes = {"update": _UPDATED, "rejected": _REJECTED, "closed": _CLOSED}.get(job, {})
    return [{**example, **changes} for example in examples]
