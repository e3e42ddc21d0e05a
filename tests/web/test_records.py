"""The paths that tell what was taken in: who is calling first, then what is asked, then whether it is there."""

from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from tests.web.fakes import ANNA, BATCH_ID, RITA, FakeRecords, application

PATHS = [
    "/api/v1/communications/n",
    "/api/v1/batches",
    f"/api/v1/batches/{BATCH_ID}",
    f"/api/v1/batches/{BATCH_ID}/results",
]


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/batches/none", "/api/v1/batches?limit=x"])
@pytest.mark.parametrize("auth", [None, ("anna", "wrong")])
def test_nobody_reads_without_right_credentials(path: str, auth: tuple[str, str] | None) -> None:
    records = FakeRecords()
    with TestClient(application(records=records)) as client:
        answer = client.get(path, auth=auth)
    assert answer.status_code == 401
    assert answer.headers.get_list("WWW-Authenticate", split_commas=False)
    assert records.asked == []


def test_a_communication_tells_what_came_with_it() -> None:
    with TestClient(application()) as client:
        answer = client.get("/api/v1/communications/n%2F1", auth=ANNA)
    assert answer.json() == {
        "communicationNumber": "n/1",
        "customerExtId": "c",
        "businessUnit": "MAIN",
        "version": 1,
        "batchId": str(BATCH_ID),
        "acceptedAt": "2024-05-26T00:00:00Z",
        "acceptedBy": "anna",
    }


@pytest.mark.parametrize("number", ["n", "a/b", "a//b", "a/", "a/../b", "ž 🦊", "%", "?", "x" * 256])
def test_any_number_can_be_asked_for(number: str) -> None:
    records = FakeRecords()
    with TestClient(application(records=records)) as client:
        answer = client.get(f"/api/v1/communications/{quote(number, safe='')}", auth=ANNA)
    assert answer.status_code == 200
    assert records.asked == [number]


@pytest.mark.parametrize("path", ["/api/v1/communications/n", f"/api/v1/batches/{BATCH_ID}"])
def test_what_a_user_may_not_see_is_not_there(path: str) -> None:
    with TestClient(application()) as client:
        answer = client.get(path, auth=RITA)
    assert answer.status_code == 404
    assert list(answer.json()) == ["timestamp", "status", "error", "path", "message"]


@pytest.mark.parametrize("path", ["/api/v1/communications/a%00b", "/api/v1/batches/1", "/api/v1/batches/1/results"])
def test_what_cannot_be_there_is_not_asked_for(path: str) -> None:
    records = FakeRecords()
    with TestClient(application(records=records)) as client:
        assert client.get(path, auth=ANNA).status_code == 404
    assert records.asked == []


def test_batches_come_in_pages() -> None:
    records = FakeRecords()
    with TestClient(application(records=records)) as client:
        first = client.get("/api/v1/batches?limit=2", auth=ANNA).json()
        rest = client.get(f"/api/v1/batches?limit=3&cursor={first['next']}", auth=ANNA).json()
    assert [len(first["batches"]), first["next"]] == [2, str(BATCH_ID)]
    assert [len(rest["batches"]), rest["next"]] == [3, None]
    assert first["batches"][0] == {
        "id": str(BATCH_ID), "receivedAt": "2024-05-26T00:00:00Z", "sender": "anna", "accepted": 2, "rejected": 1,
    }  # fmt: skip
    assert records.asked == [(None, 3), (BATCH_ID, 4)]


def test_results_come_in_pages_as_they_were_answered() -> None:
    records = FakeRecords()
    with TestClient(application(records=records)) as client:
        answer = client.get(f"/api/v1/batches/{BATCH_ID}/results?limit=1&cursor=6", auth=ANNA)
    assert answer.content == b'{"results":[{"a":1.0}],"next":"7"}'
    assert records.asked == [(BATCH_ID, 6, 1)]


@pytest.mark.parametrize("path", ["/api/v1/batches", f"/api/v1/batches/{BATCH_ID}/results"])
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=", "limit=1&limit=2", "limit=%D9%A1", "cursor=x", "cursor=",
              "cursor=1&cursor=2", "cursor=-1"]
)  # fmt: skip
def test_a_page_that_cannot_be_meant_is_400(path: str, query: str) -> None:
    with TestClient(application()) as client:
        answer = client.get(f"{path}?{query}", auth=ANNA)
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["message"]
