"""Query parameters that an endpoint does not know are refused on every path."""

from collections.abc import Iterator

import pytest
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from muster.web.app import Application
from muster.web.parameters import bad_parameter
from muster.web.router import build_router
from tests.web.fakes import ANNA, BATCH_ID, RITA, SAVE, TOKEN, VALIDATE, FakeRecords, application

FILTERS = "since, until, sender, code, unit"

# Path -> its query parameters.
KNOWN = {
    "/": "",
    "/api/v1/audit": "since, until, actor, action, subject, after, limit, cursor, format",
    "/api/v1/audit/verification": "checkpoint",
    "/api/v1/batches": f"limit, cursor, {FILTERS}, customerExtId, communicationNumber, load",
    "/api/v1/batches/{batchId}": "",
    "/api/v1/batches/{batchId}/results": "limit, cursor",
    "/api/v1/communications/{communicationNumber}": "",
    "/api/v1/customers/{customerExtId}": "businessUnit, at",
    "/api/v1/customers/{customerExtId}/history": "businessUnit, limit, cursor, changes",
    "/api/v1/loads": "limit, cursor, idempotencyKey",
    "/api/v1/loads/{loadId}": "",
    "/api/v1/loads/{loadId}/parts": "",
    "/api/v1/loads/{loadId}/refused": "format, forExcel",
    "/api/v1/loads/{loadId}/results": "",
    "/api/v1/rejections": f"limit, cursor, {FILTERS}, customerExtId, communicationNumber, load",
    "/api/v1/reports/rejections": f"{FILTERS}, format",
    "/classifier/{name}": "",
    "/health/live": "",
    "/health/ready": "",
    "/metrics": "",
    "/swagger-ui": "",
    "/swagger-ui/{name}": "",
    "/v2/api-docs": "",
}
# Paths that only write.
WRITING = {SAVE, VALIDATE, *(f"/api/v1/loads/{{loadId}}/{end}" for end in ("parts/{number}", "start", "cancel"))}
PARAMETERS = {
    "{batchId}": str(BATCH_ID),
    "{loadId}": str(BATCH_ID),
    "{name}": "country",
    "{customerExtId}": "c",
    "{communicationNumber}": "n",
}
ADMIN = {"Authorization": f"Bearer {TOKEN}"}


def fill(template: str) -> str:
    for name, value in PARAMETERS.items():
        template = template.replace(name, value)
    return template.replace("/swagger-ui/country", "/swagger-ui/index.html")


@pytest.fixture(scope="module", name="records")
def _records() -> FakeRecords:
    """The records of `client`."""
    return FakeRecords()


@pytest.fixture(scope="module", name="client")
def _client(records: FakeRecords) -> Iterator[TestClient[Application]]:
    """A client of one application; no test changes it."""
    with TestClient(application(records=records)) as client:
        yield client


def test_table_has_every_path_of_the_api_that_reads() -> None:
    paths = {route.path_format for route in build_router().routes if isinstance(route, HTTPRoute)}
    assert {path for path in paths if not path.startswith("/console")} == {*KNOWN, *WRITING}


@pytest.mark.parametrize("template", KNOWN)
@pytest.mark.parametrize("query", ["before=2024", "before=", "before", "Garcia", "=Garcia", "limit[]=1", "Limit=1"])
def test_unknown_query_parameter_is_400_and_the_known_ones_are_named(
    client: TestClient[Application], records: FakeRecords, template: str, query: str
) -> None:
    records.calls.clear()
    response = client.get(f"{fill(template)}?{query}", headers=ADMIN)
    head = client.head(f"{fill(template)}?{query}", headers=ADMIN)
    names = KNOWN[template]
    assert (response.status_code, head.status_code) == (400, 400)
    assert (f"takes the query parameters {names} and" if names else "no query parameters") in response.json()["message"]
    assert "Garcia" not in response.json()["message"]
    assert records.calls == []


def test_what_a_parameter_takes_is_known_of_every_one(client: TestClient[Application]) -> None:
    """Otherwise a bad value of it is a 500."""
    document = client.get("/v2/api-docs").json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    parameters = [parameter for operation in operations for parameter in operation.get("parameters", ())]
    names = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
    assert len(names) > 20
    for name in names - {"detail"}:  # of batches alone, see `batch_headers`
        assert f"parameter {name} takes" in bad_parameter(name).message


@pytest.mark.parametrize("template", KNOWN)
def test_empty_query_is_none(client: TestClient[Application], template: str) -> None:
    statuses = {client.get(f"{fill(template)}{end}", headers=ADMIN).status_code for end in ("", "?", "?&")}
    assert statuses in ({200}, {404})  # 404: the record belongs to another user


@pytest.mark.parametrize("query", ["before=x", "limit=1&before=x", "limit=1&limit=2"])
def test_unknown_client_is_401_whatever_its_query(query: str) -> None:
    with TestClient(application()) as client:
        assert client.get(f"/api/v1/batches?{query}").status_code == 401
        assert client.get(f"/api/v1/batches?{query}", auth=(ANNA[0], "wrong")).status_code == 401
        assert client.get(f"/metrics?{query}", auth=RITA).status_code == 403


def test_unknown_client_is_401_whatever_the_values_of_its_parameters(client: TestClient[Application]) -> None:
    for template, names in KNOWN.items():
        if template.startswith("/api/"):
            query = "&".join(f"{name}=%00" for name in names.split(", ") if name)
            assert client.get(f"{fill(template)}?{query}").status_code == 401
    assert client.post("/api/v1/loads?start=x&name=%00&batch=0").status_code == 401
