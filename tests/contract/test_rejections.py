"""What was rejected, and why: batches and rejections by filters, and the report of rejections, over HTTP."""

import csv
import io
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from muster.auth.users import Role
from tests.contract.loads import FINAL, make_csv
from tests.samples import individual
from tests.serving import Api

REJECTIONS = "/api/v1/rejections"
REPORT = "/api/v1/reports/rejections"


def get(api: Api, path: str, token: str) -> tuple[int, Any]:
    response = api.http.get(path, headers={"Authorization": f"Bearer {token}"})
    return response.status_code, response.json()


def send(api: Api, *customers: dict[str, Any], token: str = "") -> str:
    """The id of the batch."""
    body = json.dumps({"customers": customers}).encode()
    saved = api.send(body, Authorization=f"Bearer {token or api.token}")
    assert saved.status_code == 200
    return saved.headers["Muster-Batch-Id"]


def test_one_request_tells_whether_a_customer_was_rejected_and_why(api: Api) -> None:
    rejected = individual(customerExtId="x ž/1", applicationDate=None, riskLevel="?")
    first = send(api, individual(), rejected)
    second = send(api, {**rejected, "communicationNumber": "again"})
    send(api, individual(applicationDate=None))
    status, page = get(api, f"{REJECTIONS}?customerExtId={quote('x ž/1')}", api.token)
    assert (status, page["next"]) == (200, None)
    newest, oldest = page["rejections"]
    assert (newest["batchId"], newest["index"], newest["communicationNumber"]) == (second, 0, "again")
    assert (oldest["batchId"], oldest["index"]) == (first, 1)
    assert oldest == {
        "receivedAt": oldest["receivedAt"],
        "sender": oldest["sender"],
        "batchId": first,
        "index": 1,
        "loadId": None,
        "row": None,
        "communicationNumber": rejected["communicationNumber"],
        "customerExtId": "x ž/1",
        "businessUnit": "MAIN",
        "violations": [
            {"code": "C009", "pointer": "/customers/1/riskLevel"},
            {"code": "C012", "pointer": "/customers/1/applicationDate"},
        ],
        "moreViolations": False,
    }
    assert [code["code"] for code in page["codes"]] == ["C009", "C012"]
    assert page["codes"][1]["meanings"][0] == {
        "text": "ApplicationDate is mandatory",
        "when": "absent, null or blank",
        "expected": "",
    }
    _, batches = get(api, f"/api/v1/batches?customerExtId={quote('x ž/1')}", api.token)
    assert [batch["id"] for batch in batches["batches"]] == [second, first]
    number = rejected["communicationNumber"]
    assert get(api, f"{REJECTIONS}?communicationNumber={number}", api.token)[1]["rejections"] == [oldest]


def test_batches_are_found_by_what_their_customers_have(api: Api) -> None:
    accepted, other = individual(customerExtId="c-1"), individual()
    first, second = send(api, accepted), send(api, other, individual(applicationDate=None))
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    found = {
        "customerExtId=c-1": [first],
        f"communicationNumber={accepted['communicationNumber']}": [first],
        f"communicationNumber={accepted['communicationNumber']}&customerExtId=c-2": [],
        "code=C012": [second],
        "code=C012&customerExtId=c-1": [],
        "code=C013": [],
        "unit=MAIN": [second, first],
        "unit=NORTH": [],
        "sender=nobody": [],
        f"since={datetime.now(UTC).date()}&until={tomorrow}": [second, first],
        f"since={tomorrow}": [],
        "until=2024-05-26": [],
    }
    for query, ids in found.items():
        status, page = get(api, f"/api/v1/batches?{query}", api.token)
        assert (status, [batch["id"] for batch in page["batches"]]) == (200, ids), query


def test_rejections_are_paged_over_batches(api: Api) -> None:
    bad = {"applicationDate": None}
    ids = [send(api, *(individual(**bad) for _ in range(3))) for _ in range(3)]
    seen: list[tuple[str, int]] = []
    cursor: str | None = ""
    while cursor is not None and len(seen) < 20:
        path = f"{REJECTIONS}?limit=2&code=C012{cursor and f'&cursor={cursor}'}"
        status, page = get(api, path, api.token)
        assert status == 200
        seen += [(rejection["batchId"], rejection["index"]) for rejection in page["rejections"]]
        cursor = page["next"]
    assert seen == [(batch_id, index) for batch_id in ids[::-1] for index in range(3)]


def test_rejections_of_a_file_have_their_load_and_their_row(api: Api) -> None:
    content = make_csv(3, applicationDate="yesterday")
    headers = {"Authorization": f"Bearer {api.token}"}
    created = api.http.post("/api/v1/loads?start=true&name=a.csv", content=content, headers=headers).json()
    while get(api, f"/api/v1/loads/{created['id']}", api.token)[1]["state"] not in FINAL:
        time.sleep(0.05)
    [rejection] = get(api, f"{REJECTIONS}?load={created['id']}", api.token)[1]["rejections"]
    assert (rejection["loadId"], rejection["row"], rejection["index"]) == (created["id"], 4, 2)
    _, batches = get(api, f"/api/v1/batches?load={created['id']}", api.token)
    assert [batch["id"] for batch in batches["batches"]] == [rejection["batchId"]]


def test_users_see_rejections_and_counts_of_their_units_and_of_what_they_sent(api: Api) -> None:
    api.units("NORTH", "SOUTH")  # before the first request, so the service has no older code lists in its cache
    sender = api.user(units=("NORTH", "SOUTH"))
    units = ("NORTH", "SOUTH", "EAST")
    send(api, *(individual(businessUnit=unit, applicationDate=None) for unit in units), token=sender)
    send(api, *(individual(businessUnit=unit, customerExtId=unit) for unit in units[:2]), token=sender)
    users = {
        "sender": (sender, [0, 1, 2]),
        "another sender": (api.user(units=("NORTH", "SOUTH")), []),
        "reader of NORTH": (api.user(Role.READ, ("NORTH",)), [0]),
        "reader of both": (api.user(Role.READ, ("NORTH", "SOUTH")), [0, 1]),
        "reader without units": (api.user(Role.READ), []),
        "sender and reader of SOUTH": (api.user(Role.SUBMIT | Role.READ, ("SOUTH",)), [1]),
        "admin": (api.user(Role.ADMIN), [0, 1, 2]),
    }
    for user, (token, indexes) in users.items():
        _, page = get(api, REJECTIONS, token)
        assert [rejection["index"] for rejection in page["rejections"]] == indexes, user
        _, report = get(api, REPORT, token)
        dated = [count for count in report["rejections"] if count["code"] == "C012"]
        assert sum(count["mentioned"] for count in dated) == len(indexes), user
        visible = [index for index in indexes if index < 2]
        assert sum(count["accepted"] for count in report["customers"]) == len(visible), user
        # A batch tells nothing about a customer that the user may not see.
        for index, unit in enumerate(units[:2]):
            for query in (f"customerExtId={unit}", f"unit={unit}", f"code=C012&unit={unit}"):
                _, batches = get(api, f"/api/v1/batches?{query}", token)
                assert bool(batches["batches"]) is (index in indexes), (user, query)


def test_report_counts_by_day_code_sender_and_unit(api: Api) -> None:
    bad = individual(applicationDate=None, riskLevel="?")
    send(api, individual(), individual(), bad, individual(applicationDate=None))
    today = datetime.now(UTC).date().isoformat()
    status, report = get(api, REPORT, api.token)
    [customers] = report["customers"]
    assert (status, customers["day"], customers["accepted"], customers["rejected"]) == (200, today, 2, 2)
    counts = {count["code"]: (count["day"], count["rejected"], count["mentioned"]) for count in report["rejections"]}
    assert counts == {"C009": (today, 1, 1), "C012": (today, 1, 2)}
    assert {code["code"] for code in report["codes"]} == {"C009", "C012"}

    headers = {"Authorization": f"Bearer {api.token}"}
    by_parameter = api.http.get(f"{REPORT}?format=csv", headers=headers)
    by_header = api.http.get(REPORT, headers={**headers, "Accept": "text/csv"})
    assert by_parameter.content == by_header.content
    assert by_parameter.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(by_parameter.text)))
    assert [(row["code"], row["accepted"], row["rejected"], row["mentioned"]) for row in rows] == [
        ("", "2", "", ""),
        ("C009", "", "1", "1"),
        ("C012", "", "1", "2"),
    ]
    assert {(row["day"], row["businessUnit"]) for row in rows} == {(today, "MAIN")}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (f"{REJECTIONS}?code=c012", "the query parameter code takes one error code, like C012"),
        (f"{REJECTIONS}?since=yesterday", "the query parameter since takes one day, like 2024-05-26, or moment"),
        (f"{REJECTIONS}?until=2024-05-26T10:00:00", "the query parameter until takes one day"),
        (f"{REJECTIONS}?since=2024-05-26&until=2024-05-26", "later than since"),
        (f"{REJECTIONS}?sender=", "the query parameter sender takes one value, the name of a user"),
        (f"{REJECTIONS}?customerExtId=a%00b", "the query parameter customerExtId takes one value"),
        (f"{REJECTIONS}?load=7", "the query parameter load takes one value, the id of a load"),
        (f"{REJECTIONS}?cursor=7", "the query parameter cursor takes one value, the `next`"),
        (f"{REJECTIONS}?name=Garcia", "takes the query parameters limit, cursor, since"),
        (f"{REPORT}?format=xlsx", "the query parameter format takes json or csv"),
        (f"{REPORT}?format=csv&format=csv", "the query parameter format takes json or csv"),
        (f"{REPORT}?since=2020-01-01&until=2024-01-01", "at most 366 days"),
        (f"{REPORT}?customerExtId=c-1", "takes the query parameters since, until"),
    ],
)
def test_bad_parameter_is_a_400_that_says_what_is_expected(shared_api: Api, path: str, told: str) -> None:
    status, problem = get(shared_api, path, shared_api.token)
    assert (status, told in problem["message"]) == (400, True), problem


def test_moments_at_the_ends_of_the_calendar_find_nothing_or_everything(shared_api: Api) -> None:
    for query in ("since=9999-12-31", "until=0001-01-02", "until=0001-01-01T00:00:00%2B01:00"):
        status, page = get(shared_api, f"{REJECTIONS}?{query}", shared_api.token)
        assert status in (200, 400)
        assert not page.get("rejections")
        assert get(shared_api, f"{REPORT}?{query}", shared_api.token)[0] in (200, 400)


def test_identifiers_of_a_query_are_not_logged_and_each_page_is_in_the_audit_log(api: Api) -> None:
    send(api, individual(customerExtId="canary-4711", communicationNumber="canary-0815", applicationDate=None))
    query = "customerExtId=canary-4711&communicationNumber=canary-0815"
    for path in (REJECTIONS, "/api/v1/batches"):
        assert get(api, f"{path}?{query}", api.token)[0] == 200
    assert "/api/v1/rejections" in api.read_log()
    assert "canary" not in api.read_log()
    [(subject, details)] = api.sql("SELECT subject, details FROM audit_log WHERE action = 'rejections.read'")
    assert subject == "canary-4711"
    assert (json.loads(details) if isinstance(details, str) else details)["rejections"] == 1
