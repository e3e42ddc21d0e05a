"""Endpoints of the audit log: parameters, formats, and what comes before them."""

from collections.abc import Iterator

import pytest
from litestar.testing import TestClient

from muster.web.app import Application
from tests.web.fakes import RITA, TOKEN, application

ADMIN = {"Authorization": f"Bearer {TOKEN}"}
PATH = "/api/v1/audit"


@pytest.fixture(scope="module", name="client")
def _client() -> Iterator[TestClient[Application]]:
    """A client of one application; no test changes it."""
    with TestClient(application()) as client:
        yield client


@pytest.mark.parametrize(
    "path", [PATH, f"{PATH}?limit=x", f"{PATH}?format=x", f"{PATH}?format=csv", f"{PATH}/verification"]
)
def test_authentication_and_role_come_before_the_parameters(client: TestClient[Application], path: str) -> None:
    assert client.get(path).status_code == 401
    refused = client.get(path, auth=RITA)
    assert refused.status_code == 403
    assert "it needs the role audit" in refused.json()["message"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", "limit takes one whole number from 1 to 1000"),
        ("limit=1001", "limit takes"),
        ("limit=1e2", "limit takes"),
        ("cursor=x", "cursor takes"),
        ("cursor=-1", "cursor takes"),
        ("after=-1", "after takes one whole number"),
        (f"after={'9' * 19}", "after takes"),
        ("since=2024-05-26T10:00:00", "since takes one day"),
        ("until=Garcia", "until takes one day"),
        ("action=user.gone", "action takes one action of the audit log"),
        ("actor=a%00", "actor takes"),
        ("subject=a%00", "subject takes"),
        ("format=xml", "format takes json, csv or ndjson"),
        ("format=csv&limit=1", "an export has all matching entries"),
        ("format=ndjson&cursor=1", "an export has all matching entries"),
        ("limit=1&limit=1", "limit takes"),
        ("who=Garcia", "takes the query parameters"),
    ],
)
def test_bad_parameter_is_400_without_its_value(client: TestClient[Application], query: str, expected: str) -> None:
    response = client.get(f"{PATH}?{query}", headers=ADMIN)
    assert response.status_code == 400
    assert expected in response.json()["message"]
    assert "Garcia" not in response.text


@pytest.mark.parametrize("checkpoint", ["1", "1:00", f"01:{'0' * 64}", f"1:{'0' * 64}0", f"{'9' * 19}:{'0' * 64}"])
def test_bad_checkpoint_is_400(client: TestClient[Application], checkpoint: str) -> None:
    response = client.get(f"{PATH}/verification", params={"checkpoint": checkpoint}, headers=ADMIN)
    assert response.status_code == 400
    assert "checkpoint takes one value, a number, a colon and 64 hex digits" in response.json()["message"]


@pytest.mark.parametrize(
    ("accept", "query", "expected"),
    [
        (None, "", "application/json"),
        ("*/*", "", "application/json"),
        ("text/html, */*;q=0.8", "", "application/json"),
        ("text/csv", "", "text/csv; charset=utf-8"),
        ("application/x-ndjson", "", "application/x-ndjson"),
        ("application/json, text/csv;q=0.5", "", "application/json"),
        ("application/json;q=0.1, text/csv;q=0.5", "", "text/csv; charset=utf-8"),
        ("text/csv;q=1e999", "", "text/csv; charset=utf-8"),
        ("text/csv", "?format=json", "application/json"),
        ("application/json", "?format=ndjson", "application/x-ndjson"),
    ],
)
def test_format_is_that_of_the_query_or_else_of_the_header(
    client: TestClient[Application], accept: str | None, query: str, expected: str
) -> None:
    headers = {**ADMIN, **({"Accept": accept} if accept else {})}
    response = client.get(PATH + query, headers=headers)
    assert (response.status_code, response.headers["Content-Type"]) == (200, expected)
    assert response.headers["Vary"] == "Accept"
    assert client.head(PATH + query, headers=headers).headers["Content-Type"] == expected


def test_files_have_a_name(client: TestClient[Application]) -> None:
    for name in ("csv", "ndjson"):
        response = client.get(f"{PATH}?format={name}", headers=ADMIN)
        assert response.headers["Content-Disposition"] == f'attachment; filename="audit.{name}"'
