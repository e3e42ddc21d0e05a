"""Authentication, the login throttle and tokens of an OpenID provider."""

import asyncio
from typing import Any, cast

import httpx
import pytest
import structlog
from litestar.testing import TestClient

from muster.auth.login_throttle import FREE_ATTEMPTS_PER_ADDRESS, FREE_ATTEMPTS_PER_USER
from muster.auth.oidc.errors import ProviderUnavailableError, TokenRejection
from muster.auth.users import Role, User
from muster.web.app import Application
from tests.web.fakes import ANNA, BATCH, RITA, SAVE, TOKEN, FakeIntake, FakeVerifier, application

JSON = {"Content-Type": "application/json"}


def test_repeated_wrong_passwords_delay_the_user_and_are_not_verified_meanwhile() -> None:
    verifier, intake = FakeVerifier(), FakeIntake()
    with TestClient(application(intake, verifier)) as client:
        for _ in range(FREE_ATTEMPTS_PER_USER):
            assert client.post(SAVE, content=BATCH, headers=JSON, auth=(ANNA[0], "wrong")).status_code == 401
        verifications = verifier.verifications
        response = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        other = client.get("/api/v1/batches", auth=RITA)
    assert (response.status_code, response.json()["error"]) == (429, "Too Many Requests")
    assert int(response.headers["Retry-After"]) >= 1
    assert list(response.json()) == ["timestamp", "status", "error", "path", "message"]
    assert (verifier.verifications, list(intake.contents)) == (verifications + 1, [])
    assert other.status_code == 200


def test_wrong_credentials_are_recorded_unless_they_were_throttled() -> None:
    verifier = FakeVerifier()
    with TestClient(application(verifier=verifier)) as client:
        for _ in range(FREE_ATTEMPTS_PER_USER + 3):
            client.get("/api/v1/batches", auth=(ANNA[0], "wrong"))
        client.get("/api/v1/batches", headers={"Authorization": "Bearer wrong"})
        client.get("/api/v1/batches", auth=RITA)
        client.get("/api/v1/batches")
    assert verifier.failures == [(ANNA[0], "testclient")] * FREE_ATTEMPTS_PER_USER + [(None, "testclient")]


def test_valid_token_is_accepted_during_a_delay_of_its_address() -> None:
    with TestClient(application()) as client:
        for _ in range(FREE_ATTEMPTS_PER_ADDRESS):
            response = client.get("/api/v1/batches", headers={"Authorization": "Bearer wrong"})
            assert response.status_code == 401
        assert client.get("/api/v1/batches", headers={"Authorization": "Bearer wrong"}).status_code == 429
        assert client.get("/api/v1/batches", auth=ANNA).status_code == 429
        assert client.get("/api/v1/batches", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_right_password_from_another_address_is_accepted() -> None:
    app = application()

    async def statuses(address: str, *passwords: str) -> list[int]:
        transport = httpx.ASGITransport(cast(Any, app), client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://muster") as client:
            responses = [
                await client.post(SAVE, content=BATCH, headers=JSON, auth=(ANNA[0], password)) for password in passwords
            ]
        return [response.status_code for response in responses]

    async def guess() -> None:
        wrong = ["wrong"] * FREE_ATTEMPTS_PER_USER
        assert await statuses("192.0.2.1", *wrong, ANNA[1]) == [401] * FREE_ATTEMPTS_PER_USER + [429]
        assert await statuses("192.0.2.2", ANNA[1]) == [200]

    asyncio.run(guess())


class FakeProvider:
    """Accepts one token, and is unavailable for another."""

    VALID, UNAVAILABLE, EXPIRED = "valid.by.provider", "unavailable.at.moment", "expired.by.now"
    FORGED, WITHOUT_ROLE = "forged.by.stranger", "without.a.role"

    def verify(self, token: str) -> User | TokenRejection:
        if token == self.UNAVAILABLE:
            raise ProviderUnavailableError("keys: no response (ConnectError)")
        rejections = {self.FORGED: TokenRejection.SIGNATURE, self.WITHOUT_ROLE: TokenRejection.NO_ROLE}
        return User("oidc:core", Role.ADMIN) if token == self.VALID else rejections.get(token, TokenRejection.EXPIRED)


def get_batches(client: TestClient[Application], token: str) -> httpx.Response:
    return client.get("/api/v1/batches", headers={"Authorization": f"Bearer {token}"})


def test_token_of_three_parts_goes_to_the_provider_and_others_do_not() -> None:
    verifier = FakeVerifier()
    with TestClient(application(verifier=verifier, oidc_verifier=FakeProvider())) as client:
        assert get_batches(client, FakeProvider.VALID).status_code == 200
        assert verifier.verifications == 0
        for other in (TOKEN, "mst_x", "a.b", "a.b.c.d.e"):
            assert get_batches(client, other).status_code == (200 if other == TOKEN else 401)
        assert verifier.verifications == 4


def test_without_a_provider_its_tokens_are_invalid() -> None:
    verifier = FakeVerifier()
    with TestClient(application(verifier=verifier)) as client:
        assert get_batches(client, FakeProvider.VALID).status_code == 401
    assert verifier.verifications == 1


def test_rejected_tokens_of_the_provider_are_throttled_and_a_valid_one_is_accepted() -> None:
    with TestClient(application(oidc_verifier=FakeProvider())) as client:
        for _ in range(FREE_ATTEMPTS_PER_ADDRESS):
            assert get_batches(client, FakeProvider.EXPIRED).status_code == 401
        assert get_batches(client, FakeProvider.EXPIRED).status_code == 429
        assert get_batches(client, FakeProvider.VALID).status_code == 200


def test_unavailable_provider_is_503_and_does_not_throttle() -> None:
    with TestClient(application(oidc_verifier=FakeProvider())) as client:
        for _ in range(FREE_ATTEMPTS_PER_ADDRESS + 1):
            response = get_batches(client, FakeProvider.UNAVAILABLE)
            assert (response.status_code, response.json()["error"]) == (503, "Service Unavailable")
        assert int(response.headers["Retry-After"]) >= 1
        assert list(response.json()) == ["timestamp", "status", "error", "path", "message"]
        assert client.get("/api/v1/batches", auth=ANNA).status_code == 200


def test_reason_of_a_token_rejection_is_logged_and_not_sent_to_a_stranger() -> None:
    provider = FakeProvider()
    with structlog.testing.capture_logs() as events, TestClient(application(oidc_verifier=provider)) as client:
        forged, other = get_batches(client, provider.FORGED), get_batches(client, "mst_x")
        unavailable, valid = get_batches(client, provider.UNAVAILABLE), get_batches(client, provider.VALID)
    assert [event.get("token_rejection") for event in events] == [
        "signature",
        None,
        "keys: no response (ConnectError)",
        None,
    ]
    assert [event.get("user") for event in events] == [None, None, None, "oidc:core"]
    assert {**forged.json(), "timestamp": ""} == {**other.json(), "timestamp": ""}
    assert "ConnectError" not in unavailable.text
    assert valid.status_code == 200


def get_reason(**request: Any) -> str:
    with TestClient(application(oidc_verifier=FakeProvider())) as client:
        response = client.get("/api/v1/batches", **request)
    assert response.status_code == 401
    message: str = response.json()["message"]
    return message


@pytest.mark.parametrize("authorization", [None, "Basic ?", "Basic dXNlcg==", "Digest x", "Bearer", "Bearer a b"])
def test_401_says_that_credentials_are_missing_or_unreadable(authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    assert get_reason(headers=headers).startswith(
        "the credentials are missing or can't be read; send one Authorization"
    )


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("expired-token", "the token has expired"),
        ("revoked-token", "the token was revoked"),
        ("disabled-token", "the user of the token is disabled"),
        (FakeProvider.EXPIRED, "the token has expired; get a new one from the OpenID provider"),
        (FakeProvider.WITHOUT_ROLE, "the token gives the user no role"),
    ],
)
def test_holder_of_a_token_that_was_valid_learns_why_it_is_not(token: str, reason: str) -> None:
    assert reason in get_reason(headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("token", ["mst_x", FakeProvider.FORGED])
def test_wrong_credentials_are_called_wrong_and_nothing_else(token: str) -> None:
    reason = "the credentials are wrong; check name and password, or get a new token"
    assert get_reason(headers={"Authorization": f"Bearer {token}"}) == reason
    for name in (ANNA[0], "nobody"):
        assert get_reason(auth=(name, "wrong")) == reason
