"""Classifiers over HTTP, and how soon a change takes effect."""

import time
from collections.abc import Callable

import pytest

from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import CLASSIFIER_NAMES
from tests.events import some_event
from tests.samples import given, individual, organization
from tests.serving import Api


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits at most 5 seconds; a service reloads changed classifiers every second."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("name", CLASSIFIER_NAMES)
def test_every_classifier_is_public(shared_api: Api, name: str) -> None:
    response = shared_api.http.get(f"/classifier/{name}")
    assert response.status_code == 200
    expected = [(row["code"], row["title"]) for row in given("classifiers") if row["classifier"] == name]
    served = [(entry["code"], entry["title"]) for entry in response.json()]
    assert all(list(entry) == ["code", "title"] for entry in response.json())
    if name in ("country", "currency"):
        assert ("LT", "Lithuania") in served or ("EUR", "Euro") in served
    else:
        assert sorted(served) == sorted(expected)


def test_unknown_classifier_is_a_404(api: Api) -> None:
    assert api.http.get("/classifier/colour").status_code == 404


def test_change_takes_effect_in_a_running_service_within_seconds(api: Api) -> None:
    customer = organization(legalForm="GUILD")
    assert api.results([customer])[0]["errorCode"] == "C017.O02"
    api.store.classifiers.write([ClassifierEntry("legalForm", "GUILD", "Guild")], replace=False, event=some_event())
    wait_until(lambda: "errorCode" not in api.results([customer])[0])
    assert {"code": "GUILD", "title": "Guild"} in api.http.get("/classifier/legalForm").json()


def test_second_business_unit_makes_the_unit_mandatory(api: Api) -> None:
    assert "errorCode" not in api.results([individual()])[0]
    api.units("MAIN", "SOUTH")
    wait_until(lambda: api.results([individual()])[0].get("errorDescription") == "Business unit is mandatory")
    api.token = api.user(units=("SOUTH",))
    assert api.results([individual()])[0]["businessUnit"] == "SOUTH"
