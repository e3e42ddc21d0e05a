"""Authentication, the login throttle and tokens of an OpenID provider."""

import asyncio
from typing import Any, cast

import httpx
import structlog
from litestar import Litestar
from litestar.testing import TestClient

from muster.auth.login_throttle import FREE_ATTEMPTS_PER_ADDRESS, FREE_ATTEMPTS_PER_USER
from muster.auth.oidc.errors import ProviderUnavailableError, TokenRejection
from muster.auth.users import Role, User
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

    def verify(self, token: str) -> User | TokenRejection:
        if token == self.UNAVAILABLE:
            raise ProviderUnavailableError("keys: no response (ConnectError)")
        return User("oidc:core", Role.ADMIN) if token == self.VALID else TokenRejection.EXPIRED


def get_batches(client: TestClient[Litestar], token: str) -> httpx.Response:
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


def test_reason_of_a_token_rejection_is_logged_and_not_sent() -> None:
    provider = FakeProvider()
    with structlog.testing.capture_logs() as events, TestClient(application(oidc_verifier=provider)) as client:
        expired, other = get_batches(client, provider.EXPIRED), get_batches(client, "mst_x")
        unavailable, valid = get_batches(client, provider.UNAVAILABLE), get_batches(client, provider.VALID)
    assert [event.get("token_rejection") for event in events] == [
        "expired",
        None,
        "keys: no response (ConnectError)",
        None,
    ]
    assert [event.get("user") for event in events] == [None, None, None, "oidc:core"]
    assert {**expired.json(), "timestamp": ""} == {**other.json(), "timestamp": ""}
    assert "ConnectError" not in unavailable.text
    assert valid.status_code == 200
