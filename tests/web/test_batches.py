"""The two batch endpoints: valid requests, options, limits, and the order of errors."""

import asyncio
import gzip

import pytest
import zstandard
from httpx import USE_CLIENT_DEFAULT
from litestar.testing import TestClient

from muster.intake.decode import InvalidBatchError, TooManyCustomersError
from muster.intake.large_body import PIECE_BYTES, LargeBody
from tests.web.fakes import (
    ANNA,
    BATCH,
    BODY,
    RITA,
    SAVE,
    TOKEN,
    VALIDATE,
    FakeIntake,
    FakeVerifier,
    application,
)

JSON = {"Content-Type": "application/json"}


def test_response_holds_the_bytes_of_the_intake_and_the_batch_id() -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        response = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert (response.status_code, response.content) == (200, BODY)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Muster-Batch-Id"] == str(intake.batch_ids[0])
    assert (list(intake.contents), intake.calls) == ([BATCH], [("anna", True, False)])


def test_large_response_is_sent_in_pieces_with_the_headers_of_any_other() -> None:
    text, body = b"0123456789abcdef" * 100_000, LargeBody()
    body.append(text[:PIECE_BYTES])
    body.append(text[PIECE_BYTES:])
    with TestClient(application(FakeIntake(body=body, warnings={"W001": 2}))) as client:
        large = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    with TestClient(application(FakeIntake(warnings={"W001": 2}))) as client:
        small = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert (large.status_code, large.content) == (200, text)
    assert large.headers.keys() == small.headers.keys()
    differing = {name for name in large.headers if large.headers[name] != small.headers[name]}
    assert differing == {"content-length", "muster-batch-id"}


def test_validation_saves_nothing_and_has_no_batch_id() -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        response = client.post(VALIDATE, content=BATCH, headers=JSON, auth=ANNA)
    assert response.content == BODY
    assert "Muster-Batch-Id" not in response.headers
    assert intake.calls == [("anna", False, False)]


def test_token_authenticates_like_a_password() -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        response = client.post(SAVE, content=BATCH, headers={**JSON, "Authorization": f"bearer {TOKEN}"})
    assert response.status_code == 200
    assert intake.calls == [("tom", True, False)]


@pytest.mark.parametrize(("query", "detail"), [("?detail=full", True), ("", False), ("?", False)])
def test_details_are_returned_on_request_only(query: str, detail: bool) -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        assert client.post(SAVE + query, content=BATCH, headers=JSON, auth=ANNA).status_code == 200
    assert intake.calls == [("anna", True, detail)]


@pytest.mark.parametrize("query", ["detail=", "detail=Full", "detail=full&detail=full", "detail=%FF", "detail"])
def test_invalid_detail_is_400_and_names_the_valid_value(query: str) -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        response = client.post(f"{SAVE}?{query}", content=BATCH, headers=JSON, auth=ANNA)
    assert response.status_code == 400
    assert response.json()["message"] == "the query parameter detail takes one value: full"
    assert response.json()["path"] == SAVE
    assert intake.contents == []


@pytest.mark.parametrize(
    ("query", "accept"), [("", 0), ("?accept=all", 100), ("?accept=100", 100), ("?accept=90", 90), ("?accept=1", 1)]
)
def test_accept_sets_the_percentage_that_must_be_accepted(query: str, accept: int) -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        for path in (SAVE, VALIDATE):
            assert client.post(path + query, content=BATCH, headers=JSON, auth=ANNA).status_code == 200
    assert intake.accept == [accept, accept]


@pytest.mark.parametrize(
    "value", ["", "0", "101", "-1", "90.5", "90%25", "All", "%D9%A9%D9%A0", "all&accept=all", "+9"]
)
def test_invalid_accept_is_400(value: str) -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        response = client.post(f"{SAVE}?accept={value}", content=BATCH, headers=JSON, auth=ANNA)
    assert response.status_code == 400
    assert "accept" in response.json()["message"]
    assert intake.contents == []


@pytest.mark.parametrize("query", ["acept=all", "Accept=all", "other", "detail=full&a=1", "a=1&detail=x", "%FF=1"])
def test_unknown_parameter_is_400_and_names_the_known_ones(query: str) -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        for path in (SAVE, VALIDATE):
            response = client.post(f"{path}?{query}", content=BATCH, headers=JSON, auth=ANNA)
            assert response.status_code == 400
            message = "the query has a parameter that is not known; the known ones are accept, detail, unknown, upsert"
            assert response.json()["message"] == message
    assert intake.contents == []


def test_unknown_reject_reaches_the_intake() -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        for query in ("", "?unknown=reject"):
            assert client.post(SAVE + query, content=BATCH, headers=JSON, auth=ANNA).status_code == 200
        response = client.post(f"{SAVE}?unknown=ignore", content=BATCH, headers=JSON, auth=ANNA)
    assert intake.reject_unknown == [False, True]
    assert response.status_code == 400
    assert response.json()["message"] == "the query parameter unknown takes one value: reject"


@pytest.mark.parametrize(("count", "header"), [(0, None), (3, "3")])
def test_number_of_warnings_is_in_a_header(count: int, header: str | None) -> None:
    with TestClient(application(FakeIntake(warnings={"W001": count} if count else {}))) as client:
        for path in (SAVE, VALIDATE):
            response = client.post(path, content=BATCH, headers=JSON, auth=ANNA)
            assert response.headers.get("Muster-Warnings") == header


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"',
     "application/json; profile=x"],
)  # fmt: skip
def test_json_in_utf_8_is_accepted(content_type: str) -> None:
    with TestClient(application()) as client:
        response = client.post(SAVE, content=BATCH, headers={"Content-Type": content_type}, auth=ANNA)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/xml", "application/json2", "application/vnd.muster+json", "json",
     "application/json; charset=latin-1", "application/json;charset=utf-16", "application/json, text/plain"],
)  # fmt: skip
def test_other_media_types_and_charsets_are_415(content_type: str) -> None:
    with TestClient(application()) as client:
        headers = {"Content-Type": content_type} if content_type else {}
        response = client.post(SAVE, content=BATCH, headers=headers, auth=ANNA)
    assert response.status_code == 415
    assert "application/json" in response.json()["message"]


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "gzip, identity", "GZIP;q=1"])
def test_unknown_coding_is_415_and_names_the_supported_ones(coding: str) -> None:
    with TestClient(application()) as client:
        response = client.post(SAVE, content=BATCH, headers={**JSON, "Content-Encoding": coding}, auth=ANNA)
    assert response.status_code == 415
    assert response.headers["Accept-Encoding"] == "gzip, zstd"


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", gzip.compress(BATCH)), ("x-gzip", gzip.compress(BATCH)), ("GZip", gzip.compress(BATCH)),
     ("zstd", zstandard.compress(BATCH)), ("identity", BATCH), ("", BATCH)],
)  # fmt: skip
def test_intake_gets_compressed_bodies_decompressed(coding: str, body: bytes) -> None:
    intake = FakeIntake()
    with TestClient(application(intake)) as client:
        response = client.post(SAVE, content=body, headers={**JSON, "Content-Encoding": coding}, auth=ANNA)
    assert response.status_code == 200
    assert intake.contents == [BATCH]


def test_invalid_batch_is_400_with_the_message_of_the_intake() -> None:
    def refuse(content: bytes) -> None:
        raise InvalidBatchError("the body is empty")

    with TestClient(application(FakeIntake(refuse))) as client:
        response = client.post(SAVE, content=b"", headers=JSON, auth=ANNA)
    assert response.status_code == 400
    assert response.json()["message"] == "the body is empty"


def test_too_many_customers_is_413_with_the_limit() -> None:
    def refuse(content: bytes) -> None:
        raise TooManyCustomersError(10_000)

    with TestClient(application(FakeIntake(refuse))) as client:
        response = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
    assert response.status_code == 413
    assert "10000" in response.json()["message"]


@pytest.mark.parametrize("size", [101, 100_000])
def test_body_over_the_limit_is_413_with_the_limit(size: int) -> None:
    intake = FakeIntake()
    with TestClient(application(intake, max_body_bytes=100)) as client:
        response = client.post(SAVE, content=b"x" * size, headers=JSON, auth=ANNA)
        assert client.post(SAVE, content=b"x" * 100, headers=JSON, auth=ANNA).status_code == 200
    assert response.status_code == 413
    assert "100 bytes" in response.json()["message"]
    assert intake.contents == [b"x" * 100]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_limit_holds_for_the_decompressed_body(coding: str) -> None:
    bomb = b" " * 1_000_000
    body = gzip.compress(bomb) if coding == "gzip" else zstandard.compress(bomb)
    with TestClient(application(max_body_bytes=999_999)) as client:
        response = client.post(SAVE, content=body, headers={**JSON, "Content-Encoding": coding}, auth=ANNA)
    assert response.status_code == 413


@pytest.mark.parametrize("body", [b"x" * 50, b"x" * 200_000])
def test_refusals_come_in_the_order_of_the_contract(body: bytes) -> None:
    """Each request also has all later errors. Small bodies are read before authentication, large ones after."""
    wrong = {"Content-Type": "text/plain", "Content-Encoding": "br"}
    with TestClient(application(FakeIntake(), max_body_bytes=10)) as client:

        def status(path: str, headers: dict[str, str], auth: tuple[str, str] | None) -> int:
            return client.post(path, content=body, headers=headers, auth=auth or USE_CLIENT_DEFAULT).status_code

        assert status("/nowhere", wrong, None) == 404
        assert status(SAVE, wrong, None) == 401
        assert status(SAVE, wrong, (ANNA[0], "wrong")) == 401
        assert status(SAVE, wrong, RITA) == 403
        assert status(SAVE, wrong, ANNA) == 415
        assert status(SAVE, {**JSON, "Content-Encoding": "br"}, ANNA) == 415
        assert status(SAVE, {**JSON, "Content-Encoding": "gzip"}, ANNA) == 413


def test_request_without_credentials_costs_no_verification() -> None:
    verifier = FakeVerifier()
    with TestClient(application(verifier=verifier)) as client:
        assert client.post(SAVE, content=BATCH, headers=JSON).status_code == 401
    assert verifier.verifications == 0


@pytest.mark.parametrize("size", [100, 100_000])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_batch_is_processed_apart_from_the_event_loop(size: int, coding: str) -> None:
    loops: list[object] = []

    def find_loop(content: bytes) -> None:
        try:
            loops.append(asyncio.get_running_loop())
        except RuntimeError:
            loops.append(None)

    body = b'{"customers": ["' + b"x" * size + b'"]}'
    with TestClient(application(FakeIntake(find_loop))) as client:
        content = gzip.compress(body) if coding == "gzip" else body
        response = client.post(SAVE, content=content, headers={**JSON, "Content-Encoding": coding}, auth=ANNA)
    assert response.status_code == 200
    assert loops == [None]
