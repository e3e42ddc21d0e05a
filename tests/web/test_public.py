import json
import signal
import threading

from litestar.testing import TestClient

from tests.forked_server import forked_server
from tests.serving import connect
from tests.web.fakes import application


def test_classifier_is_a_public_list_of_codes_and_titles() -> None:
    with TestClient(application()) as client:
        response = client.get("/classifier/country")
        assert client.get("/classifier/legalForm").json() == []
    assert response.json() == [{"code": "LT", "title": "Lithuania"}, {"code": "CI", "title": "Côte d'Ivoire"}]
    assert response.headers["Content-Type"] == "application/json"


def test_live_and_ready() -> None:
    with TestClient(application()) as client:
        assert client.get("/health/live").content == b'{"status":"live"}'
        assert client.get("/health/ready").content == b'{"status":"ready"}'
        assert client.head("/health/ready").status_code == 200


def test_not_ready_is_503_with_retry_after() -> None:
    with TestClient(application(is_ready=lambda: False)) as client:
        response = client.get("/health/ready")
        assert client.get("/health/live").status_code == 200
    assert response.status_code == 503
    assert response.json()["error"] == "Service Unavailable"
    assert int(response.headers["Retry-After"]) > 0


def test_a_service_that_is_about_to_stop_is_not_ready() -> None:
    app = application()
    with forked_server(lambda: app, drain_seconds=600) as server, connect(server.port) as http:
        assert http.get("/health/ready").status_code == 200
        server.signal(signal.SIGTERM)
        while (response := http.get("/health/ready")).status_code == 200:
            pass
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert http.get("/health/live").status_code == http.get("/classifier/country").status_code == 200


def test_hanging_database_is_not_ready() -> None:
    opened = threading.Event()
    with TestClient(application(is_ready=lambda: opened.wait(20), ready_seconds=0.05)) as client:
        assert client.get("/health/ready").status_code == 503
        opened.set()


def test_openapi_document_is_served() -> None:
    with TestClient(application()) as client:
        response = client.get("/v2/api-docs")
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.content)["openapi"].startswith("3.1")
