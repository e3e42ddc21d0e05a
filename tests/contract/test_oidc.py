"""Users of an OpenID provider over HTTP: from a token to saved batches and visible records."""

import json
from collections.abc import Iterator

import pytest

from tests.issuer import AUDIENCE, OidcProvider, make_claims, make_key, run_provider, sign_token
from tests.samples import individual
from tests.serving import Api, serving

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with run_provider() as provider:
        yield provider


@pytest.fixture
def api(database_url: str, provider: OidcProvider) -> Iterator[Api]:
    """The service with this provider, whose tokens have the roles in the same claim as Keycloak."""
    with serving(
        database_url, oidc_issuer=provider.url, oidc_audience=AUDIENCE, oidc_role_claim="realm_access.roles"
    ) as api:
        yield api


def bearer(provider: OidcProvider, role: str, *units: str, sub: str = "core-banking") -> dict[str, str]:
    roles = {"roles": ["offline_access", role]}
    return {"Authorization": f"Bearer {provider.token(sub=sub, realm_access=roles, business_units=list(units))}"}


def body(**changes: str) -> bytes:
    return json.dumps({"customers": [individual(**changes)]}).encode()


def test_batch_is_saved_under_the_name_from_the_token(api: Api, provider: OidcProvider) -> None:
    sender = bearer(provider, "submit")
    sent = api.send(body(), **sender)
    assert (sent.status_code, sent.json()["results"][0]["resultType"]) == (200, "REQUEST_ACCEPTED")
    assert [tuple(row) for row in api.sql("SELECT sender, accepted FROM batches")] == [("oidc:core-banking", 1)]
    [batch] = api.http.get("/api/v1/batches", headers=sender).json()["batches"]
    assert batch["sender"] == "oidc:core-banking"


def test_local_user_of_the_same_name_is_another_user(api: Api, provider: OidcProvider) -> None:
    local = {"Authorization": f"Bearer {api.user(name='core-banking')}"}
    same_name, other = bearer(provider, "submit"), bearer(provider, "submit", sub="other")
    batches = []
    for credentials in (local, same_name, other):
        sent = api.send(body(), **credentials, **KEY)
        assert (sent.status_code, sent.headers.get("Idempotency-Replayed")) == (200, None)
        batches.append(sent.headers["Muster-Batch-Id"])
    for credentials, own in zip((local, same_name, other), batches, strict=True):
        assert [batch["id"] for batch in api.http.get("/api/v1/batches", headers=credentials).json()["batches"]] == [
            own
        ]
        seen = [api.http.get(f"/api/v1/batches/{batch}", headers=credentials).status_code for batch in batches]
        assert seen == [200 if batch == own else 404 for batch in batches]


def test_idempotent_retry_may_use_a_newer_token(api: Api, provider: OidcProvider) -> None:
    content = body()
    first = api.send(content, **bearer(provider, "submit"), **KEY)
    newer = sign_token(make_claims(provider.url, realm_access={"roles": ["submit"]}, jti="newer"), make_key())
    again = api.send(content, Authorization=f"Bearer {newer}", **KEY)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content == first.content


def test_role_and_units_of_the_token_decide_what_is_visible(api: Api, provider: OidcProvider) -> None:
    api.units("NORTH", "SOUTH")  # before the first request, so the service has no older code lists in its cache
    customer = individual(businessUnit="NORTH")
    sender = bearer(provider, "submit", "NORTH")
    sent = api.send(json.dumps({"customers": [customer, individual(businessUnit="SOUTH")]}).encode(), **sender)
    assert [result["resultType"] for result in sent.json()["results"]] == ["REQUEST_ACCEPTED", "REQUEST_REJECTED"]
    path = f"/api/v1/customers/{customer['customerExtId']}?businessUnit=NORTH"
    statuses = {
        user: api.http.get(path, headers=headers).status_code
        for user, headers in {
            "sender": sender,
            "reader of NORTH": bearer(provider, "read", "NORTH"),
            "reader of SOUTH": bearer(provider, "read", "SOUTH"),
            "reader of none": bearer(provider, "read"),
            "admin": bearer(provider, "admin"),
            "teller": bearer(provider, "teller"),
        }.items()
    }
    assert statuses == {
        "sender": 403,
        "reader of NORTH": 200,
        "reader of SOUTH": 404,
        "reader of none": 404,
        "admin": 200,
        "teller": 401,
    }


def test_invalid_token_saves_nothing(api: Api, provider: OidcProvider) -> None:
    roles = {"roles": ["submit"]}
    forger = make_key("forger")
    invalid = [
        provider.token(realm_access=roles, aud="another"),
        provider.token(realm_access=roles, exp=1),
        sign_token(make_claims(provider.url, realm_access=roles), forger, kid="first"),
        sign_token(make_claims(provider.url, realm_access=roles), forger),
    ]
    for token in invalid:
        response = api.send(body(), Authorization=f"Bearer {token}")
        assert response.status_code == 401
        assert response.headers.get_list("WWW-Authenticate")
    assert api.sql("SELECT count(*) FROM batches")[0][0] == 0


def test_unavailable_provider_is_a_503_for_its_users_alone(database_url: str) -> None:
    with run_provider() as stopped:
        pass
    with serving(database_url, oidc_issuer=stopped.url, oidc_audience=AUDIENCE) as api:
        response = api.send(body(), Authorization=f"Bearer {stopped.token()}")
        assert (response.status_code, int(response.headers["Retry-After"])) == (503, 5)
        assert api.send(body()).status_code == 200
