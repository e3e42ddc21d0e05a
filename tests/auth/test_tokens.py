"""Recognising a user by a token."""

from dataclasses import replace
from datetime import timedelta

import pytest

from muster.auth import tokens
from muster.auth.authentication import CredentialVerifier
from muster.auth.users import Role, Token, User
from tests.audit.fakes import MemoryAuditSink
from tests.auth.fakes import Clock, MemoryUsers


class Installation:
    """One user, who has one token."""

    def __init__(self, lasts: timedelta | None = None) -> None:
        self.clock = Clock()
        self.store = MemoryUsers()
        self.store.add_user(User("anna", Role.SUBMIT))
        self.text, sha256, self.id = tokens.generate_token()
        now = self.clock.now()
        self.store.add_token(Token(self.id, "anna", sha256, now, now + lasts if lasts else None))
        self.access = CredentialVerifier(self.store, MemoryAuditSink(), clock=self.clock, now=self.clock.now)


def test_a_token_stands_for_its_user() -> None:
    there = Installation()
    user = there.access.verify_token(there.text)
    assert user is not None
    assert user.name == "anna"


def test_tokens_are_random_recognisable_and_fit_for_a_url() -> None:
    made = [tokens.generate_token() for _ in range(50)]
    assert len({token.text for token in made}) == len({token.id for token in made}) == 50
    for token in made:
        assert token.text.startswith("mst_")
        assert token.text[4:].replace("-", "").replace("_", "").isalnum()
        assert token.sha256 == tokens.hash_token(token.text)
        assert token.id not in token.text


@pytest.mark.parametrize(
    "text", ["", "mst_", "mst_" + "A" * 43, "mst_" + "ä" * 43, "\ud800" * 47, "\0", "x" * 10_000_000]
)
def test_any_other_text_is_nobody(text: str) -> None:
    assert Installation().access.verify_token(text) is None


def test_a_token_ends_at_its_time() -> None:
    there = Installation(lasts=timedelta(days=1))
    there.clock.seconds += 86_399
    assert there.access.verify_token(there.text) is not None
    there.clock.seconds += 1
    assert there.access.verify_token(there.text) is None


def test_a_revoked_token_is_worth_nothing_from_the_next_request_on() -> None:
    there = Installation()
    assert there.access.verify_token(there.text) is not None
    there.store.revoke_token(there.id, there.clock.now())
    assert there.access.verify_token(there.text) is None


def test_the_token_of_a_disabled_user_is_worth_nothing() -> None:
    there = Installation()
    there.store.disable_user("anna")
    assert there.access.verify_token(there.text) is None
    there.store.enable_user("anna")
    assert there.access.verify_token(there.text) is not None


def test_another_role_counts_from_the_next_request_on() -> None:
    there = Installation()
    there.store.by_name["anna"] = replace(there.store.by_name["anna"], role=Role.READ)
    user = there.access.verify_token(there.text)
    assert user is not None
    assert user.role is Role.READ
