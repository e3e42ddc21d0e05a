"""Sample customers for tests, and the classifiers of a new installation."""

import csv
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from muster.classifiers.defaults import default_entries
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import ClassifierSnapshot
from muster.customer import Checker
from muster.web.openapi.document import minimal_batch

GIVEN = Path(__file__).parent / "given"
LEFT_OUT = object()
_numbers = count()


def individual(**changes: Any) -> dict[str, Any]:
    """The minimal individual with a unique number and identifier, and these changes. `LEFT_OUT` removes a field."""
    return _change(minimal_batch()["customers"][0], changes)


def organization(**changes: Any) -> dict[str, Any]:
    """The minimal organization with a unique number and identifier, and these changes."""
    return _change(minimal_batch()["customers"][1], changes)


def _change(customer: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    number = next(_numbers)
    unique = {"communicationNumber": f"number-{number}", "customerExtId": f"customer-{number}"}
    return {name: value for name, value in {**customer, **unique, **changes}.items() if value is not LEFT_OUT}


def given(table: str) -> list[dict[str, str]]:
    """The rows of a table of the contract."""
    with (GIVEN / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def make_entries(*units: str) -> list[ClassifierEntry]:
    """The entries of a new installation, with these business units instead of its own if any are given."""
    entries = [entry for entry in default_entries() if not units or entry.classifier != "businessUnit"]
    return [*entries, *(ClassifierEntry("businessUnit", unit, unit) for unit in units)]


def make_snapshot(*units: str) -> ClassifierSnapshot:
    """The classifiers of an installation with these entries."""
    return ClassifierSnapshot.from_entries(1, make_entries(*units))


@cache
def make_checker(*units: str) -> Checker:
    """The checker of an installation with these entries. Compiling one takes 50 ms."""
    return Checker(make_snapshot(*units).codes)
