"""Authorization: the status of every authenticated path by role and business unit."""

import json
import time

import httpx
import pytest

from muster.auth.users import Role
from muster.web.openapi import document
from tests.events import some_event
from tests.samples import individual
from tests.serving import Api

USERS = (
    "anonymous",
    "sender",
    "another sender",
    "reader of NORTH",
    "reader of SOUTH",
    "reader of none",
    "admin",
    "disabled",
    "watcher",
    "auditor",
    "sender and reader of SOUTH",
    "reader of NORTH and watcher",
)

# The status for each user, in the order of `USERS`, on records that the sender saved in NORTH.
EXPECTED = {
    "validateBatchCustomers": (401, 200, 200, 403, 403, 403, 200, 401, 403, 403, 200, 403),
    "batchCustomers": (401, 200, 200, 403, 403, 403, 200, 401, 403, 403, 200, 403),
    "communication": (401, 200, 404, 200, 404, 404, 200, 401, 403, 403, 404, 200),
    "batch": (401, 200, 404, 200, 200, 200, 200, 401, 403, 403, 200, 200),
    "batches": (401, 200, 200, 200, 200, 200, 200, 401, 403, 403, 200, 200),
    "rejections": (401, 200, 200, 200, 200, 200, 200, 401, 403, 403, 200, 200),
    "rejectionReport": (401, 200, 200, 200, 200, 200, 200, 401, 403, 403, 200, 200),
    "batchResults": (401, 200, 404, 200, 200, 200, 200, 401, 403, 403, 200, 200),
    "customer": (401, 403, 403, 200, 404, 404, 200, 401, 403, 403, 404, 200),
    "customerHistory": (401, 403, 403, 200, 404, 404, 200, 401, 403, 403, 404, 200),
    "createLoad": (401, 201, 201, 403, 403, 403, 201, 401, 403, 403, 201, 403),
    "loads": (401, 200, 200, 200, 200, 200, 200, 401, 403, 403, 200, 200),
    "load": (401, 200, 404, 200, 200, 200, 200, 401, 403, 403, 200, 200),
    "loadParts": (401, 200, 404, 200, 200, 200, 200, 401, 403, 403, 200, 200),
    "putLoadPart": (401, 409, 404, 403, 403, 403, 403, 401, 403, 403, 403, 403),
    "startLoad": (401, 202, 404, 403, 403, 403, 403, 401, 403, 403, 403, 403),
    "cancelLoad": (401, 200, 404, 403, 403, 403, 200, 401, 403, 403, 403, 403),
    "loadRefused": (401, 200, 404, 404, 404, 404, 200, 401, 403, 403, 404, 404),
    "loadResults": (401, 200, 404, 200, 200, 200, 200, 401, 403, 403, 200, 200),
    "audit": (401, 403, 403, 403, 403, 403, 200, 401, 403, 200, 403, 403),
    "auditVerification": (401, 403, 403, 403, 403, 403, 200, 401, 403, 200, 403, 403),
    "metrics": (401, 403, 403, 403, 403, 403, 200, 401, 200, 403, 403, 200),
}


@pytest.fixture
def api(shared_api_with_units: Api) -> Api:
    return shared_api_with_units


def list_operations() -> dict[str, tuple[str, str]]:
    """Operation id -> method and path of all authenticated operations."""
    paths = json.loads(document())["paths"]
    return {
        described["operationId"]: (method, path)
        for path, methods in paths.items()
        for method, described in methods.items()
        if described.get("security") != []
    }


def test_table_has_every_authenticated_operation() -> None:
    assert list_operations().keys() == EXPECTED.keys()


def test_every_operation_is_permitted_to_the_roles_of_the_table_alone(api: Api) -> None:
    tokens = {
        "anonymous": "",
        "sender": api.user(units=("NORTH",)),
        "another sender": api.user(units=("NORTH",)),
        "reader of NORTH": api.user(Role.READ, ("NORTH",)),
        "reader of SOUTH": api.user(Role.READ, ("SOUTH",)),
        "reader of none": api.user(Role.READ),
        "admin": api.user(Role.ADMIN, ("NORTH",)),
        "disabled": api.user(Role.ADMIN, ("NORTH",), name="disabled"),
        "watcher": api.user(Role.WATCH, ("NORTH",)),
        "auditor": api.user(Role.AUDIT, ("NORTH",)),
        "sender and reader of SOUTH": api.user(Role.SUBMIT | Role.READ, ("SOUTH",)),
        "reader of NORTH and watcher": api.user(Role.READ | Role.WATCH, ("NORTH",)),
    }
    api.store.users.disable_user("disabled", some_event())
    customer = individual(businessUnit="NORTH")
    sent = api.send(json.dumps({"customers": [customer]}).encode(), Authorization=f"Bearer {tokens['sender']}")
    parameters = {
        "{communicationNumber}": customer["communicationNumber"],
        "{customerExtId}": customer["customerExtId"],
        "{batchId}": sent.headers["Muster-Batch-Id"],
        "{loadId}": load_refused_row(api, tokens["sender"]),
        "{number}": "1",
    }
    statuses = {}
    for number, (operation, (method, path)) in enumerate(list_operations().items()):
        for name, value in parameters.items():
            path = path.replace(name, value)
        unit = "?businessUnit=NORTH" if "/customers/" in path else ""
        content: dict[str, object] = {"name": "a.csv"} if operation == "createLoad" else {"customers": []}
        body = json.dumps(content).encode() if method == "post" else None
        statuses[operation] = tuple(
            api.http.request(
                method,
                path + unit,
                content=body,
                # An address for each operation: failed logins from one address are throttled.
                headers={"Content-Type": "application/json", "X-Forwarded-For": f"192.0.2.{number}"}
                | ({"Authorization": f"Bearer {tokens[user]}"} if tokens[user] else {}),
            ).status_code
            for user in USERS
        )
    assert statuses == EXPECTED


def load_refused_row(api: Api, token: str) -> str:
    """The id of a load that has ended, with one refused row."""
    loads, headers = "/api/v1/loads?start=true&name=a.csv", {"Authorization": f"Bearer {token}"}
    load_id: str = api.http.post(loads, content=b"customerExtId\nc-1\n", headers=headers).json()["id"]
    while api.http.get(f"/api/v1/loads/{load_id}", headers=headers).json()["state"] != "completed":
        time.sleep(0.05)
    return load_id


def test_reader_sees_only_results_of_its_units(api: Api) -> None:
    customers = [individual(businessUnit=unit) for unit in ("NORTH", "SOUTH", "NORTH")]
    sender = api.user(units=("NORTH", "SOUTH"))
    sent = api.send(json.dumps({"customers": customers}).encode(), Authorization=f"Bearer {sender}")
    path = f"/api/v1/batches/{sent.headers['Muster-Batch-Id']}/results"
    for units, count in ((("NORTH",), 2), (("SOUTH",), 1), (("NORTH", "SOUTH"), 3)):
        reader = api.user(Role.READ, units)
        page = api.http.get(path, headers={"Authorization": f"Bearer {reader}"}).json()
        assert {result["businessUnit"] for result in page["results"]} == set(units)
        assert len(page["results"]) == count


def test_user_that_sends_and_reads_sees_what_it_sent_and_the_customers_of_its_units(api: Api) -> None:
    token = api.user(units=("NORTH", "SOUTH"), name="anna")
    customers = [individual(businessUnit=unit) for unit in ("NORTH", "SOUTH")]
    body = json.dumps({"customers": customers}).encode()
    sent = api.send(body, Authorization=f"Bearer {token}")
    api.store.users.set_rights("anna", Role.SUBMIT | Role.READ, ("SOUTH",), some_event())

    def get(path: str) -> httpx.Response:
        return api.http.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}"})

    assert len(get(f"batches/{sent.headers['Muster-Batch-Id']}/results").json()["results"]) == 2
    assert [get(f"communications/{c['communicationNumber']}").status_code for c in customers] == [200, 200]
    assert [get(f"customers/{c['customerExtId']}?businessUnit={c['businessUnit']}").status_code for c in customers] == [
        404,
        200,
    ]
