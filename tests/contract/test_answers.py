"""What the service answers to whole requests: the judged ones, and those that are refused as a whole."""

import base64
import gzip
import json
import re
from typing import Any

import httpx
import pytest
import zstandard

from muster.auth.passwords import hash_password
from muster.auth.tokens import generate_token
from muster.auth.users import Role, User
from tests.samples import individual, organization
from tests.serving import SAVE, VALIDATE, Api, serving

REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
}
BATCH = json.dumps({"customers": []}).encode()


def is_refusal(answer: httpx.Response, status: int, path: str = SAVE) -> dict[str, Any]:
    """The body of a refusal, which has the keys of the contract in their order."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert list(body) == ["timestamp", "status", "error", "path", "message"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", body["timestamp"])
    assert (body["status"], body["error"], body["path"]) == (status, REASONS[status], path)
    return body


def test_the_minimal_batch_of_the_text_is_accepted_with_the_keys_of_the_text(api: Api) -> None:
    individual_customer, organization_customer = individual(), organization()
    answer = api.send(json.dumps({"customers": [individual_customer, organization_customer]}).encode())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    report = answer.json()
    assert list(report) == ["resultType", "results", "timeElapsedMs"]
    for result, customer in zip(report["results"], (individual_customer, organization_customer), strict=True):
        assert list(result) == ["resultType", "communicationNumber", "customerExtId", "businessUnit", "timeElapsedMs"]
        assert result["communicationNumber"] == customer["communicationNumber"]
        assert result["businessUnit"] == "MAIN"


def test_an_empty_list_is_answered_without_results(api: Api) -> None:
    for path in (SAVE, VALIDATE):
        answer = api.send(BATCH, path)
        assert (answer.status_code, answer.json()["results"]) == (200, [])
        assert answer.json()["resultType"] == "REQUEST_ACCEPTED"


def test_validating_saves_nothing(api: Api) -> None:
    customer = individual()
    for _ in range(2):
        assert [result["resultType"] for result in api.results([customer], VALIDATE)] == ["REQUEST_ACCEPTED"]
    assert "errorCode" not in api.results([customer])[0]
    assert api.results([customer], VALIDATE)[0]["errorCode"] == "O005"


def test_a_customer_is_created_replaced_whole_and_not_created_again(api: Api) -> None:
    customer = individual(nationalCode="1")
    again = individual(customerExtId=customer["customerExtId"])
    update = individual(customerExtId=customer["customerExtId"], action="UPDATE")
    assert [result.get("errorCode") for result in api.results([customer, again, update])] == [None, "C004", None]
    known = {(unit, ext_id) for unit, ext_id in [("MAIN", customer["customerExtId"])]}
    with api.store.customers.session() as session:
        assert session.look_up([], known).versions == {("MAIN", customer["customerExtId"]): 2}


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{}", b'{"customers": 1}', b'{"customers": [', b"\xff"])
def test_what_is_no_batch_is_a_400_that_says_what_is_wrong(api: Api, body: bytes) -> None:
    for path in (SAVE, VALIDATE):
        assert "the body" in is_refusal(api.send(body, path), 400, path)["message"]


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer nonsense",
        f"Bearer {generate_token()[0]}",
        "Basic",
        "Basic !!",
        "Basic dXNlcg==",
        "Digest x",
    ],
)
def test_without_right_credentials_it_is_a_401_that_asks_for_them(api: Api, authorization: str) -> None:
    answer = api.send(BATCH, Authorization=authorization)
    is_refusal(answer, 401)
    asked = ", ".join(answer.headers.get_list("www-authenticate"))
    assert "Basic " in asked
    assert "Bearer" in asked


def test_a_user_and_its_password_will_do(api: Api) -> None:
    api.store.users.add_user(User("josé", Role.SUBMIT, (), hash_password("pass:wörd")))
    right, wrong = (base64.b64encode(f"josé:{word}".encode()).decode() for word in ("pass:wörd", "password"))
    assert api.send(BATCH, Authorization=f"Basic {right}").status_code == 200
    is_refusal(api.send(BATCH, Authorization=f"Basic {wrong}"), 401)
    api.store.users.disable_user("josé")
    is_refusal(api.send(BATCH, Authorization=f"Basic {right}"), 401)


def test_a_user_who_may_only_read_is_a_403(api: Api) -> None:
    api.token = api.user(Role.READ)
    is_refusal(api.send(BATCH), 403)


def test_an_unknown_path_is_a_404_and_another_method_a_405(api: Api) -> None:
    is_refusal(api.http.get("/nowhere"), 404, "/nowhere")
    answer = api.http.get(SAVE)
    is_refusal(answer, 405)
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/json; charset=latin-1"])
def test_another_content_type_is_a_415(api: Api, kind: str) -> None:
    is_refusal(api.send(BATCH, **{"Content-Type": kind}), 415)
    assert api.send(BATCH, **{"Content-Type": "application/json; charset=UTF-8"}).status_code == 200


def test_compressed_bodies_are_taken_and_other_encodings_are_a_415(api: Api) -> None:
    assert api.send(gzip.compress(BATCH), **{"Content-Encoding": "gzip"}).status_code == 200
    assert api.send(zstandard.compress(BATCH), **{"Content-Encoding": "zstd"}).status_code == 200
    is_refusal(api.send(BATCH, **{"Content-Encoding": "br"}), 415)
    is_refusal(api.send(b"no gzip", **{"Content-Encoding": "gzip"}), 400)


def test_too_many_customers_or_bytes_are_a_413_that_says_the_limit(database_url: str) -> None:
    with serving(database_url, max_customers=3, max_body_bytes=10_000) as api:
        assert "3" in is_refusal(api.send(json.dumps({"customers": [1] * 4}).encode()), 413)["message"]
        large = json.dumps({"customers": ["x" * 10_000]}).encode()
        assert "10000" in is_refusal(api.send(large), 413)["message"].replace(",", "")
        bomb = gzip.compress(b" " * 50_000_000)
        is_refusal(api.send(bomb[:9_000] if len(bomb) > 10_000 else bomb, **{"Content-Encoding": "gzip"}), 413)


def test_a_saved_batch_has_its_id_in_a_header_and_a_dry_run_has_none(api: Api) -> None:
    body = json.dumps({"customers": [individual()]}).encode()
    assert "muster-batch-id" not in api.send(body, VALIDATE).headers
    assert re.fullmatch(r"[0-9a-f-]{36}", api.send(body).headers["muster-batch-id"])


def test_another_detail_than_full_is_a_400(api: Api) -> None:
    answer = api.send(BATCH, f"{SAVE}?detail=some")
    assert "full" in is_refusal(answer, 400)["message"]


def test_all_or_nothing_comes_on_request_and_the_dry_run_says_the_same(api: Api) -> None:
    customers = [individual(), individual(lastName=None), individual()]
    for path in (f"{VALIDATE}?accept=all", f"{SAVE}?accept=all", f"{SAVE}?accept=67"):
        answer = api.send(json.dumps({"customers": customers}).encode(), path)
        assert [result["errorCode"] for result in answer.json()["results"]] == ["B001", "C016.I02", "B001"]
        assert "Muster-Batch-Id" not in answer.headers
    [(batches, saved)] = api.sql("SELECT (SELECT count(*) FROM batches), count(*) FROM customers")
    assert (batches, saved) == (0, 0)
    results = api.results(customers, f"{SAVE}?accept=66")
    assert [result.get("errorCode") for result in results] == [None, "C016.I02", None]
