import json
import threading

import pytest
from litestar.testing import TestClient

from muster.web import public
from tests.web.fakes import application


def test_a_classifier_is_a_list_of_codes_and_titles_for_anybody():
    with TestClient(application()) as client:
        answer = client.get("/classifier/country")
        assert client.get("/classifier/legalForm").json() == []
    assert answer.json() == [{"code": "LT", "title": "Lithuania"}, {"code": "CI", "title": "Côte d'Ivoire"}]
    assert answer.headers["Content-Type"] == "application/json"


def test_live_and_ready():
    with TestClient(application()) as client:
        assert client.get("/health/live").content == b'{"status":"live"}'
        assert client.get("/health/ready").content == b'{"status":"ready"}'
        assert client.head("/health/ready").status_code == 200


def test_not_ready_is_503_in_the_shape_and_says_when_to_ask_again():
    with TestClient(application(ready=lambda: False)) as client:
        answer = client.get("/health/ready")
        assert client.get("/health/live").status_code == 200
    assert answer.status_code == 503
    assert answer.json()["error"] == "Service Unavailable"
    assert int(answer.headers["Retry-After"]) > 0


def test_a_database_that_hangs_is_not_ready(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(public, "READY_SECONDS", 0.05)
    opened = threading.Event()
    with TestClient(application(ready=lambda: opened.wait(20))) as client:
        assert client.get("/health/ready").status_code == 503
        opened.set()


def test_the_openapi_document_is_served():
    with TestClient(application()) as client:
        answer = client.get("/v2/api-docs")
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.content)["openapi"].startswith("3.1")
