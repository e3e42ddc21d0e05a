"""Sessions: how long they last, and what they stand for."""

from datetime import UTC, datetime, timedelta

import pytest

from muster.auth.sessions import IDLE_TIMEOUT, MAX_AGE, USE_INTERVAL, SessionService
from muster.auth.users import Role, User
from tests.auth.fakes import MemorySessions

ANNA = User("anna", Role.READ, ("MAIN",), "$argon2id$…", credential="password", address="192.0.2.1")
START = datetime(2026, 5, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Sessions:
    """A service on a store in memory, with a clock that the test sets."""

    def __init__(self) -> None:
        self.now = START
        self.store = MemorySessions()
        self.service = SessionService(self.store, now=lambda: self.now)

    def is_valid(self, secret: str) -> bool:
        return self.service.find(secret, "192.0.2.2") is not None


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


def test_a_session_stands_for_its_user_with_the_address_of_the_request(sessions: Sessions) -> None:
    session = sessions.service.find(sessions.service.start(ANNA, "Firefox"), "192.0.2.2")
    assert session is not None
    assert session.user == ANNA
    assert (session.user.address, session.user.credential) == ("192.0.2.2", f"session:{session.id}")
    assert (session.address, session.user_agent) == ("192.0.2.1", "Firefox")


def test_secrets_are_long_differ_and_are_kept_as_hashes(sessions: Sessions) -> None:
    secrets = {sessions.service.start(ANNA, "") for _ in range(50)}
    assert len(secrets) == 50
    assert {len(secret) for secret in secrets} == {43}
    assert not {secret.encode() for secret in secrets} & set(sessions.store.by_hash)


def test_a_session_ends_when_it_is_idle(sessions: Sessions) -> None:
    secret = sessions.service.start(ANNA, "")
    sessions.now += IDLE_TIMEOUT - MINUTE
    assert sessions.is_valid(secret)
    sessions.now += IDLE_TIMEOUT - MINUTE
    assert sessions.is_valid(secret)
    sessions.now += IDLE_TIMEOUT
    assert not sessions.is_valid(secret)
    assert not sessions.service.list("anna")


def test_a_session_ends_at_its_age_although_it_is_used(sessions: Sessions) -> None:
    secret = sessions.service.start(ANNA, "")
    while sessions.now < START + MAX_AGE - timedelta(minutes=20):
        sessions.now += timedelta(minutes=20)
        assert sessions.is_valid(secret)
    sessions.now = START + MAX_AGE
    assert not sessions.is_valid(secret)


def test_a_use_is_written_once_a_minute(sessions: Sessions) -> None:
    secret = sessions.service.start(ANNA, "")
    for _ in range(10):
        sessions.now += USE_INTERVAL / 5
        assert sessions.is_valid(secret)
    assert sessions.store.uses == 2


def test_an_ended_session_is_not_found_and_who_ended_it_is_recorded(sessions: Sessions) -> None:
    secret = sessions.service.start(ANNA, "")
    (session,) = sessions.service.list("anna")
    assert sessions.service.end(session.id, User("olga", Role.ADMIN))
    assert not sessions.service.end(session.id, ANNA)
    assert not sessions.is_valid(secret)
    assert [(event.actor, event.action.text, event.subject) for event in sessions.store.events] == [
        ("anna", "session.started", session.id),
        ("olga", "session.ended", session.id),
    ]


def test_what_a_browser_says_of_itself_is_bounded_and_printable(sessions: Sessions) -> None:
    sessions.service.start(ANNA, "Fire\x1b[31mfox\n" + "x" * 10_000)
    (session,) = sessions.service.list("anna")
    assert session.user_agent.isprintable()
    assert len(session.user_agent) <= 200


@pytest.mark.parametrize("secret", ["", "a", "a" * 43, "a" * 44, "ä" * 43, "\0" * 43])
def test_a_secret_that_no_session_has_is_not_found(sessions: Sessions, secret: str) -> None:
    sessions.service.start(ANNA, "")
    assert not sessions.is_valid(secret)
