"""Who is calling, when somebody guesses."""

import asyncio

import httpx
from litestar.testing import TestClient

from muster.access.attempts import FREE_OF_ADDRESS, FREE_OF_USER
from tests.web.fakes import ANNA, BATCH, RITA, SAVE, TOKEN, FakeAccess, FakeIntake, application

JSON = {"Content-Type": "application/json"}


def test_whoever_guesses_is_told_to_wait_and_is_not_looked_at_meanwhile() -> None:
    access, intake = FakeAccess(), FakeIntake()
    with TestClient(application(intake, access)) as client:
        for _ in range(FREE_OF_USER):
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
        for _ in range(FREE_OF_USER + 3):
            client.get("/api/v1/batches", auth=(ANNA[0], "wrong"))
        client.get("/api/v1/batches", headers={"Authorization": "Bearer wrong"})
        client.get("/api/v1/batches", auth=RITA)
        client.get("/api/v1/batches")
    assert access.refusals == [(ANNA[0], "testclient")] * FREE_OF_USER + [(None, "testclient")]


def test_a_right_token_is_right_whatever_others_do_at_its_address() -> None:
    with TestClient(application()) as client:
        for _ in range(FREE_OF_ADDRESS):
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
        wrong = ["wrong"] * FREE_OF_USER
        assert await statuses("192.0.2.1", *wrong, ANNA[1]) == [401] * FREE_OF_USER + [429]
        assert await statuses("192.0.2.2", ANNA[1]) == [200]

    asyncio.run(guess())
