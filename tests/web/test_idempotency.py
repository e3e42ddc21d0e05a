"""The header Idempotency-Key."""

from datetime import timedelta

import pytest
from litestar.testing import TestClient

from muster.intake.idempotency import KeyInProgressError, KeyReusedError
from muster.web.batch_headers import parse_batch_headers
from tests.web.fakes import ANNA, BATCH, SAVE, FakeIntake, application

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"a,b"', "a,b"),
        (" x ", "x"),
        ("x" * 255, "x" * 255),
        (None, None),
    ],
)
def test_key_is_the_same_with_and_without_quotes(header: str | None, key: str | None) -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        headers = JSON if header is None else {**JSON, "Idempotency-Key": header}
        response = client.post(SAVE, content=BATCH, headers=headers, auth=ANNA)
    assert response.status_code == 200
    assert "Idempotency-Replayed" not in response.headers
    assert intake.keys == [key]


@pytest.mark.parametrize("header", ["", '""', '"', '"a', "a b", "a,b", '"a","b"', "ž", "x" * 256, "a\\b", "\x7f"])
def test_invalid_key_is_400(header: str) -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        headers = {b"Content-Type": b"application/json", b"Idempotency-Key": header.encode()}
        response = client.post(SAVE, content=BATCH, headers=headers, auth=ANNA)
    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()["message"]
    assert intake.contents == []


@pytest.mark.parametrize("hours", ["", "0", "8761", "1.5", "-1", "+1", "01", "1, 2", "day"])
def test_invalid_hours_of_a_key_are_400(hours: str) -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        headers = {**JSON, "Idempotency-Key": "k", "Idempotency-Key-Hours": hours}
        response = client.post(SAVE, content=BATCH, headers=headers, auth=ANNA)
    assert response.status_code == 400
    assert "Idempotency-Key-Hours" in response.json()["message"]
    assert intake.contents == []


@pytest.mark.parametrize(
    ("hours", "lifetime"), [("720", timedelta(days=30)), ("8760", timedelta(days=365)), (None, None)]
)
def test_a_key_is_valid_for_the_hours_that_are_asked_for(hours: str | None, lifetime: timedelta | None) -> None:
    headers = [(b"content-type", b"application/json")]
    if hours is not None:
        headers.append((b"idempotency-key-hours", hours.encode()))
    parsed = parse_batch_headers(headers, b"")
    assert (parsed.key_lifetime, parsed.problem) == (lifetime, None)


def test_two_keys_are_400() -> None:
    with TestClient(application()) as client:
        headers = [*JSON.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
        assert client.post(SAVE, content=BATCH, headers=headers, auth=ANNA).status_code == 400


def test_replayed_response_has_a_header() -> None:
    with TestClient(application()) as client:
        headers = {**JSON, "Idempotency-Key": "k"}
        responses = [client.post(SAVE, content=BATCH, headers=headers, auth=ANNA) for _ in range(2)]
    assert [response.headers.get("Idempotency-Replayed") for response in responses] == [None, "true"]


def test_key_in_progress_is_409_with_retry_after() -> None:
    def fail_in_progress(_: bytes) -> None:
        raise KeyInProgressError

    with TestClient(application(FakeIntake(fail_in_progress))) as client:
        response = client.post(SAVE, content=BATCH, headers={**JSON, "Idempotency-Key": "k"}, auth=ANNA)
    assert (response.status_code, response.json()["error"], response.headers["Retry-After"]) == (409, "Conflict", "1")
    assert list(response.json()) == ["timestamp", "status", "error", "path", "message"]


def test_key_of_another_request_is_422() -> None:
    def fail_reused(_: bytes) -> None:
        raise KeyReusedError

    with TestClient(application(FakeIntake(fail_reused))) as client:
        response = client.post(SAVE, content=BATCH, headers={**JSON, "Idempotency-Key": "k"}, auth=ANNA)
    assert (response.status_code, response.json()["error"]) == (422, "Unprocessable Content")
