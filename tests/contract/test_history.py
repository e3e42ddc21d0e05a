"""What stood when: a customer over HTTP, after its communications came in."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from muster.auth.users import Role
from tests.samples import individual
from tests.serving import Api


def get(api: Api, path: str, token: str) -> tuple[int, Any]:
    answer = api.http.get(path, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()


def test_a_customer_has_its_history(api: Api) -> None:
    reader = api.user(Role.READ)
    first = individual(customerExtId="c/ž", initialDepositAmount="10.50")
    api.results([first])
    time.sleep(0.01)
    between = datetime.now(UTC)
    second = individual(customerExtId="c/ž", action="UPDATE", lastName="Changed")
    sent = api.send(json.dumps({"customers": [second]}).encode())

    status, current = get(api, "/api/v1/customers/c%2F%C5%BE", reader)
    assert (status, current["version"], current["document"]["lastName"]) == (200, 2, "Changed")
    status, then = get(api, f"/api/v1/customers/c%2F%C5%BE?at={between.isoformat()}", reader)
    assert (status, then["version"], then["document"]["lastName"]) == (200, 1, first["lastName"])
    assert then["document"]["initialDepositAmount"] == 10.5

    status, history = get(api, "/api/v1/customers/c%2F%C5%BE/history", reader)
    assert (status, history["next"]) == (200, None)
    newest, oldest = history["versions"]
    assert (newest["version"], newest["batchId"]) == (2, sent.headers["Muster-Batch-Id"])
    assert sorted(newest["changed"]) == ["/action", "/communicationNumber", "/initialDepositAmount", "/lastName"]
    assert (oldest["version"], oldest["changed"]) == (1, [""])
    assert get(api, "/api/v1/customers/unknown", reader)[0] == 404
    assert get(api, "/api/v1/customers/c%2F%C5%BE", api.token)[0] == 403


def test_readers_see_customers_of_their_units(api: Api) -> None:
    api.units("NORTH", "SOUTH")
    time.sleep(1.1)  # what a running service takes to see a change
    sender = api.user(units=("NORTH", "SOUTH"))
    customers = [individual(customerExtId="c", businessUnit=unit) for unit in ("NORTH", "SOUTH")]
    api.send(json.dumps({"customers": customers}).encode(), Authorization=f"Bearer {sender}")
    north, admin = api.user(Role.READ, ("NORTH",)), api.user(Role.ADMIN)
    path = "/api/v1/customers/c"
    for after in ("", "/history"):
        asked = [path + after, f"{path}{after}?businessUnit=NORTH", f"{path}{after}?businessUnit=SOUTH"]
        assert [get(api, question, north)[0] for question in asked] == [200, 200, 404]
        assert [get(api, question, admin)[0] for question in asked] == [400, 200, 200]
