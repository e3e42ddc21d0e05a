"""The two endpoints, from a sound request to its answer, and the order of the refusals."""

import gzip

import pytest
import zstandard
from litestar.testing import TestClient

from muster.intake.decode import InvalidBatchError, TooManyCustomersError
from tests.web.fakes import (
    ANNA,
    BATCH,
    BODY,
    RITA,
    SAVE,
    TOKEN,
    VALIDATE,
    FakeAccess,
    FakeIntake,
    application,
)

JSON = {"Content-Type": "application/json"}


def test_the_answer_is_the_intakes_bytes_and_names_the_batch():
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        answer = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Muster-Batch-Id"] == str(intake.batch_ids[0])
    assert (intake.taken, intake.asked) == ([BATCH], [("anna", True, False)])


def test_validating_saves_nothing_and_names_no_batch():
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        answer = client.post(VALIDATE, content=BATCH, headers=JSON, auth=ANNA)
    assert answer.content == BODY
    assert "Muster-Batch-Id" not in answer.headers
    assert intake.asked == [("anna", False, False)]


def test_a_token_is_as_good_as_a_password():
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        answer = client.post(SAVE, content=BATCH, headers={**JSON, "Authorization": f"bearer {TOKEN}"})
    assert answer.status_code == 200
    assert intake.asked == [("tom", True, False)]


@pytest.mark.parametrize(("query", "detail"), [("?detail=full", True), ("", False), ("?other=1", False)])
def test_details_come_only_on_request(query: str, detail: bool):
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        assert client.post(SAVE + query, content=BATCH, headers=JSON, auth=ANNA).status_code == 200
    assert intake.asked == [("anna", True, detail)]


@pytest.mark.parametrize("query", ["detail=", "detail=Full", "detail=full&detail=full", "detail=%FF", "a=1&detail=x"])
def test_another_detail_is_refused_and_the_values_are_named(query: str):
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        answer = client.post(f"{SAVE}?{query}", content=BATCH, headers=JSON, auth=ANNA)
    assert answer.status_code == 400
    assert answer.json()["message"] == "the query parameter detail takes one value: full"
    assert answer.json()["path"] == SAVE
    assert intake.taken == []


@pytest.mark.parametrize(
    ("query", "accept"), [("", 0), ("?accept=all", 100), ("?accept=100", 100), ("?accept=90", 90), ("?accept=1", 1)]
)
def test_how_many_must_be_accepted_comes_from_the_query(query: str, accept: int):
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        for path in (SAVE, VALIDATE):
            assert client.post(path + query, content=BATCH, headers=JSON, auth=ANNA).status_code == 200
    assert intake.accept == [accept, accept]


@pytest.mark.parametrize(
    "value", ["", "0", "101", "-1", "90.5", "90%25", "All", "%D9%A9%D9%A0", "all&accept=all", "+9"]
)
def test_another_number_is_refused(value: str):
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        answer = client.post(f"{SAVE}?accept={value}", content=BATCH, headers=JSON, auth=ANNA)
    assert answer.status_code == 400
    assert "accept" in answer.json()["message"]
    assert intake.taken == []


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"',
     "application/json; profile=x"],
)  # fmt: skip
def test_json_in_utf_8_is_taken(content_type: str):
    with TestClient(application()) as client:
        answer = client.post(SAVE, content=BATCH, headers={"Content-Type": content_type}, auth=ANNA)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/xml", "application/json2", "application/vnd.muster+json", "json",
     "application/json; charset=latin-1", "application/json;charset=utf-16", "application/json, text/plain"],
)  # fmt: skip
def test_another_type_or_charset_is_415(content_type: str):
    with TestClient(application()) as client:
        headers = {"Content-Type": content_type} if content_type else {}
        answer = client.post(SAVE, content=BATCH, headers=headers, auth=ANNA)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["message"]


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "gzip, identity", "GZIP;q=1"])
def test_an_unknown_coding_is_415_and_the_known_ones_are_named(coding: str):
    with TestClient(application()) as client:
        answer = client.post(SAVE, content=BATCH, headers={**JSON, "Content-Encoding": coding}, auth=ANNA)
    assert answer.status_code == 415
    assert answer.headers["Accept-Encoding"] == "gzip, zstd"


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", gzip.compress(BATCH)), ("x-gzip", gzip.compress(BATCH)), ("GZip", gzip.compress(BATCH)),
     ("zstd", zstandard.compress(BATCH)), ("identity", BATCH), ("", BATCH)],
)  # fmt: skip
def test_compressed_bodies_reach_the_intake_plain(coding: str, body: bytes):
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        answer = client.post(SAVE, content=body, headers={**JSON, "Content-Encoding": coding}, auth=ANNA)
    assert answer.status_code == 200
    assert intake.taken == [BATCH]


def test_no_batch_is_400_with_the_intakes_message():
    def refuse(content: bytes) -> None:
        raise InvalidBatchError("the body is empty")

    with TestClient(application(FakeIntake(refuse))) as client:
        answer = client.post(SAVE, content=b"", headers=JSON, auth=ANNA)
    assert answer.status_code == 400
    assert answer.json()["message"] == "the body is empty"


def test_too_many_customers_is_413_with_the_limit():
    def refuse(content: bytes) -> None:
        raise TooManyCustomersError(10_000)

    with TestClient(application(FakeIntake(refuse))) as client:
        answer = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert answer.status_code == 413
    assert "10000" in answer.json()["message"]


@pytest.mark.parametrize("size", [101, 100_000])
def test_a_body_over_the_limit_is_413_with_the_limit(size: int):
    intake = FakeIntake()
    with TestClient(application(intake, max_body_bytes=100)) as client:
        answer = client.post(SAVE, content=b"x" * size, headers=JSON, auth=ANNA)
        assert client.post(SAVE, content=b"x" * 100, headers=JSON, auth=ANNA).status_code == 200
    assert answer.status_code == 413
    assert "100 bytes" in answer.json()["message"]
    assert intake.taken == [b"x" * 100]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_the_limit_holds_for_what_comes_out_of_compression(coding: str):
    bomb = b" " * 1_000_000
    body = gzip.compress(bomb) if coding == "gzip" else zstandard.compress(bomb)
    with TestClient(application(max_body_bytes=999_999)) as client:
        answer = client.post(SAVE, content=body, headers={**JSON, "Content-Encoding": coding}, auth=ANNA)
    assert answer.status_code == 413


@pytest.mark.parametrize("body", [b"x" * 50, b"x" * 200_000])
def test_refusals_come_in_the_order_of_the_contract(body: bytes):
    """Each request is wrong in everything that comes later too; small bodies are read early, large ones late."""
    wrong = {"Content-Type": "text/plain", "Content-Encoding": "br"}
    with TestClient(application(FakeIntake(), max_body_bytes=10)) as client:

        def status(path: str, headers: dict[str, str], auth: tuple[str, str] | None) -> int:
            return client.post(path, content=body, headers=headers, auth=auth).status_code

        assert status("/nowhere", wrong, None) == 404
        assert status(SAVE, wrong, None) == 401
        assert status(SAVE, wrong, (ANNA[0], "wrong")) == 401
        assert status(SAVE, wrong, RITA) == 403
        assert status(SAVE, wrong, ANNA) == 415
        assert status(SAVE, {**JSON, "Content-Encoding": "br"}, ANNA) == 415
        assert status(SAVE, {**JSON, "Content-Encoding": "gzip"}, ANNA) == 413


def test_nobody_is_asked_for_when_nobody_says_who_calls():
    access = FakeAccess()
    with TestClient(application(access=access)) as client:
        assert client.post(SAVE, content=BATCH, headers=JSON).status_code == 401
    assert access.asked == 0
