"""Reading communications, batches and results over HTTP."""

import json
from typing import Any
from urllib.parse import quote

from muster.auth.users import Role
from tests.samples import individual
from tests.serving import Api


def get(api: Api, path: str, token: str) -> tuple[int, Any]:
    response = api.http.get(path, headers={"Authorization": f"Bearer {token}"})
    return response.status_code, response.json()


def test_sender_reads_its_batch_communications_and_results(shared_api: Api) -> None:
    sender = shared_api.user()  # has no other batches
    customers = [individual(communicationNumber="n/1 ž%2F"), individual(firstName=None), {}]
    saved = shared_api.send(json.dumps({"customers": customers}).encode(), Authorization=f"Bearer {sender}")
    batch_id = saved.headers["Muster-Batch-Id"]

    status, communication = get(shared_api, f"/api/v1/communications/{quote('n/1 ž%2F', safe='')}", sender)
    assert (status, communication["batchId"], communication["customerExtId"]) == (
        200,
        batch_id,
        customers[0]["customerExtId"],
    )
    assert get(shared_api, f"/api/v1/communications/{customers[1]['communicationNumber']}", sender)[0] == 404

    status, batch = get(shared_api, f"/api/v1/batches/{batch_id}", sender)
    assert (status, batch["accepted"], batch["rejected"]) == (200, 1, 2)
    assert get(shared_api, "/api/v1/batches", sender) == (200, {"batches": [batch], "next": None})

    status, page = get(shared_api, f"/api/v1/batches/{batch_id}/results", sender)
    assert (status, page) == (200, {"results": saved.json()["results"], "next": None})
    status, page = get(shared_api, f"/api/v1/batches/{batch_id}/results?limit=2", sender)
    status, rest = get(shared_api, f"/api/v1/batches/{batch_id}/results?limit=2&cursor={page['next']}", sender)
    assert page["results"] + rest["results"] == saved.json()["results"]


def test_other_users_read_what_role_and_units_allow(api: Api) -> None:
    api.units("NORTH", "SOUTH")  # before the first request, so the service has no older code lists in its cache
    sender = api.user(units=("NORTH", "SOUTH"))
    customers = [individual(businessUnit="NORTH"), individual(businessUnit="SOUTH")]
    saved = api.send(json.dumps({"customers": customers}).encode(), Authorization=f"Bearer {sender}")
    assert [result.get("errorCode") for result in saved.json()["results"]] == [None, None]

    batch = f"/api/v1/batches/{saved.headers['Muster-Batch-Id']}"
    north, south = (f"/api/v1/communications/{customer['communicationNumber']}" for customer in customers)
    users = {
        "sender": (sender, [200, 200, 200, 2]),
        "another sender": (api.user(units=("NORTH", "SOUTH")), [404, 404, 404, None]),
        "reader of NORTH": (api.user(Role.READ, ("NORTH",)), [200, 404, 200, 1]),
        "reader of both": (api.user(Role.READ, ("NORTH", "SOUTH")), [200, 200, 200, 2]),
        "reader without units": (api.user(Role.READ), [404, 404, 200, 0]),
        "admin": (api.user(Role.ADMIN), [200, 200, 200, 2]),
    }
    for user, (token, expected) in users.items():
        _, page = get(api, f"{batch}/results", token)
        results = len(page["results"]) if "results" in page else None
        assert [*(get(api, path, token)[0] for path in (north, south, batch)), results] == expected, user


def test_filter_that_does_not_exist_is_refused_and_not_ignored(shared_api: Api) -> None:
    shared_api.results([individual()])
    status, problem = get(shared_api, "/api/v1/batches?before=2030-01-01", shared_api.token)
    assert (status, problem["path"]) == (400, "/api/v1/batches")
    assert "takes the query parameters limit, cursor, since, until, " in problem["message"]
    assert "and no other" in problem["message"]
    for limit in ("1e2", "1.0", ""):
        status, problem = get(shared_api, f"/api/v1/batches?limit={limit}", shared_api.token)
        assert (status, "whole number" in problem["message"]) == (400, True)
