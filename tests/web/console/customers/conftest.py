"""Business units of the pages of customers."""

import pytest

from muster.classifiers.entries import ClassifierEntry
from tests.events import some_event
from tests.web.console.conftest import ConsoleBrowser


@pytest.fixture(scope="module")
def units(console: ConsoleBrowser) -> None:
    entries = [ClassifierEntry("businessUnit", unit, f"Unit {unit}") for unit in ("NORTH", "SOUTH")]
    console.store.classifiers.write(entries, replace=True, event=some_event())
