"""Endpoints that read customers: permission, identifiers, moments and history."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from muster.web.app import Application
from tests.web.fakes import ANNA, BATCH_ID, RITA, FakeRecords

VERSION = {
    "customerExtId": "c/1",
    "businessUnit": "MAIN",
    "version": 2,
    "communicationNumber": "n",
    "batchId": str(BATCH_ID),
    "acceptedAt": "2024-05-26T00:00:00Z",
    "acceptedBy": "anna",
}


def test_customer_has_its_document_as_stored(client: TestClient[Application]) -> None:
    response = client.get("/api/v1/customers/c%2F1", auth=RITA)
    assert response.json() == {**VERSION, "document": {"firstName": "Jose", "amount": 0.1}}
    assert b'"document":{"firstName":"Jose","amount":0.10}' in response.content


def test_history_has_versions_and_pointers_without_values(client: TestClient[Application]) -> None:
    response = client.get("/api/v1/customers/c%2F1/history", auth=RITA)
    assert response.json() == {"versions": [{**VERSION, "changed": ["/firstName"]}], "next": "2"}
    assert "Jose" not in response.text


@pytest.mark.parametrize("ext_id", ["c", "a/b", "a//b", "history", "a/history", "ž 🦊", "%", "?", "x" * 255])
@pytest.mark.parametrize("after", ["", "/history"])
def test_customer_id_may_be_any_text(
    ext_id: str, after: str, records: FakeRecords, client: TestClient[Application]
) -> None:
    response = client.get(f"/api/v1/customers/{quote(ext_id, safe='')}{after}", auth=RITA)
    assert response.status_code == 200
    assert records.calls[0][0] == ext_id


@pytest.mark.parametrize("path", ["/api/v1/customers/c", "/api/v1/customers/c/history"])
def test_role_submit_may_not_read_customers(path: str, records: FakeRecords, client: TestClient[Application]) -> None:
    assert client.get(path, auth=ANNA).status_code == 403
    assert client.get(path).status_code == 401
    assert records.calls == []


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ("2024-05-26T16:49:50Z", datetime(2024, 5, 26, 16, 49, 50, tzinfo=UTC)),
        ("2024-05-26T16:49:50.237%2B02:00", datetime(2024, 5, 26, 16, 49, 50, 237_000, timezone(timedelta(hours=2)))),
        ("2024-05-26T16:49:50+02:00", datetime(2024, 5, 26, 16, 49, 50, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_at_takes_a_timestamp_with_a_zone(
    at: str, moment: datetime, records: FakeRecords, client: TestClient[Application]
) -> None:
    assert client.get(f"/api/v1/customers/c?at={at}", auth=RITA).status_code == 200
    assert records.calls == [("c", None, moment)]


@pytest.mark.parametrize(
    ("query", "named"),
    [("at=", "at"), ("at=yesterday", "at"), ("at=2024-05-26T16:49:50", "at"), ("at=2024-05-26", "at"),
     ("at=0001-01-01T00:00:00%2B01:00", "at"), ("at=9999-12-31T23:59:59-01:00", "at"),
     ("at=2024-05-26T16:49:50Z&at=2024-05-26T16:49:50Z", "at"), ("businessUnit=A&businessUnit=B", "businessUnit"),
     ("businessUnit=WHICH", "businessUnit"), ("businessUnit=", "businessUnit"), ("businessUnit", "businessUnit")],
)  # fmt: skip
def test_invalid_parameter_of_a_customer_is_400_and_is_named(
    query: str, named: str, client: TestClient[Application]
) -> None:
    response = client.get(f"/api/v1/customers/c?{query}", auth=RITA)
    assert response.status_code == 400
    assert f"query parameter {named} " in response.json()["message"]


@pytest.mark.parametrize(
    "query", ["limit=0", "cursor=x", "businessUnit=WHICH", "businessUnit=", "at=2024-05-26T16:49:50Z"]
)
def test_invalid_parameter_of_the_history_is_400(query: str, client: TestClient[Application]) -> None:
    assert client.get(f"/api/v1/customers/c/history?{query}", auth=RITA).status_code == 400


@pytest.mark.parametrize("path", ["c?businessUnit=B", "c/history?businessUnit=B", "a%00b", "c?businessUnit=a%00b"])
def test_missing_customer_is_404(path: str, client: TestClient[Application]) -> None:
    assert client.get(f"/api/v1/customers/{path}", auth=RITA).status_code == 404
