"""The shape of every refusal and of every failure."""

import re

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.web.fakes import ANNA, BATCH, RITA, SAVE, FakeAccess, FakeIntake, application

JSON = {"Content-Type": "application/json"}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


def client_of(app: Litestar) -> TestClient[Litestar]:
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/", 404, "Not Found"),
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
def test_every_refusal_has_the_contracts_shape(method: str, path: str, status: int, reason: str):
    with client_of(application()) as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert list(body) == ["timestamp", "status", "error", "path", "message"]
    assert TIMESTAMP.fullmatch(body["timestamp"])
    assert (body["status"], body["error"], body["path"]) == (status, reason, path)
    assert body["message"]


def test_405_says_which_methods_are_allowed():
    with client_of(application()) as client:
        assert set(client.get(SAVE).headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
        assert set(client.post("/health/live").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_an_invalid_host_is_refused_in_the_shape():
    with client_of(application()) as client:
        answer = client.get("/health/live", headers={"Host": "a b"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "Bad Request"


def test_401_names_both_schemes_in_lines_of_their_own():
    with client_of(application()) as client:
        answer = client.post(SAVE, content=BATCH, headers=JSON)
    assert answer.headers.get_list("WWW-Authenticate") == [
        'Basic realm="muster", charset="UTF-8"',
        'Bearer realm="muster"',
    ]


def test_403_says_what_to_do():
    with client_of(application()) as client:
        answer = client.post(SAVE, content=BATCH, headers=JSON, auth=RITA)
    assert answer.status_code == 403
    assert "role" in answer.json()["message"]


def failing(content: bytes) -> None:
    raise ValueError("Garcia")


@pytest.mark.parametrize(("intake", "access"), [(FakeIntake(failing), None), (None, FakeAccess(broken=True))])
def test_a_failure_is_the_contracts_500_and_says_no_more(intake, access, capsys: pytest.CaptureFixture[str]):
    with client_of(application(intake, access)) as client:
        answer = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert answer.status_code == 500
    body = answer.json()
    assert list(body) == ["errorCode", "errorDescription", "timeElapsedMs"]
    assert (body["errorCode"], body["errorDescription"]) == ("500", "Processing failed")
    assert isinstance(body["timeElapsedMs"], int)
    assert "Garcia" not in "".join(capsys.readouterr())


def test_debugging_by_litestars_environment_shows_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LITESTAR_DEBUG", "1")
    with client_of(application(FakeIntake(failing))) as client:
        answer = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert "Garcia" not in answer.text


@pytest.mark.parametrize(
    "path", ["/classifier/%00", "/classifier/..%2f..%2fetc", "/%ff%fe", "//", "/%0a", "/classifier/a%2Fb"]
)
def test_odd_paths_are_404_and_never_500(path: str):
    with client_of(application()) as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["status"] == 404
