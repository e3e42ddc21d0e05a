"""Reading a customer and its history over HTTP."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from muster.auth.users import Role
from tests.samples import individual
from tests.serving import Api


def get(api: Api, path: str, token: str) -> tuple[int, Any]:
    response = api.http.get(path, headers={"Authorization": f"Bearer {token}"})
    return response.status_code, response.json()


def test_customer_is_read_now_at_a_moment_and_with_its_history(shared_api: Api) -> None:
    reader = shared_api.user(Role.READ)
    first = individual(customerExtId="c/ž", initialDepositAmount="10.50")
    shared_api.results([first])
    time.sleep(0.01)  # the moment must differ from both times of receipt, which have milliseconds
    between = datetime.now(UTC)
    second = individual(customerExtId="c/ž", action="UPDATE", lastName="Changed")
    response = shared_api.send(json.dumps({"customers": [second]}).encode())

    status, current = get(shared_api, "/api/v1/customers/c%2F%C5%BE", reader)
    assert (status, current["version"], current["document"]["lastName"]) == (200, 2, "Changed")
    status, past = get(shared_api, f"/api/v1/customers/c%2F%C5%BE?at={between.isoformat()}", reader)
    assert (status, past["version"], past["document"]["lastName"]) == (200, 1, first["lastName"])
    assert past["document"]["initialDepositAmount"] == 10.5

    status, history = get(shared_api, "/api/v1/customers/c%2F%C5%BE/history", reader)
    assert (status, history["next"]) == (200, None)
    newest, oldest = history["versions"]
    assert (newest["version"], newest["batchId"]) == (2, response.headers["Muster-Batch-Id"])
    assert sorted(newest["changed"]) == ["/action", "/communicationNumber", "/initialDepositAmount", "/lastName"]
    assert (oldest["version"], oldest["changed"]) == (1, [""])
    status, valued = get(shared_api, "/api/v1/customers/c%2F%C5%BE/history?changes=values", reader)
    assert [[change["pointer"] for change in version["values"]] for version in valued["versions"]] == [
        version["changed"] for version in history["versions"]
    ]
    values = {change.pop("pointer"): change for change in valued["versions"][0]["values"]}
    assert values["/lastName"] == {"old": first["lastName"], "new": "Changed"}
    assert values["/initialDepositAmount"] == {"old": 10.5}
    assert values["/action"] == {"old": "CREATE", "new": "UPDATE"}
    assert valued["versions"][1]["values"] == [{"pointer": "", "new": past["document"]}]
    assert all("values" not in version for version in history["versions"])
    reads = shared_api.sql("SELECT action FROM audit_log WHERE action LIKE 'history.%' ORDER BY number")
    assert [action for (action,) in reads] == ["history.read", "history.values-read"]
    assert get(shared_api, "/api/v1/customers/c%2F%C5%BE/history?changes=all", reader)[0] == 400
    assert get(shared_api, "/api/v1/customers/unknown", reader)[0] == 404
    assert get(shared_api, "/api/v1/customers/c%2F%C5%BE", shared_api.token)[0] == 403


def test_reader_sees_customers_of_its_units(api: Api) -> None:
    api.units("NORTH", "SOUTH")  # before the first request, so the service has no older code lists in its cache
    sender = api.user(units=("NORTH", "SOUTH"))
    customers = [individual(customerExtId="c", businessUnit=unit) for unit in ("NORTH", "SOUTH")]
    api.send(json.dumps({"customers": customers}).encode(), Authorization=f"Bearer {sender}")
    north, admin = api.user(Role.READ, ("NORTH",)), api.user(Role.ADMIN)
    path = "/api/v1/customers/c"
    for target in (path, f"{path}/history"):
        targets = [target, f"{target}?businessUnit=NORTH", f"{target}?businessUnit=SOUTH"]
        assert [get(api, target, north)[0] for target in targets] == [200, 200, 404]
        assert [get(api, target, admin)[0] for target in targets] == [400, 200, 200]


def test_history_is_read_page_by_page(shared_api: Api) -> None:
    reader = shared_api.user(Role.READ)
    shared_api.results([individual(customerExtId="paged", lastName="1")])
    for version in range(2, 6):
        shared_api.results([individual(customerExtId="paged", action="UPDATE", lastName=str(version))])
    seen: list[tuple[int, bool]] = []
    cursor: str | None = ""
    while cursor is not None and len(seen) < 9:
        status, page = get(
            shared_api, f"/api/v1/customers/paged/history?limit=2{cursor and f'&cursor={cursor}'}", reader
        )
        assert status == 200
        seen += [(version["version"], "/lastName" in version["changed"]) for version in page["versions"]]
        cursor = page["next"]
    assert seen == [(5, True), (4, True), (3, True), (2, True), (1, False)]
