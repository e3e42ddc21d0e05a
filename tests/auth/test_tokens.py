"""Authentication by a Bearer token."""

from dataclasses import replace
from datetime import timedelta

import pytest

from muster.audit.queue import AuditQueue
from muster.auth import tokens
from muster.auth.authentication import CredentialRejection, CredentialVerifier
from muster.auth.users import Role, Token, User
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import ManualClock, MemoryUsers
from tests.events import some_event


class TokenSetup:
    """One user with one token, which expires after `lifetime`."""

    def __init__(self, lifetime: timedelta | None = None) -> None:
        self.clock = ManualClock()
        self.store = MemoryUsers()
        self.store.add_user(User("anna", Role.SUBMIT), some_event())
        self.text, sha256, self.id = tokens.generate_token()
        now = self.clock.now()
        expires_at = now + lifetime if lifetime else None
        self.store.add_token(Token(self.id, "anna", sha256, now, expires_at), some_event())
        self.verifier = CredentialVerifier(
            self.store, AuditQueue(MemoryAuditSink()), clock=self.clock, now=self.clock.now
        )


def test_token_authenticates_its_user() -> None:
    setup = TokenSetup()
    user = setup.verifier.verify_token(setup.text)
    assert isinstance(user, User)
    assert user.name == "anna"


def test_tokens_are_random_and_url_safe_with_a_prefix() -> None:
    generated = [tokens.generate_token() for _ in range(50)]
    assert len({token.text for token in generated}) == len({token.id for token in generated}) == 50
    for token in generated:
        assert token.text.startswith("mst_")
        assert token.text[4:].replace("-", "").replace("_", "").isalnum()
        assert token.sha256 == tokens.hash_token(token.text)
        assert token.id not in token.text


@pytest.mark.parametrize(
    "text", ["", "mst_", "mst_" + "A" * 43, "mst_" + "ä" * 43, "\ud800" * 47, "\0", "x" * 10_000_000]
)
def test_any_other_text_is_rejected(text: str) -> None:
    assert TokenSetup().verifier.verify_token(text) is None


def test_token_is_rejected_once_it_has_expired() -> None:
    setup = TokenSetup(lifetime=timedelta(days=1))
    setup.clock.seconds += 86_399
    assert isinstance(setup.verifier.verify_token(setup.text), User)
    setup.clock.seconds += 1
    assert setup.verifier.verify_token(setup.text) is CredentialRejection.EXPIRED


def test_revoked_token_is_rejected_from_the_next_request_on() -> None:
    setup = TokenSetup()
    assert isinstance(setup.verifier.verify_token(setup.text), User)
    setup.store.revoke_token(setup.id, setup.clock.now(), some_event())
    assert setup.verifier.verify_token(setup.text) is CredentialRejection.REVOKED


def test_token_of_a_disabled_user_is_rejected() -> None:
    setup = TokenSetup()
    setup.store.disable_user("anna", some_event())
    assert setup.verifier.verify_token(setup.text) is CredentialRejection.DISABLED
    setup.store.enable_user("anna", some_event())
    assert isinstance(setup.verifier.verify_token(setup.text), User)


def test_changed_role_takes_effect_with_the_next_request() -> None:
    setup = TokenSetup()
    setup.store.by_name["anna"] = replace(setup.store.by_name["anna"], roles=Role.READ)
    user = setup.verifier.verify_token(setup.text)
    assert isinstance(user, User)
    assert user.roles is Role.READ
