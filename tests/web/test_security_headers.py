"""Security headers of responses."""

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
def test_every_response_has_security_headers(method: str, path: str, status: int) -> None:
    with TestClient(application()) as client:
        response = client.request(method, path, content=BATCH, headers=JSON, auth=ANNA)
    assert response.status_code == status
    assert {name: response.headers[name] for name in ALWAYS} == ALWAYS
    assert "Strict-Transport-Security" not in response.headers
    assert "Server" not in response.headers


def test_internal_error_has_security_headers() -> None:
    def fail() -> bool:
        raise RuntimeError

    with TestClient(application(is_ready=fail), raise_server_exceptions=False) as client:
        response = client.get("/health/ready")
    assert (response.status_code, response.headers["Cache-Control"]) == (500, "no-store")


def test_https_responses_have_strict_transport_security() -> None:
    with TestClient(application(), base_url="https://muster.local") as client:
        assert client.get("/health/live").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_own_header_of_a_response_has_precedence() -> None:
    with TestClient(application()) as client:
        headers = client.get("/swagger-ui/").headers
    assert headers.get_list("Cache-Control") == ["public, max-age=3600"]
    assert len(headers.get_list("Content-Security-Policy")) == 1
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
