"""Customers for tests: minimal ones with changes, and the classifiers that an installation starts with."""

import csv
from itertools import count
from pathlib import Path
from typing import Any

from muster.classifiers.defaults import default_entries
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import ClassifierSnapshot
from muster.web.openapi.document import minimal_batch

GIVEN = Path(__file__).parent / "given"
LEFT_OUT = object()
_numbers = count()


def individual(**changes: Any) -> dict[str, Any]:
    """The minimal individual under a number and an id of its own; `LEFT_OUT` takes a field away."""
    return _changed(minimal_batch()["customers"][0], changes)


def organization(**changes: Any) -> dict[str, Any]:
    """The minimal organization under a number and an id of its own."""
    return _changed(minimal_batch()["customers"][1], changes)


def _changed(customer: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    number = next(_numbers)
    fresh = {"communicationNumber": f"number-{number}", "customerExtId": f"customer-{number}"}
    return {name: value for name, value in {**customer, **fresh, **changes}.items() if value is not LEFT_OUT}


def given(table: str) -> list[dict[str, str]]:
    """A table of the contract, as it was given."""
    with (GIVEN / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def snapshot(*units: str) -> ClassifierSnapshot:
    """The classifiers of a new installation; with `units`, these business units instead of its one."""
    entries = [entry for entry in default_entries() if not units or entry.classifier != "businessUnit"]
    return ClassifierSnapshot.from_entries(1, [*entries, *(ClassifierEntry("businessUnit", unit, unit) for unit in units)])
