"""Users of an OpenID provider, over HTTP: from a real token to what is saved, and to what may be seen."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.issuer import AUDIENCE, Issuer, claims, issuing, key, signed
from tests.samples import individual
from tests.serving import Api, serving

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture
def api(database_url: str, issuer: Issuer) -> Iterator[Api]:
    """The service with that provider, whose roles stand where Keycloak has them."""
    with serving(
        database_url, oidc_issuer=issuer.url, oidc_audience=AUDIENCE, oidc_role_claim="realm_access.roles"
    ) as api:
        yield api


def bearer(issuer: Issuer, role: str, *units: str, sub: str = "core-banking") -> dict[str, str]:
    roles = {"roles": ["offline_access", role]}
    return {"Authorization": f"Bearer {issuer.token(sub=sub, realm_access=roles, business_units=list(units))}"}


def body(**changes: str) -> bytes:
    return json.dumps({"customers": [individual(**changes)]}).encode()


def test_a_batch_is_saved_under_the_name_that_the_provider_gives(api: Api, issuer: Issuer) -> None:
    sender = bearer(issuer, "submit")
    sent = api.send(body(), **sender)
    assert (sent.status_code, sent.json()["results"][0]["resultType"]) == (200, "REQUEST_ACCEPTED")
    assert [tuple(row) for row in api.sql("SELECT sender, accepted FROM batches")] == [("oidc:core-banking", 1)]
    [batch] = api.http.get("/api/v1/batches", headers=sender).json()["batches"]
    assert batch["sender"] == "oidc:core-banking"


def test_a_local_user_of_the_same_name_is_somebody_else(api: Api, issuer: Issuer) -> None:
    local = {"Authorization": f"Bearer {api.user(name='core-banking')}"}
    provided, other = bearer(issuer, "submit"), bearer(issuer, "submit", sub="other")
    batches = []
    for who in (local, provided, other):
        sent = api.send(body(), **who, **KEY)
        assert (sent.status_code, sent.headers.get("Idempotency-Replayed")) == (200, None)
        batches.append(sent.headers["Muster-Batch-Id"])
    for who, own in zip((local, provided, other), batches, strict=True):
        assert [batch["id"] for batch in api.http.get("/api/v1/batches", headers=who).json()["batches"]] == [own]
        seen = [api.http.get(f"/api/v1/batches/{batch}", headers=who).status_code for batch in batches]
        assert seen == [200 if batch == own else 404 for batch in batches]


def test_a_request_is_processed_once_whichever_token_its_sender_has_by_then(api: Api, issuer: Issuer) -> None:
    content = body()
    first = api.send(content, **bearer(issuer, "submit"), **KEY)
    newer = signed(claims(issuer.url, realm_access={"roles": ["submit"]}, jti="newer"), key())
    again = api.send(content, Authorization=f"Bearer {newer}", **KEY)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content == first.content


def test_the_role_and_the_units_of_the_token_say_what_may_be_seen(api: Api, issuer: Issuer) -> None:
    api.units("NORTH", "SOUTH")
    time.sleep(1.1)  # what a running service takes to see a change
    brought = individual(businessUnit="NORTH")
    sender = bearer(issuer, "submit", "NORTH")
    sent = api.send(json.dumps({"customers": [brought, individual(businessUnit="SOUTH")]}).encode(), **sender)
    assert [result["resultType"] for result in sent.json()["results"]] == ["REQUEST_ACCEPTED", "REQUEST_REJECTED"]
    path = f"/api/v1/customers/{brought['customerExtId']}?businessUnit=NORTH"
    answered = {
        who: api.http.get(path, headers=headers).status_code
        for who, headers in {
            "sender": sender,
            "reader of NORTH": bearer(issuer, "read", "NORTH"),
            "reader of SOUTH": bearer(issuer, "read", "SOUTH"),
            "reader of none": bearer(issuer, "read"),
            "admin": bearer(issuer, "admin"),
            "teller": bearer(issuer, "teller"),
        }.items()
    }
    assert answered == {
        "sender": 403,
        "reader of NORTH": 200,
        "reader of SOUTH": 404,
        "reader of none": 404,
        "admin": 200,
        "teller": 401,
    }


def test_a_wrong_token_saves_nothing(api: Api, issuer: Issuer) -> None:
    roles = {"roles": ["submit"]}
    forger = key("forger")
    wrong = [
        issuer.token(realm_access=roles, aud="another"),
        issuer.token(realm_access=roles, exp=1),
        signed(claims(issuer.url, realm_access=roles), forger, kid="first"),
        signed(claims(issuer.url, realm_access=roles), forger),
    ]
    for token in wrong:
        answer = api.send(body(), Authorization=f"Bearer {token}")
        assert answer.status_code == 401
        assert answer.headers.get_list("WWW-Authenticate")
    assert api.sql("SELECT count(*) FROM batches")[0][0] == 0


def test_the_service_starts_without_the_provider_and_says_so_until_it_is_there(database_url: str) -> None:
    with issuing() as gone:
        pass
    with serving(database_url, oidc_issuer=gone.url, oidc_audience=AUDIENCE) as api:
        answer = api.send(body(), Authorization=f"Bearer {gone.token()}")
        assert (answer.status_code, int(answer.headers["Retry-After"])) == (503, 5)
        assert api.send(body()).status_code == 200
