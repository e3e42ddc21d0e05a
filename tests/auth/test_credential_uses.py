"""The last use of a token or a password is written at most once an hour."""

from datetime import timedelta

import pytest

from muster.audit.queue import AuditQueue
from muster.auth import tokens
from muster.auth.authentication import CredentialVerifier
from muster.auth.credential_uses import USE_INTERVAL
from muster.auth.passwords import hash_password
from muster.auth.users import Role, Token, User
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import ManualClock, MemoryUsers
from tests.events import some_event

PASSWORD = "a long enough password"


class UsedToken:
    """A token of `anna`, and a service that verifies it. Each call of `use` is a request at a time, in minutes."""

    def __init__(self, store: MemoryUsers | None = None) -> None:
        self.clock = ManualClock()
        self.store = store or MemoryUsers()
        self.store.add_user(User("anna", Role.SUBMIT), some_event())
        self.text, sha256, self.id = tokens.generate_token()
        self.store.add_token(Token(self.id, "anna", sha256, self.clock.now()), some_event())
        self.start = self.clock.seconds
        self.restart()

    def restart(self) -> None:
        self.queue = AuditQueue(MemoryAuditSink(), self.clock)
        self.verifier = CredentialVerifier(self.store, self.queue, clock=self.clock, now=self.clock.now)

    def use(self, *minutes: int) -> None:
        for minute in minutes:
            self.clock.seconds = self.start + 60 * minute
            self.verifier.verify_token(self.text)

    def get_last_use(self) -> timedelta | None:
        """The time since the token was created, once everything is written."""
        self.queue.close()
        [token] = self.store.tokens()
        return None if token.last_used_at is None else token.last_used_at - token.created_at


def test_first_use_is_written_and_further_ones_within_the_hour_are_not() -> None:
    used = UsedToken()
    used.use(1, 2, 60)
    assert used.get_last_use() == timedelta(minutes=1)
    assert used.store.uses == 1


def test_use_after_an_hour_is_written() -> None:
    used = UsedToken()
    used.use(1, 61)
    assert used.get_last_use() == timedelta(minutes=61)
    assert used.store.uses == 2


def test_another_process_does_not_write_again_what_is_recent() -> None:
    used = UsedToken()
    used.use(1)
    used.queue.close()
    used.restart()
    used.use(2)
    assert used.get_last_use() == timedelta(minutes=1)
    assert used.store.uses == 1


@pytest.mark.parametrize("text", ["mst_wrong", "mst_" + 43 * "x"])
def test_wrong_token_has_no_use(text: str) -> None:
    used = UsedToken()
    used.text = text
    used.use(1)
    assert used.get_last_use() is None


def test_revoked_token_and_token_of_a_disabled_user_have_no_use() -> None:
    revoked, disabled = UsedToken(), UsedToken()
    revoked.store.revoke_token(revoked.id, revoked.clock.now(), some_event())
    disabled.store.disable_user("anna", some_event())
    for used in (revoked, disabled):
        used.use(1)
        assert used.get_last_use() is None


class ReadOnlyUsers(MemoryUsers):
    attempts = 0

    def record_token_use(self, *arguments: object, interval: timedelta) -> None:
        self.attempts += 1
        raise RuntimeError("read-only")


def test_database_that_takes_no_writes_is_asked_once_an_hour_and_the_token_works() -> None:
    store = ReadOnlyUsers()
    used = UsedToken(store)
    used.use(1, 2, 3)
    assert isinstance(used.verifier.verify_token(used.text), User)
    used.queue.close()
    assert store.attempts == 1
    assert timedelta(hours=1) == USE_INTERVAL


def test_use_of_a_password_is_written_once_an_hour_and_that_of_a_wrong_one_is_not() -> None:
    clock, store = ManualClock(), MemoryUsers()
    store.add_user(User("anna", Role.SUBMIT, password_hash=hash_password(PASSWORD)), some_event())
    queue = AuditQueue(MemoryAuditSink(), clock)
    verifier = CredentialVerifier(store, queue, clock=clock, now=clock.now)
    start = clock.now()
    assert verifier.verify_password("anna", "a wrong password") is None
    clock.seconds += 60
    for seconds in (0, 60, 3600):
        clock.seconds += seconds
        assert verifier.verify_password("anna", PASSWORD) is not None
    queue.close()
    assert store.by_name["anna"].password_used_at == start + timedelta(minutes=62)
    assert store.uses == 2
