"""Responses to whole requests: processed batches and refused requests."""

import base64
import gzip
import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import zstandard

from muster.auth.administration import UserAdministration
from muster.auth.passwords import hash_password
from muster.auth.tokens import generate_token
from muster.auth.users import Role, Token, User
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


def check_problem(response: httpx.Response, status: int, path: str = SAVE) -> dict[str, Any]:
    """Asserts a problem with the keys of the contract in their order, and returns its body."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    assert list(body) == ["timestamp", "status", "error", "path", "message"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", body["timestamp"])
    assert (body["status"], body["error"], body["path"]) == (status, REASONS[status], path)
    return body


def test_minimal_batch_is_accepted_with_the_keys_of_the_contract(shared_api: Api) -> None:
    individual_customer, organization_customer = individual(), organization()
    response = shared_api.send(json.dumps({"customers": [individual_customer, organization_customer]}).encode())
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    report = response.json()
    assert list(report) == ["resultType", "results", "timeElapsedMs"]
    for result, customer in zip(report["results"], (individual_customer, organization_customer), strict=True):
        assert list(result) == ["resultType", "communicationNumber", "customerExtId", "businessUnit", "timeElapsedMs"]
        assert result["communicationNumber"] == customer["communicationNumber"]
        assert result["businessUnit"] == "MAIN"


def test_empty_batch_has_no_results(shared_api: Api) -> None:
    for path in (SAVE, VALIDATE):
        response = shared_api.send(BATCH, path)
        assert (response.status_code, response.json()["results"]) == (200, [])
        assert response.json()["resultType"] == "REQUEST_ACCEPTED"


def test_validation_saves_nothing(shared_api: Api) -> None:
    customer = individual()
    for _ in range(2):
        assert [result["resultType"] for result in shared_api.results([customer], VALIDATE)] == ["REQUEST_ACCEPTED"]
    assert "errorCode" not in shared_api.results([customer])[0]
    assert shared_api.results([customer], VALIDATE)[0]["errorCode"] == "O005"


def test_customer_is_created_then_replaced_and_not_created_twice(shared_api: Api) -> None:
    customer = individual(nationalCode="1")
    again = individual(customerExtId=customer["customerExtId"])
    update = individual(customerExtId=customer["customerExtId"], action="UPDATE")
    assert [result.get("errorCode") for result in shared_api.results([customer, again, update])] == [None, "C004", None]
    known = {(unit, ext_id) for unit, ext_id in [("MAIN", customer["customerExtId"])]}
    with shared_api.store.customers.session() as session:
        assert session.look_up([], known).versions == {("MAIN", customer["customerExtId"]): 2}


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{}", b'{"customers": 1}', b'{"customers": [', b"\xff"])
def test_invalid_body_is_400_that_says_what_is_wrong(shared_api: Api, body: bytes) -> None:
    for path in (SAVE, VALIDATE):
        assert "the body" in check_problem(shared_api.send(body, path), 400, path)["message"]


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer nonsense",
        pytest.param(f"Bearer {generate_token()[0]}", id="Bearer unknown"),
        "Basic",
        "Basic !!",
        "Basic dXNlcg==",
        "Digest x",
    ],
)
def test_invalid_credentials_are_401_with_challenges(shared_api: Api, authorization: str) -> None:
    response = shared_api.send(BATCH, Authorization=authorization)
    check_problem(response, 401)
    challenges = ", ".join(response.headers.get_list("www-authenticate"))
    assert "Basic " in challenges
    assert "Bearer" in challenges


def test_name_and_password_are_accepted(shared_api: Api) -> None:
    users = UserAdministration(shared_api.store.users, "os:test")
    users.add_user(User("josé", Role.SUBMIT, (), hash_password("pass:wörd")))
    right, wrong = (base64.b64encode(f"josé:{word}".encode()).decode() for word in ("pass:wörd", "password"))
    assert shared_api.send(BATCH, Authorization=f"Basic {right}").status_code == 200
    check_problem(shared_api.send(BATCH, Authorization=f"Basic {wrong}"), 401)
    users.disable_user("josé")
    check_problem(shared_api.send(BATCH, Authorization=f"Basic {right}"), 401)


def test_holder_of_a_token_learns_that_it_expired_or_was_revoked_and_a_stranger_nothing(shared_api: Api) -> None:
    now = datetime.now(UTC)
    reasons = {}
    for name, expires_at, revoked_at in (("expired", now, None), ("revoked", None, now)):
        token = generate_token()
        shared_api.store.users.add_token(Token(token.id, "sender", token.sha256, now, expires_at, revoked_at))
        reasons[name] = token.text
    shared_api.store.users.add_user(User("sender", Role.SUBMIT))
    for name, token_text in reasons.items():
        assert name in check_problem(shared_api.send(BATCH, Authorization=f"Bearer {token_text}"), 401)["message"]
    for stranger in ("mst_" + "A" * 43, reasons["expired"][:-1] + "."):
        message = check_problem(shared_api.send(BATCH, Authorization=f"Bearer {stranger}"), 401)["message"]
        assert message == "the credentials are wrong; check name and password, or get a new token"
    assert "missing" in check_problem(shared_api.send(BATCH, Authorization=""), 401)["message"]


def test_role_read_may_not_submit(shared_api: Api) -> None:
    check_problem(shared_api.send(BATCH, Authorization=f"Bearer {shared_api.user(Role.READ)}"), 403)


def test_unknown_path_is_404_and_other_method_is_405(shared_api: Api) -> None:
    check_problem(shared_api.http.get("/nowhere"), 404, "/nowhere")
    response = shared_api.http.get(SAVE)
    check_problem(response, 405)
    assert "POST" in response.headers["allow"]


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/json; charset=latin-1"])
def test_other_content_types_are_415(shared_api: Api, kind: str) -> None:
    check_problem(shared_api.send(BATCH, **{"Content-Type": kind}), 415)
    assert shared_api.send(BATCH, **{"Content-Type": "application/json; charset=UTF-8"}).status_code == 200


def test_compressed_bodies_are_accepted_and_other_codings_are_415(shared_api: Api) -> None:
    assert shared_api.send(gzip.compress(BATCH), **{"Content-Encoding": "gzip"}).status_code == 200
    assert shared_api.send(zstandard.compress(BATCH), **{"Content-Encoding": "zstd"}).status_code == 200
    check_problem(shared_api.send(BATCH, **{"Content-Encoding": "br"}), 415)
    check_problem(shared_api.send(b"no gzip", **{"Content-Encoding": "gzip"}), 400)


def test_too_many_customers_or_bytes_are_413_with_the_limit(database_url: str) -> None:
    with serving(database_url, max_customers=3, max_body_bytes=10_000) as api:
        assert "3" in check_problem(api.send(json.dumps({"customers": [1] * 4}).encode()), 413)["message"]
        large = json.dumps({"customers": ["x" * 10_000]}).encode()
        assert "10000" in check_problem(api.send(large), 413)["message"].replace(",", "")
        bomb = gzip.compress(b" " * 50_000_000)
        check_problem(api.send(bomb[:9_000] if len(bomb) > 10_000 else bomb, **{"Content-Encoding": "gzip"}), 413)


def test_saved_batch_has_its_id_in_a_header_and_a_dry_run_has_none(shared_api: Api) -> None:
    body = json.dumps({"customers": [individual()]}).encode()
    assert "muster-batch-id" not in shared_api.send(body, VALIDATE).headers
    assert re.fullmatch(r"[0-9a-f-]{36}", shared_api.send(body).headers["muster-batch-id"])


def test_invalid_detail_is_400(shared_api: Api) -> None:
    response = shared_api.send(BATCH, f"{SAVE}?detail=some")
    assert "full" in check_problem(response, 400)["message"]


def test_upsert_creates_new_customers_and_updates_known_ones(shared_api: Api) -> None:
    known = individual()
    shared_api.results([known])
    customers = [
        individual(customerExtId=known["customerExtId"], action=None),
        individual(action=None),
        individual(customerExtId=known["customerExtId"], action="CREATE"),
    ]
    for path in (f"{VALIDATE}?upsert=true", f"{SAVE}?upsert=true"):
        assert [result.get("errorCode") for result in shared_api.results(customers, path)] == [None, None, "C004"]
    again = individual(customerExtId=known["customerExtId"], action=None)
    for path in (f"{SAVE}?upsert=false", SAVE):
        assert [result.get("errorCode") for result in shared_api.results([again], path)] == ["C004"]


@pytest.mark.parametrize("query", ["upsert=yes", "upsert=", "upsert=true&upsert=true"])
def test_invalid_upsert_is_400(shared_api: Api, query: str) -> None:
    response = shared_api.send(BATCH, f"{SAVE}?{query}")
    assert "upsert" in check_problem(response, 400)["message"]


def test_accept_threshold_holds_for_saving_and_for_the_dry_run(shared_api: Api) -> None:
    count = "SELECT (SELECT count(*) FROM batches), (SELECT count(*) FROM customers)"
    before = shared_api.sql(count)
    customers = [individual(), individual(lastName=None), individual()]
    for path in (f"{VALIDATE}?accept=all", f"{SAVE}?accept=all", f"{SAVE}?accept=67"):
        response = shared_api.send(json.dumps({"customers": customers}).encode(), path)
        assert [result["errorCode"] for result in response.json()["results"]] == ["B001", "C016.I02", "B001"]
        assert "Muster-Batch-Id" not in response.headers
    assert shared_api.sql(count) == before
    results = shared_api.results(customers, f"{SAVE}?accept=66")
    assert [result.get("errorCode") for result in results] == [None, "C016.I02", None]
