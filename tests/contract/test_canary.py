"""No value of a field is seen where the contract does not allow it: not in logs, not in answers, not in rejections."""

import json
from typing import Any

import pytest

from muster.auth.users import Role
from muster.customer.error_order import ERROR_ROWS
from muster.customer.error_prefix import RELATED_CODES
from muster.customer.examples import make_full_customer
from tests.observability.collector import collecting
from tests.samples import individual
from tests.serving import SAVE, VALIDATE, Api, serving
from tests.web.reading import series_in

CANARY = "canary-4711"
# What a result echoes, what decides the other fields, and what the texts of SCR01 and SCR02 name.
ALLOWED = {"communicationNumber", "customerExtId", "entityType", "initializeScreeningProcesses"}

CODES = {
    row.prefix.get_code(error).replace("{C}", prefix)
    for row in ERROR_ROWS
    for error in row.errors
    for prefix in RELATED_CODES.values()
}


def with_canaries(entity_type: str) -> list[dict[str, Any]]:
    """Customers of which one field each, of every depth, has an unusual value; some are refused and some accepted."""
    found = []
    full = make_full_customer(entity_type)
    for name, value in full.items():
        if name in ALLOWED:
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
def test_unusual_values_of_fields_are_seen_nowhere(
    api: Api, entity_type: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    customers = with_canaries(entity_type)
    # An additional value's code is named in AV07 alone, and none of these has a value that breaks its type.
    answers = [api.send(json.dumps({"customers": customers}).encode(), path) for path in (VALIDATE, SAVE)]
    again = api.send(json.dumps({"customers": customers}).encode())
    assert {answer.status_code for answer in (*answers, again)} == {200}
    assert {result["resultType"] for result in again.json()["results"]} == {"REQUEST_REJECTED"}
    assert all(CANARY not in answer.text for answer in (*answers, again))
    out, err = capfd.readouterr()
    assert "request" in out + err + caplog.text, "the log of the requests is not where the test looks"
    assert CANARY not in out + err + caplog.text
    assert CANARY not in rejections(api)
    metrics = api.http.get("/metrics", headers={"Authorization": f"Bearer {api.user(Role.WATCH)}"}).text
    assert CANARY not in metrics
    codes = codes_in(metrics)
    assert len(codes) > 10
    assert codes <= CODES


def codes_in(metrics: str) -> set[str]:
    return {code for _, labels in series_in(metrics) if (code := dict(labels).get("code"))}


def rejections(api: Api) -> str:
    rows = api.sql("SELECT * FROM rejections")
    assert rows
    return str(rows)


def test_a_failure_of_the_database_tells_no_value(
    api: Api, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    api.sql("ALTER TABLE communications RENAME TO elsewhere")
    answer = api.send(json.dumps({"customers": [individual(firstName=CANARY, nationalCode=CANARY)]}).encode())
    assert answer.status_code == 500
    out, err = capfd.readouterr()
    assert "failure" in out + err + caplog.text
    assert CANARY not in answer.text + out + err + caplog.text


def test_what_is_no_batch_is_refused_without_its_values(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    for body in (f'{{"customers": [{{"firstName": "{CANARY}', f'"{CANARY}"', f'{{"{CANARY}": 1}}'):
        assert CANARY not in api.send(body.encode(), SAVE).text
    assert CANARY not in "".join(capfd.readouterr())


def test_no_trace_has_a_value_or_an_identifier_of_a_customer(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = [customer for entity_type in ("INDIVIDUAL", "ORGANIZATION") for customer in with_canaries(entity_type)]
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
    names = {span.name for span in collector.spans}
    assert {f"POST {SAVE}", "GET /api/v1/customers/{customer}", "decode", "check", "decide", "save"} <= names
    assert len([name for name in names if name.startswith(("GET", "POST"))]) == 5
    assert CANARY.encode() not in collector.content
