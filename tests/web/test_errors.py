"""The bodies of problems and of internal errors."""

import re

import pytest
from litestar.testing import TestClient

from muster.intake.customer_store import CommitOutcome, LostCommitError
from muster.loads.load_store import NewLoad
from muster.storage.errors import StorageBusyError
from muster.web.app import Application
from tests.loads.fakes import MemoryLoadStore
from tests.web.fakes import (
    ANNA,
    BATCH,
    BATCH_ID,
    RITA,
    SAVE,
    VALIDATE,
    FakeIntake,
    FakeVerifier,
    application,
    make_load_service,
)

JSON = {"Content-Type": "application/json"}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


def build_client(app: Application) -> TestClient[Application]:
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/nowhere", 404, "Not Found"),
        ("POST", "/nowhere", 404, "Not Found"),
        ("GET", "/classifier/nothing", 404, "Not Found"),
        ("GET", "/classifier/", 404, "Not Found"),
        ("GET", "/swagger-ui/swagger-editor.js", 404, "Not Found"),
        ("GET", "/health/ill\u00e9", 404, "Not Found"),
        ("GET", SAVE, 405, "Method Not Allowed"),
        ("DELETE", SAVE, 405, "Method Not Allowed"),
        ("PUT", "/health/live", 405, "Method Not Allowed"),
        ("POST", SAVE, 401, "Unauthorized"),
        ("GET", "/" + "x" * 3000, 414, "URI Too Long"),
    ],
)
def test_every_problem_has_the_shape_of_the_contract(method: str, path: str, status: int, reason: str) -> None:
    with build_client(application()) as client:
        response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert list(body) == ["timestamp", "status", "error", "path", "message"]
    assert TIMESTAMP.fullmatch(body["timestamp"])
    assert (body["status"], body["error"], body["path"]) == (status, reason, path)
    assert body["message"]


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/batch-customers", SAVE),
        ("/amlyze-ws-rest/batch-customer", SAVE),
        ("/amlyze-ws-rest/validate-batch-customer/", VALIDATE),
        ("/health", "/health/live"),
        ("/Health/Ready", "/health/ready"),
        ("/classifier", "/classifier/{name}"),
        ("/classifiers/country", "/classifier/{name}"),
        ("/api/v1/customer/c-1", "/api/v1/customers/{customerExtId}"),
        ("/api/v1/customers", "/api/v1/customers/{customerExtId}"),
        ("/api/v1/batch", "/api/v1/batches"),
        ("/api/v2/batches/1/result", "/api/v1/batches/{batchId}/results"),
        ("/swagger-ui.html", "/swagger-ui"),
        ("/api-docs", "/v2/api-docs"),
        ("/metric", "/metrics"),
    ],
)
def test_404_names_the_nearest_path(path: str, nearest: str) -> None:
    with build_client(application()) as client:
        response = client.get(path)
    assert response.status_code == 404
    assert f"did you mean {nearest}? " in response.json()["message"]


@pytest.mark.parametrize("path", ["/wp-login.php", "/Garcia", "/api/v1/customer/Garcia", "/" + "a" * 1_900])
def test_404_does_not_echo_the_path_beyond_its_key(path: str) -> None:
    with build_client(application()) as client:
        message = client.get(path).json()["message"]
    assert "/v2/api-docs" in message
    for word in ("Garcia", "wp-login", "aaa"):
        assert word not in message


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        ("GET", SAVE, "POST"),
        ("PUT", SAVE, "POST"),
        ("POST", "/health/live", "GET or HEAD"),
        ("BREW", "/", "GET or HEAD"),
    ],
)
def test_405_says_which_method_to_use(method: str, path: str, methods: str) -> None:
    with build_client(application()) as client:
        response = client.request(method, path)
    assert response.status_code == 405
    assert response.json()["message"] == f"this path does not take this method; use {methods}"


def test_405_names_the_allowed_methods() -> None:
    with build_client(application()) as client:
        assert set(client.get(SAVE).headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
        assert set(client.post("/health/live").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_invalid_host_is_400_in_the_shape_of_the_contract() -> None:
    with build_client(application()) as client:
        response = client.get("/health/live", headers={"Host": "a b"})
    assert response.status_code == 400
    assert response.json()["error"] == "Bad Request"


def test_401_has_a_challenge_header_for_each_scheme() -> None:
    with build_client(application()) as client:
        response = client.post(SAVE, content=BATCH, headers=JSON)
    assert response.headers.get_list("WWW-Authenticate") == [
        'Basic realm="muster", charset="UTF-8"',
        'Bearer realm="muster"',
    ]


def test_403_says_what_to_do() -> None:
    with build_client(application()) as client:
        response = client.post(SAVE, content=BATCH, headers=JSON, auth=RITA)
    assert response.status_code == 403
    assert "role" in response.json()["message"]


def failing(content: bytes) -> None:
    raise ValueError("Garcia")


@pytest.mark.parametrize(("intake", "verifier"), [(FakeIntake(failing), None), (None, FakeVerifier(is_broken=True))])
def test_internal_error_is_the_500_of_the_contract_without_details(
    intake: FakeIntake | None, verifier: FakeVerifier | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with build_client(application(intake, verifier)) as client:
        response = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert response.status_code == 500
    body = response.json()
    assert list(body) == ["errorCode", "errorDescription", "timeElapsedMs"]
    assert (body["errorCode"], body["errorDescription"]) == ("500", "Processing failed")
    assert isinstance(body["timeElapsedMs"], int)
    assert "Garcia" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("outcome", CommitOutcome)
def test_500_names_its_batch_only_when_the_outcome_is_unknown(outcome: CommitOutcome) -> None:
    def lose_commit(content: bytes) -> None:
        raise LostCommitError(BATCH_ID, outcome)

    with build_client(application(FakeIntake(lose_commit))) as client:
        response = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert (response.status_code, list(response.json())) == (500, ["errorCode", "errorDescription", "timeElapsedMs"])
    headers = (response.headers.get("Muster-Outcome"), response.headers.get("Muster-Batch-Id"))
    assert headers == (("unknown", str(BATCH_ID)) if outcome is CommitOutcome.UNKNOWN else (None, None))


class LockedLoadStore(MemoryLoadStore):
    """Of a database whose lock others hold."""

    def create_once(self, load: NewLoad) -> bool:
        raise StorageBusyError("the database is locked by others: SQLSTATE 55P03")


def test_a_change_that_waits_too_long_for_other_writers_is_a_503_that_says_when_to_try_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with build_client(application(loads=make_load_service(LockedLoadStore()))) as client:
        response = client.post("/api/v1/loads", json={"name": "a.csv"}, auth=ANNA)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.json()["message"] == "the database is busy with other changes; send the request again later"
    log = "".join(capsys.readouterr())
    assert "database_busy" in log
    assert "internal_error" not in log


@pytest.mark.parametrize("path", [SAVE, VALIDATE, SAVE + "/"])
def test_a_batch_that_waits_too_long_for_other_writers_is_the_500_of_the_contract(path: str) -> None:
    def wait_in_vain(content: bytes) -> None:
        raise StorageBusyError("the database is locked by other writers")

    with build_client(application(FakeIntake(wait_in_vain))) as client:
        response = client.post(path, content=BATCH, headers=JSON, auth=ANNA)
    assert (response.status_code, response.json()["errorCode"]) == (500, "500")
    assert "Retry-After" not in response.headers


def test_debug_variable_of_litestar_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITESTAR_DEBUG", "1")
    with build_client(application(FakeIntake(failing))) as client:
        response = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert "Garcia" not in response.text


@pytest.mark.parametrize(
    "path", ["/classifier/%00", "/classifier/..%2f..%2fetc", "/%ff%fe", "/%0a", "/classifier/a%2Fb"]
)
def test_odd_paths_are_404(path: str) -> None:
    with build_client(application()) as client:
        response = client.get(path)
    assert response.status_code == 404
    assert response.json()["status"] == 404
