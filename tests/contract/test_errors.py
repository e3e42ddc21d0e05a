"""Every row of the table of errors, over HTTP: its code and its text, and nothing else of the batch is lost."""

import json
import time

import pytest

from tests.contract.case_tables import ALIKE, CASES, Case
from tests.samples import individual
from tests.serving import SAVE, VALIDATE, Api

IN_ONE_UNIT = [case for case in CASES + ALIKE if case.units == ("MAIN",)]
IN_SEVERAL_UNITS = [case for case in CASES if case.units != ("MAIN",)]


def judged(api: Api, case: Case, path: str) -> list[tuple[str | None, str | None]]:
    sound = [individual(), individual()]
    results = api.results([sound[0], case.customer, sound[1]], path)
    return [(result.get("errorCode"), result.get("errorDescription")) for result in results]


def test_every_error_of_an_installation_with_one_unit(api: Api) -> None:
    for case in IN_ONE_UNIT:
        if case.before:
            assert [result["resultType"] for result in api.results(case.before)] == ["REQUEST_ACCEPTED"]
        for path in (VALIDATE, SAVE):
            assert judged(api, case, path) == [(None, None), (case.code, case.description), (None, None)]


@pytest.mark.parametrize("case", IN_SEVERAL_UNITS, ids=lambda case: case.description)
def test_every_error_of_an_installation_with_several_units(api: Api, case: Case) -> None:
    api.units(*case.units)
    time.sleep(1.1)  # what a running service takes to see a change
    api.token = api.user(units=case.granted)
    sound = individual(businessUnit=case.granted[0]) if case.granted else None
    results = api.results([case.customer, *([sound] if sound else [])])
    assert (results[0]["errorCode"], results[0]["errorDescription"]) == (case.code, case.description)
    assert [result["resultType"] for result in results[1:]] == ["REQUEST_ACCEPTED"] * len(results[1:])


def test_all_broken_rules_of_all_customers_are_told_with_their_places_on_request(api: Api) -> None:
    cases = [case for case in IN_ONE_UNIT if not case.before]
    body = json.dumps({"customers": [case.customer for case in cases]}).encode()
    results = api.send(body, f"{VALIDATE}?detail=full").json()["results"]
    for index, (case, result) in enumerate(zip(cases, results, strict=True)):
        (error,) = result["errors"]
        assert (error["code"], error["description"]) == (case.code, case.description)
        assert error["pointer"].startswith(f"/customers/{index}")
