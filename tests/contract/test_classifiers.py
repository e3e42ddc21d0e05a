"""Classifiers over HTTP, and how soon a change takes effect."""

import time
from collections.abc import Callable

import pytest

from muster.auth.users import Role
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import CLASSIFIER_NAMES
from tests.events import some_event
from tests.samples import given, individual, organization
from tests.serving import VALIDATE, Api


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


def test_added_country_is_accepted_and_listed(api: Api) -> None:
    customer = individual(citizenshipCountry="XK")
    assert api.results([customer])[0]["errorCode"] == "C016.I06"
    api.store.classifiers.write([ClassifierEntry("country", "XK", "Kosovo")], replace=False, event=some_event())
    wait_until(lambda: "errorCode" not in api.results([customer], VALIDATE)[0])
    assert {"code": "XK", "title": "Kosovo"} in api.http.get("/classifier/country").json()
    api.store.classifiers.remove("country", ["XK"], event=some_event())
    wait_until(lambda: api.results([customer], VALIDATE)[0].get("errorCode") == "C016.I06")


def test_retired_code_is_accepted_with_a_warning_and_not_listed(shared_api: Api) -> None:
    """HRK, the kuna of Croatia, ended in 2023; an earlier version knew it."""
    customer = individual(initialDepositCurrency="HRK")
    [result] = shared_api.results([customer], f"{VALIDATE}?detail=full")
    assert (result["resultType"], result["errors"]) == ("REQUEST_ACCEPTED", [])
    assert [(warning["code"], warning["pointer"]) for warning in result["warnings"]] == [
        ("W010", "/customers/0/initialDepositCurrency")
    ]
    assert "HRK" not in {entry["code"] for entry in shared_api.http.get("/classifier/currency").json()}


def test_user_whose_units_exist_no_longer_sends_and_reads_nothing(api: Api) -> None:
    customer = individual()
    assert "errorCode" not in api.results([customer])[0]
    stray = api.user(Role.READ, units=("GONE",)), api.user(units=("GONE",))
    response = api.http.get(
        f"/api/v1/customers/{customer['customerExtId']}", headers={"Authorization": f"Bearer {stray[0]}"}
    )
    assert response.status_code == 404
    api.token = stray[1]
    assert api.results([individual(), individual(businessUnit="MAIN")], VALIDATE)[0]["errorCode"] == "C006"
    assert {result["errorCode"] for result in api.results([individual(businessUnit="MAIN")])} == {"C006"}


def test_second_business_unit_makes_the_unit_mandatory(api: Api) -> None:
    assert "errorCode" not in api.results([individual()])[0]
    api.units("MAIN", "SOUTH")
    wait_until(lambda: api.results([individual()])[0].get("errorDescription") == "Business unit is mandatory")
    api.token = api.user(units=("SOUTH",))
    assert api.results([individual()])[0]["businessUnit"] == "SOUTH"
