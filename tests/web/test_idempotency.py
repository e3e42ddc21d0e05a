"""The header Idempotency-Key."""

import pytest
from litestar.testing import TestClient

from muster.intake.idempotency import KeyInProgressError, KeyReusedError
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
def test_the_key_is_the_same_in_quotes_and_without(header: str | None, key: str | None):
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        headers = JSON if header is None else {**JSON, "Idempotency-Key": header}
        answer = client.post(SAVE, content=BATCH, headers=headers, auth=ANNA)
    assert answer.status_code == 200
    assert "Idempotency-Replayed" not in answer.headers
    assert intake.keys == [key]


@pytest.mark.parametrize("header", ["", '""', '"', '"a', "a b", "a,b", '"a","b"', "ž", "x" * 256, "a\\b", "\x7f"])
def test_what_is_no_key_is_400(header: str):
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        headers = {**JSON, "Idempotency-Key": header.encode()}
        answer = client.post(SAVE, content=BATCH, headers=headers, auth=ANNA)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["message"]
    assert intake.taken == []


def test_two_keys_are_400():
    with TestClient(application()) as client:
        headers = [*JSON.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
        assert client.post(SAVE, content=BATCH, headers=headers, auth=ANNA).status_code == 400


def test_an_answer_that_was_given_before_says_so():
    with TestClient(application()) as client:
        headers = {**JSON, "Idempotency-Key": "k"}
        answers = [client.post(SAVE, content=BATCH, headers=headers, auth=ANNA) for _ in range(2)]
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true"]


def test_a_key_in_use_is_409_and_says_when_to_ask_again():
    def held(_: bytes) -> None:
        raise KeyInProgressError

    with TestClient(application(FakeIntake(held))) as client:
        answer = client.post(SAVE, content=BATCH, headers={**JSON, "Idempotency-Key": "k"}, auth=ANNA)
    assert (answer.status_code, answer.json()["error"], answer.headers["Retry-After"]) == (409, "Conflict", "1")
    assert list(answer.json()) == ["timestamp", "status", "error", "path", "message"]


def test_a_key_of_another_request_is_422():
    def used(_: bytes) -> None:
        raise KeyReusedError

    with TestClient(application(FakeIntake(used))) as client:
        answer = client.post(SAVE, content=BATCH, headers={**JSON, "Idempotency-Key": "k"}, auth=ANNA)
    assert (answer.status_code, answer.json()["error"]) == (422, "Unprocessable Content")
