"""Every row of the table of errors over HTTP: its code, its text, and no effect on the other customers of the batch."""

import json

import pytest

from tests.contract.case_tables import CASES, EXTRA_CASES, Case
from tests.samples import individual
from tests.serving import SAVE, VALIDATE, Api

# B001 has a test of its own: it needs a rejected customer in the batch.
ONE_UNIT_CASES = [case for case in CASES + EXTRA_CASES if case.units == ("MAIN",) and case.code != "B001"]
SEVERAL_UNITS_CASES = [case for case in CASES if case.units != ("MAIN",)]


def get_errors(api: Api, case: Case, path: str) -> list[tuple[str | None, str | None]]:
    """The code and text of three customers: that of the case between two valid ones."""
    results = api.results([individual(), case.customer, individual()], path)
    return [(result.get("errorCode"), result.get("errorDescription")) for result in results]


def test_every_error_of_an_installation_with_one_unit(shared_api: Api) -> None:
    for case in ONE_UNIT_CASES:
        if case.before:
            assert [result["resultType"] for result in shared_api.results(case.before)] == ["REQUEST_ACCEPTED"]
        for path in (VALIDATE, SAVE):
            found = get_errors(shared_api, case, path + case.query)
            assert found == [(None, None), (case.code, case.description), (None, None)]


def test_valid_customers_of_a_batch_below_its_threshold_get_b001(shared_api: Api) -> None:
    (case,) = (case for case in CASES if case.code == "B001")
    for path in (VALIDATE, SAVE):
        first, rejected = shared_api.results([case.customer, {}], path + case.query)
        assert (first["errorCode"], first["errorDescription"]) == (case.code, case.description)
        assert rejected["errorCode"] == "001"


@pytest.mark.parametrize("case", SEVERAL_UNITS_CASES, ids=lambda case: case.description)
def test_every_error_of_an_installation_with_several_units(api: Api, case: Case) -> None:
    api.units(*case.units)  # before the first request, with which the service loads its classifiers
    api.token = api.user(units=case.granted)
    valid = [individual(businessUnit=case.granted[0])] if case.granted else []
    first, *others = api.results([case.customer, *valid])
    assert (first["errorCode"], first["errorDescription"]) == (case.code, case.description)
    assert [result["resultType"] for result in others] == ["REQUEST_ACCEPTED"] * len(others)


def test_detail_lists_every_violation_with_a_pointer_to_its_customer(shared_api: Api) -> None:
    cases = [case for case in ONE_UNIT_CASES if not case.before]
    body = json.dumps({"customers": [case.customer for case in cases]}).encode()
    results = shared_api.send(body, f"{VALIDATE}?detail=full&unknown=reject").json()["results"]
    for index, (case, result) in enumerate(zip(cases, results, strict=True)):
        (error,) = result["errors"]
        assert (error["code"], error["description"]) == (case.code, case.description)
        assert error["pointer"].startswith(f"/customers/{index}")
        assert error["expected"]
