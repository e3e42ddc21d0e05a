"""No value of a field appears in responses, logs, metrics, traces or rejections, unless the contract allows it."""

import json
from typing import Any

import pytest

from muster.auth.users import Role
from muster.customer.error_order import ERROR_CODES
from muster.customer.examples import make_full_customer
from muster.customer.warnings import WARNING_CODES
from muster.storage.compression import decompress_response
from tests.observability.collector import collecting
from tests.samples import individual
from tests.serving import SAVE, VALIDATE, Api, serving
from tests.web.reading import series_in

CANARY = "canary-4711"
# The fields that a result echoes, that decides on the other fields, and that the texts of SCR01 and SCR02 name.
FIELDS_WITHOUT_CANARY = {"communicationNumber", "customerExtId", "entityType", "initializeScreeningProcesses"}


def make_customers(entity_type: str) -> list[dict[str, Any]]:
    """Customers with a canary in one field each, at every depth. Some are rejected and some accepted."""
    found: list[dict[str, Any]] = []
    full = make_full_customer(entity_type)
    for name, value in full.items():
        if name in FIELDS_WITHOUT_CANARY:
            continue
        shapes = (CANARY, [CANARY], {CANARY: CANARY}, [{"code": "x", CANARY: CANARY}])
        found.extend({**full, name: canary} for canary in shapes)
        if isinstance(value, list) and isinstance(value[0], dict):
            for inner in value[0]:
                found.extend({**full, name: [{**value[0], inner: canary}]} for canary in (CANARY, [CANARY]))
    return [
        {**customer, "communicationNumber": f"{entity_type}-{n}", "customerExtId": f"{entity_type}-{n}"}
        for n, customer in enumerate(found)
    ]


@pytest.mark.parametrize("entity_type", ["INDIVIDUAL", "ORGANIZATION"])
def test_canary_appears_nowhere(api: Api, entity_type: str) -> None:
    customers = make_customers(entity_type)
    # AV07 names the code of an additional value, but none of these values breaks its datatype.
    responses = [api.send(json.dumps({"customers": customers}).encode(), path) for path in (VALIDATE, SAVE)]
    again = api.send(json.dumps({"customers": customers}).encode())
    assert {response.status_code for response in (*responses, again)} == {200}
    assert {result["resultType"] for result in again.json()["results"]} == {"REQUEST_REJECTED"}
    assert all(CANARY not in response.text for response in (*responses, again))
    assert '"event":"request"' in api.read_log()
    assert CANARY not in api.read_log()
    assert CANARY not in read_rejections(api)
    metrics = api.http.get("/metrics", headers={"Authorization": f"Bearer {api.user(Role.WATCH)}"}).text
    assert CANARY not in metrics
    codes = find_codes(metrics)
    assert len(codes) > 10
    assert codes <= {*ERROR_CODES, *WARNING_CODES}


@pytest.mark.parametrize("query", ["", "?detail=full"])
def test_stored_part_of_a_rejected_batch_has_nothing_that_its_sender_made_up(api: Api, query: str) -> None:
    """Names of unknown fields, names of screening processes, refused identifiers and codes of additional values."""
    value = {"code": CANARY, "description": "x", "datatype": "INTEGER", "value": "x"}
    customers = [
        individual(**{CANARY: 1}, firstName=None),
        individual(**{CANARY: 1}),
        individual(listAddress=[{"country": "LT", CANARY: 1}], lastName=None),
        individual(initializeScreeningProcesses=[CANARY]),
        individual(communicationNumber=CANARY * 100),
        individual(customerExtId=f"{CANARY}\0"),
        individual(listAdditionalValues=[value]),
    ]
    body = json.dumps({"customers": customers}).encode()
    first, again = (api.send(body, SAVE + query, **{"Idempotency-Key": "one"}) for _ in range(2))
    assert CANARY in first.text
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    api.sql("DELETE FROM idempotency_keys")
    api.send(
        json.dumps({"customers": [{**c, "communicationNumber": f"b{n}"} for n, c in enumerate(customers)]}).encode()
    )

    readable = [decompress_response(bytes(answer)).decode() for (answer,) in api.sql("SELECT answer FROM batches")]
    assert len(readable) == 2
    assert all(CANARY not in text for text in readable)
    assert CANARY not in read_rejections(api)
    page = api.http.get(
        f"/api/v1/batches/{first.headers['Muster-Batch-Id']}/results", headers={"Authorization": f"Bearer {api.token}"}
    ).json()["results"]
    sent = first.json()["results"]
    assert [result.get("errorCode") for result in page] == [result.get("errorCode") for result in sent]
    assert page[0]["communicationNumber"] == customers[0]["communicationNumber"]
    assert page[3]["errorDescription"] == "Screening process is undefined: {NAME}"
    assert page[4]["communicationNumber"] is page[5]["customerExtId"] is None
    if not query:
        assert page[:3] == sent[:3]
        return
    [warning] = page[2]["warnings"]
    assert warning["pointer"] == "/customers/2/listAddress/0"


def find_codes(metrics: str) -> set[str]:
    return {code for _, labels in series_in(metrics) if (code := dict(labels).get("code"))}


def read_rejections(api: Api) -> str:
    rows = api.sql("SELECT * FROM rejections")
    assert rows
    return str(rows)


def test_failure_of_the_database_shows_no_value(api: Api) -> None:
    api.sql("ALTER TABLE communications RENAME TO elsewhere")
    response = api.send(json.dumps({"customers": [individual(firstName=CANARY, nationalCode=CANARY)]}).encode())
    assert response.status_code == 500
    assert "internal_error" in api.read_log()
    assert CANARY not in response.text + api.read_log()


def test_error_of_an_invalid_batch_shows_no_value(api: Api) -> None:
    for body in (f'{{"customers": [{{"firstName": "{CANARY}', f'"{CANARY}"', f'{{"{CANARY}": 1}}'):
        assert CANARY not in api.send(body.encode(), SAVE).text
    assert CANARY not in api.read_log()


def test_traces_have_no_value_and_no_identifier_of_a_customer(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = [customer for entity_type in ("INDIVIDUAL", "ORGANIZATION") for customer in make_customers(entity_type)]
    for n, customer in enumerate(customers):
        customer["communicationNumber"], customer["customerExtId"] = f"{CANARY}-{n}", f"{CANARY}-{n}"
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        with serving(database_url) as api:
            for path in (VALIDATE, SAVE, f"{SAVE}?{CANARY}"):
                api.send(json.dumps({"customers": customers}).encode(), path, traceparent=CANARY, tracestate=CANARY)
            reader = {"Authorization": f"Bearer {api.user(Role.ADMIN)}"}
            for path in ("/api/v1/customers", "/api/v1/communications", "/nothing"):
                api.http.get(f"{path}/{CANARY}-1?at={CANARY}", headers=reader)
            api.sql("ALTER TABLE communications RENAME TO elsewhere")
            assert api.send(json.dumps({"customers": [individual(firstName=CANARY)]}).encode()).status_code == 500
            assert api.server.stop() == 0  # the last spans are sent at the end
    names = {span.name for span in collector.spans}
    assert {f"POST {SAVE}", "GET /api/v1/customers/{customerExtId}", "decode", "check", "decide", "save"} <= names
    assert len([name for name in names if name.startswith(("GET", "POST"))]) == 5
    assert CANARY.encode() not in collector.content
