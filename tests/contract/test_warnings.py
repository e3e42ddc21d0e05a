"""Warnings over HTTP: counted in a header whatever the detail, listed on request, and never a reason to reject."""

import json

import pytest

from tests.samples import individual
from tests.serving import SAVE, VALIDATE, Api

KEY = {"Idempotency-Key": "warned"}


@pytest.fixture
def api(shared_api: Api) -> Api:
    return shared_api


def test_header_counts_the_warnings_of_dry_run_saving_and_replay(api: Api) -> None:
    doubtful = individual(isPep=True, birthDate="2999-01-01")
    body = json.dumps({"customers": [doubtful, individual(), individual(lastName=None, isPep=True)]}).encode()
    for query in ("", "?detail=full"):
        assert api.send(body, f"{VALIDATE}{query}").headers["Muster-Warnings"] == "3"
    first, replayed = api.send(body, **KEY), api.send(body, **KEY)
    assert (first.headers["Muster-Warnings"], replayed.headers["Muster-Warnings"]) == ("3", "3")
    assert (first.content, replayed.headers["Idempotency-Replayed"]) == (replayed.content, "true")
    assert [result.get("errorCode") for result in first.json()["results"]] == [None, None, "C016.I02"]
    assert all(len(result) in (5, 7) for result in first.json()["results"])
    clean = api.send(json.dumps({"customers": [individual()]}).encode())
    assert "Muster-Warnings" not in clean.headers


def test_detail_lists_each_warning_with_its_pointer_and_no_value(api: Api) -> None:
    related = [{"customerExtId": "secret", "share": 101}]
    customer = individual(isPep="secret", customerExtId=" c", listRelatedEntity=related)
    response = api.send(json.dumps({"customers": [customer]}).encode(), f"{VALIDATE}?detail=full")
    (result,) = response.json()["results"]
    assert sorted((found["code"], found["pointer"]) for found in result["warnings"]) == [
        ("W001", "/customers/0/isPep"),
        ("W005", "/customers/0/listRelatedEntity/0/share"),
        ("W006", "/customers/0/customerExtId"),
    ]
    texts = {found["code"]: found["description"] for found in result["warnings"]}
    assert texts["W001"] == "Field is not known and was ignored; did you mean isPEP?"
    assert "secret" not in response.text


def test_unknown_fields_are_refused_on_request_by_both_endpoints(api: Api) -> None:
    customers = [individual(isPep=True), individual()]
    for path in (VALIDATE, SAVE):
        found = api.results(customers, f"{path}?unknown=reject")
        assert [result.get("errorCode") for result in found] == ["C020", None]
        assert found[0]["errorDescription"] == "Field is not known. Field: isPep"
    assert "errorCode" not in api.results([customers[0]])[0]


def test_related_customer_is_kept(api: Api) -> None:
    related = {"entityType": "INDIVIDUAL", "relationType": "OWNER", "firstName": "A", "lastName": "B"}
    customer = individual(listRelatedEntity=[{**related, "customerExtId": "IndividualExtId0"}])
    api.results([customer])
    [(document,)] = api.sql(
        f"SELECT CAST(document AS TEXT) FROM customers WHERE customer_ext_id = '{customer['customerExtId']}'"
    )
    assert "IndividualExtId0" in document
