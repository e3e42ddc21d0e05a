"""The code lists over HTTP, and how soon a change of them takes effect."""

import time

import pytest

from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import CLASSIFIER_NAMES
from tests.samples import given, individual, organization
from tests.serving import Api


@pytest.mark.parametrize("name", CLASSIFIER_NAMES)
def test_every_classifier_is_served_without_asking_who(api: Api, name: str) -> None:
    answer = api.http.get(f"/classifier/{name}")
    assert answer.status_code == 200
    expected = [(row["code"], row["title"]) for row in given("classifiers") if row["classifier"] == name]
    served = [(entry["code"], entry["title"]) for entry in answer.json()]
    assert all(list(entry) == ["code", "title"] for entry in answer.json())
    if name in ("country", "currency"):
        assert ("LT", "Lithuania") in served or ("EUR", "Euro") in served
    else:
        assert sorted(served) == sorted(expected)


def test_an_unknown_classifier_is_a_404(api: Api) -> None:
    assert api.http.get("/classifier/colour").status_code == 404


def test_a_change_takes_effect_in_a_running_service_within_seconds(api: Api) -> None:
    customer = organization(legalForm="GUILD")
    assert api.results([customer])[0]["errorCode"] == "C017.O02"
    api.store.classifiers.write([ClassifierEntry("legalForm", "GUILD", "Guild")], replace=False)
    deadline = time.monotonic() + 5
    while api.results([customer])[0].get("errorCode"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert {"code": "GUILD", "title": "Guild"} in api.http.get("/classifier/legalForm").json()


def test_with_a_second_unit_the_installation_is_no_single_organization_any_more(api: Api) -> None:
    assert "errorCode" not in api.results([individual()])[0]
    api.units("MAIN", "SOUTH")
    time.sleep(1.1)
    assert api.results([individual()])[0]["errorDescription"] == "Business unit is mandatory"
    api.token = api.user(units=("SOUTH",))
    assert api.results([individual()])[0]["businessUnit"] == "SOUTH"
