"""Who is calling, when somebody guesses."""

import asyncio

import httpx
import structlog
from litestar import Litestar
from litestar.testing import TestClient

from muster.auth.login_throttle import FREE_ATTEMPTS_PER_ADDRESS, FREE_ATTEMPTS_PER_USER
from muster.auth.oidc.errors import ProviderUnavailableError, TokenRejection
from muster.auth.users import Role, User
from tests.web.fakes import ANNA, BATCH, RITA, SAVE, TOKEN, FakeAccess, FakeIntake, application

JSON = {"Content-Type": "application/json"}


def test_whoever_guesses_is_told_to_wait_and_is_not_looked_at_meanwhile() -> None:
    access, intake = FakeAccess(), FakeIntake()
    with TestClient(application(intake, access)) as client:
        for _ in range(FREE_ATTEMPTS_PER_USER):
            assert client.post(SAVE, content=BATCH, headers=JSON, auth=(ANNA[0], "wrong")).status_code == 401
        asked = access.asked
        answer = client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        other = client.get("/api/v1/batches", auth=RITA)
    assert (answer.status_code, answer.json()["error"]) == (429, "Too Many Requests")
    assert int(answer.headers["Retry-After"]) >= 1
    assert list(answer.json()) == ["timestamp", "status", "error", "path", "message"]
    assert (access.asked, intake.taken) == (asked + 1, [])
    assert other.status_code == 200


def test_wrong_credentials_are_put_on_record_and_those_that_are_not_looked_at_are_not() -> None:
    access = FakeAccess()
    with TestClient(application(access=access)) as client:
        for _ in range(FREE_ATTEMPTS_PER_USER + 3):
            client.get("/api/v1/batches", auth=(ANNA[0], "wrong"))
        client.get("/api/v1/batches", headers={"Authorization": "Bearer wrong"})
        client.get("/api/v1/batches", auth=RITA)
        client.get("/api/v1/batches")
    assert access.refusals == [(ANNA[0], "testclient")] * FREE_ATTEMPTS_PER_USER + [(None, "testclient")]


def test_a_right_token_is_right_whatever_others_do_at_its_address() -> None:
    with TestClient(application()) as client:
        for _ in range(FREE_ATTEMPTS_PER_ADDRESS):
            answer = client.get("/api/v1/batches", headers={"Authorization": "Bearer wrong"})
            assert answer.status_code == 401
        assert client.get("/api/v1/batches", headers={"Authorization": "Bearer wrong"}).status_code == 429
        assert client.get("/api/v1/batches", auth=ANNA).status_code == 429
        assert client.get("/api/v1/batches", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_from_another_address_the_right_password_is_right() -> None:
    app = application()

    async def statuses(address: str, *passwords: str) -> list[int]:
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://muster") as client:
            answers = [
                await client.post(SAVE, content=BATCH, headers=JSON, auth=(ANNA[0], password)) for password in passwords
            ]
        return [answer.status_code for answer in answers]

    async def guess() -> None:
        wrong = ["wrong"] * FREE_ATTEMPTS_PER_USER
        assert await statuses("192.0.2.1", *wrong, ANNA[1]) == [401] * FREE_ATTEMPTS_PER_USER + [429]
        assert await statuses("192.0.2.2", ANNA[1]) == [200]

    asyncio.run(guess())


class FakeProvider:
    """Knows one token, and is away for another."""

    RIGHT, AWAY, EXPIRED = "right.by.provider", "away.at.moment", "expired.by.now"

    def verify(self, token: str) -> User | TokenRejection:
        if token == self.AWAY:
            raise ProviderUnavailableError("keys: no answer (ConnectError)")
        return User("oidc:core", Role.ADMIN) if token == self.RIGHT else TokenRejection.EXPIRED


def ask(client: TestClient[Litestar], token: str) -> httpx.Response:
    return client.get("/api/v1/batches", headers={"Authorization": f"Bearer {token}"})


def test_a_bearer_of_three_parts_is_for_the_provider_and_every_other_is_ours() -> None:
    access = FakeAccess()
    with TestClient(application(access=access, provider=FakeProvider())) as client:
        assert ask(client, FakeProvider.RIGHT).status_code == 200
        assert access.asked == 0
        for other in (TOKEN, "mst_x", "a.b", "a.b.c.d.e"):
            assert ask(client, other).status_code == (200 if other == TOKEN else 401)
        assert access.asked == 4


def test_without_a_provider_its_tokens_are_wrong_ones() -> None:
    access = FakeAccess()
    with TestClient(application(access=access)) as client:
        assert ask(client, FakeProvider.RIGHT).status_code == 401
    assert access.asked == 1


def test_wrong_tokens_of_the_provider_count_and_a_right_one_is_right_meanwhile() -> None:
    with TestClient(application(provider=FakeProvider())) as client:
        for _ in range(FREE_ATTEMPTS_PER_ADDRESS):
            assert ask(client, FakeProvider.EXPIRED).status_code == 401
        assert ask(client, FakeProvider.EXPIRED).status_code == 429
        assert ask(client, FakeProvider.RIGHT).status_code == 200


def test_a_provider_that_is_away_is_503_and_counts_for_nothing() -> None:
    with TestClient(application(provider=FakeProvider())) as client:
        for _ in range(FREE_ATTEMPTS_PER_ADDRESS + 1):
            answer = ask(client, FakeProvider.AWAY)
            assert (answer.status_code, answer.json()["error"]) == (503, "Service Unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        assert list(answer.json()) == ["timestamp", "status", "error", "path", "message"]
        assert client.get("/api/v1/batches", auth=ANNA).status_code == 200


def test_why_a_token_was_refused_is_for_the_log_and_not_for_its_sender() -> None:
    provider = FakeProvider()
    with structlog.testing.capture_logs() as events, TestClient(application(provider=provider)) as client:
        expired, other = ask(client, provider.EXPIRED), ask(client, "mst_x")
        away, right = ask(client, provider.AWAY), ask(client, provider.RIGHT)
    assert [event.get("refused") for event in events] == ["expired", None, "keys: no answer (ConnectError)", None]
    assert [event.get("user") for event in events] == [None, None, None, "oidc:core"]
    assert {**expired.json(), "timestamp": ""} == {**other.json(), "timestamp": ""}
    assert "ConnectError" not in away.text
    assert right.status_code == 200
