"""Endpoints that read records: authentication, then parameters, then existence."""

from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from muster.web.app import Application
from tests.web.fakes import ANNA, BATCH_ID, RITA, FakeRecords, application

PATHS = [
    "/api/v1/communications/n",
    "/api/v1/batches",
    f"/api/v1/batches/{BATCH_ID}",
    f"/api/v1/batches/{BATCH_ID}/results",
]


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/batches/none", "/api/v1/batches?limit=x"])
@pytest.mark.parametrize("auth", [None, ("anna", "wrong")])
def test_authentication_comes_before_everything_else(path: str, auth: tuple[str, str] | None) -> None:
    records = FakeRecords()
    with TestClient(application(records=records)) as client:  # one of its own, as wrong passwords are throttled
        response = client.get(path, auth=auth)
    assert response.status_code == 401
    assert response.headers.get_list("WWW-Authenticate", split_commas=False)
    assert records.calls == []


def test_communication_names_the_customer_version_it_created(client: TestClient[Application]) -> None:
    response = client.get("/api/v1/communications/n%2F1", auth=ANNA)
    assert response.json() == {
        "communicationNumber": "n/1",
        "customerExtId": "c",
        "businessUnit": "MAIN",
        "version": 1,
        "batchId": str(BATCH_ID),
        "acceptedAt": "2024-05-26T00:00:00Z",
        "acceptedBy": "anna",
    }


@pytest.mark.parametrize("number", ["n", "a/b", "a//b", "a/", "a/../b", "ž 🦊", "%", "?", "x" * 256])
def test_communication_number_may_be_any_text(
    number: str, records: FakeRecords, client: TestClient[Application]
) -> None:
    response = client.get(f"/api/v1/communications/{quote(number, safe='')}", auth=ANNA)
    assert response.status_code == 200
    assert records.calls == [number]


@pytest.mark.parametrize("path", ["/api/v1/communications/n", f"/api/v1/batches/{BATCH_ID}"])
def test_invisible_record_is_404(path: str, client: TestClient[Application]) -> None:
    response = client.get(path, auth=RITA)
    assert response.status_code == 404
    assert list(response.json()) == ["timestamp", "status", "error", "path", "message"]


@pytest.mark.parametrize("path", ["/api/v1/communications/a%00b", "/api/v1/batches/1", "/api/v1/batches/1/results"])
def test_impossible_id_is_404_without_a_query(path: str, records: FakeRecords, client: TestClient[Application]) -> None:
    assert client.get(path, auth=ANNA).status_code == 404
    assert records.calls == []


def test_batches_are_paged(records: FakeRecords, client: TestClient[Application]) -> None:
    first = client.get("/api/v1/batches?limit=2", auth=ANNA).json()
    rest = client.get(f"/api/v1/batches?limit=3&cursor={first['next']}", auth=ANNA).json()
    assert [len(first["batches"]), first["next"]] == [2, str(BATCH_ID)]
    assert [len(rest["batches"]), rest["next"]] == [3, None]
    assert first["batches"][0] == {
        "id": str(BATCH_ID), "receivedAt": "2024-05-26T00:00:00Z", "sender": "anna", "accepted": 2, "rejected": 1,
        "loadId": None, "firstRow": None, "lastRow": None,
    }  # fmt: skip
    assert records.calls == [(None, 2), (BATCH_ID, 3)]


def test_results_are_paged_and_sent_as_stored(records: FakeRecords, client: TestClient[Application]) -> None:
    response = client.get(f"/api/v1/batches/{BATCH_ID}/results?limit=1&cursor=6", auth=ANNA)
    assert response.content == b'{"results":[{"a":1.0}],"next":"7"}'
    assert records.calls == [(BATCH_ID, 6, 1)]


@pytest.mark.parametrize("path", ["/api/v1/batches", f"/api/v1/batches/{BATCH_ID}/results"])
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=", "limit=1&limit=2", "limit=%D9%A1", "limit=1e2", "limit=1.0",
              "limit=%2B5", "limit=%205", "limit=1_0", "limit", "cursor", "cursor=x", "cursor=",
              "cursor=1&cursor=2", "cursor=-1"]
)  # fmt: skip
def test_invalid_page_is_400_and_names_the_parameter(path: str, query: str, client: TestClient[Application]) -> None:
    response = client.get(f"{path}?{query}", auth=ANNA)
    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["message"]
