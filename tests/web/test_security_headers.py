"""Headers that protect an answer."""

import pytest
from litestar.testing import TestClient

from tests.web.fakes import ANNA, BATCH, SAVE, application

JSON = {"Content-Type": "application/json"}
ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", SAVE, 200),
        ("GET", SAVE, 405),
        ("GET", "/nowhere", 404),
        ("GET", "/" + "x" * 5_000, 414),
        ("GET", "/health/live", 200),
        ("GET", "/v2/api-docs", 200),
        ("GET", "/classifier/country", 200),
        ("GET", "/api/v1/batches", 200),
    ],
)
def test_every_answer_has_them_a_refusal_too(method: str, path: str, status: int):
    with TestClient(application()) as client:
        answer = client.request(method, path, content=BATCH, headers=JSON, auth=ANNA)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert "Strict-Transport-Security" not in answer.headers
    assert "Server" not in answer.headers


def test_a_failure_has_them_too():
    def fail() -> bool:
        raise RuntimeError

    with TestClient(application(ready=fail), raise_server_exceptions=False) as client:
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (500, "no-store")


def test_over_https_browsers_are_told_to_stay_with_it():
    with TestClient(application(), base_url="https://muster.local") as client:
        assert client.get("/health/live").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_an_answer_that_says_something_else_by_itself_keeps_it():
    with TestClient(application()) as client:
        headers = client.get("/swagger-ui/").headers
    assert headers.get_list("Cache-Control") == ["public, max-age=3600"]
    assert len(headers.get_list("Content-Security-Policy")) == 1
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
