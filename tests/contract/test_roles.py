"""Who may do what: every path that asks who is calling, by role and business unit."""

import json
import time

from muster.auth.users import Role
from muster.web.openapi import document
from tests.samples import individual
from tests.serving import Api

WHO = (
    "nobody",
    "sender",
    "another sender",
    "reader of NORTH",
    "reader of SOUTH",
    "reader of none",
    "admin",
    "disabled",
    "watcher",
)

# What each of them is answered, in the order of `WHO`, on what the sender brought into NORTH.
EXPECTED = {
    "validateBatchCustomers": (401, 200, 200, 403, 403, 403, 200, 401, 403),
    "batchCustomers": (401, 200, 200, 403, 403, 403, 200, 401, 403),
    "communication": (401, 200, 404, 200, 404, 404, 200, 401, 403),
    "batch": (401, 200, 404, 200, 200, 200, 200, 401, 403),
    "batches": (401, 200, 200, 200, 200, 200, 200, 401, 403),
    "batchResults": (401, 200, 404, 200, 200, 200, 200, 401, 403),
    "customer": (401, 403, 403, 200, 404, 404, 200, 401, 403),
    "customerHistory": (401, 403, 403, 200, 404, 404, 200, 401, 403),
    "metrics": (401, 403, 403, 403, 403, 403, 200, 401, 200),
}


def operations() -> dict[str, tuple[str, str]]:
    """Operation -> method and path, of all that ask who is calling."""
    paths = json.loads(document())["paths"]
    return {
        described["operationId"]: (method, path)
        for path, methods in paths.items()
        for method, described in methods.items()
        if described.get("security") != []
    }


def test_the_table_has_every_path_that_asks_who_is_calling() -> None:
    assert operations().keys() == EXPECTED.keys()


def test_every_path_is_open_to_those_who_may_and_to_nobody_else(api: Api) -> None:
    api.units("NORTH", "SOUTH")
    time.sleep(1.1)  # what a running service takes to see a change
    tokens = {
        "nobody": "",
        "sender": api.user(units=("NORTH",)),
        "another sender": api.user(units=("NORTH",)),
        "reader of NORTH": api.user(Role.READ, ("NORTH",)),
        "reader of SOUTH": api.user(Role.READ, ("SOUTH",)),
        "reader of none": api.user(Role.READ),
        "admin": api.user(Role.ADMIN, ("NORTH",)),
        "disabled": api.user(Role.ADMIN, ("NORTH",), name="disabled"),
        "watcher": api.user(Role.WATCH, ("NORTH",)),
    }
    api.store.users.disable_user("disabled")
    brought = individual(businessUnit="NORTH")
    sent = api.send(json.dumps({"customers": [brought]}).encode(), Authorization=f"Bearer {tokens['sender']}")
    named = {
        "{communicationNumber}": brought["communicationNumber"],
        "{customerExtId}": brought["customerExtId"],
        "{batchId}": sent.headers["Muster-Batch-Id"],
    }
    answered = {}
    for operation, (method, path) in operations().items():
        for name, value in named.items():
            path = path.replace(name, value)
        unit = "?businessUnit=NORTH" if "/customers/" in path else ""
        body = json.dumps({"customers": []}).encode() if method == "post" else None
        answered[operation] = tuple(
            api.http.request(
                method,
                path + unit,
                content=body,
                headers={"Content-Type": "application/json"}
                | ({"Authorization": f"Bearer {tokens[who]}"} if tokens[who] else {}),
            ).status_code
            for who in WHO
        )
    assert answered == EXPECTED


def test_a_reader_sees_the_results_of_its_units_alone(api: Api) -> None:
    api.units("NORTH", "SOUTH")
    time.sleep(1.1)
    customers = [individual(businessUnit=unit) for unit in ("NORTH", "SOUTH", "NORTH")]
    sender = api.user(units=("NORTH", "SOUTH"))
    sent = api.send(json.dumps({"customers": customers}).encode(), Authorization=f"Bearer {sender}")
    path = f"/api/v1/batches/{sent.headers['Muster-Batch-Id']}/results"
    for units, count in ((("NORTH",), 2), (("SOUTH",), 1), (("NORTH", "SOUTH"), 3)):
        reader = api.user(Role.READ, units)
        page = api.http.get(path, headers={"Authorization": f"Bearer {reader}"}).json()
        assert {result["businessUnit"] for result in page["results"]} == set(units)
        assert len(page["results"]) == count
