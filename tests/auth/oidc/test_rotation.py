"""Tokens of a provider that changes its keys, loses them and goes away: from its HTTP server to a user."""

from collections.abc import Iterator

import pytest

from muster.auth.authentication import utc_now
from muster.auth.oidc.claims import ClaimNames
from muster.auth.oidc.discovery import KeyDiscovery
from muster.auth.oidc.errors import ProviderUnavailableError, TokenRejection
from muster.auth.oidc.http import HttpFetcher
from muster.auth.oidc.key_cache import FRESH_SECONDS, RETRY_SECONDS, STALE_USABLE_SECONDS, KeyCache
from muster.auth.oidc.token_verifier import OidcTokenVerifier
from muster.auth.users import User
from tests.auth.fakes import Clock
from tests.issuer import AUDIENCE, DISCOVERY, JWKS, Answer, Issuer, claims, issuing, key, signed


class Watched:
    """A provider, and what recognises its tokens, with the clock of its cache moved by hand."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.clock = Clock()
        keys = KeyCache(KeyDiscovery(issuer.url, HttpFetcher()), self.clock)
        names = ClaimNames("sub", "role", "business_units")
        self.tokens = OidcTokenVerifier(keys, issuer=issuer.url, audience=AUDIENCE, names=names, now=utc_now)

    def knows(self, token: str | None = None) -> bool:
        found = self.tokens.verify(token or self.issuer.token())
        assert isinstance(found, User) or found is TokenRejection.KEY
        return isinstance(found, User)


@pytest.fixture
def watched() -> Iterator[Watched]:
    with issuing() as issuer:
        yield Watched(issuer)


def test_many_tokens_ask_the_provider_once(watched: Watched) -> None:
    assert all(watched.knows(watched.issuer.token(sub=f"user {number}")) for number in range(20))
    assert watched.issuer.asked == [DISCOVERY, JWKS]


def test_a_provider_may_change_its_keys_at_any_time(watched: Watched) -> None:
    old = watched.issuer.token()
    assert watched.knows(old)
    watched.clock.seconds += RETRY_SECONDS
    watched.issuer.rotates(key("second", "EC", "P-256"))
    new = signed(claims(watched.issuer.url), key("second", "EC", "P-256"), "ES256")
    assert watched.knows(new)
    assert not watched.knows(old)
    assert watched.issuer.asked == [DISCOVERY, JWKS] * 2


def test_made_up_keys_do_not_hammer_the_provider(watched: Watched) -> None:
    forged = [signed(claims(watched.issuer.url), key("forger"), kid=f"made up {number}") for number in range(20)]
    assert watched.knows()
    assert not any(watched.knows(token) for token in forged)
    watched.clock.seconds += RETRY_SECONDS
    assert not any(watched.knows(token) for token in forged)
    assert watched.issuer.asked == [DISCOVERY, JWKS] * 2


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize("answer", [Answer(b"", 503), Answer(b'{"keys": []}'), Answer(b"<html>")])
def test_a_provider_that_is_broken_for_a_day_costs_nobody_a_place(watched: Watched, path: str, answer: Answer) -> None:
    assert watched.knows()
    sound, watched.issuer.answers[path] = watched.issuer.answers[path], answer
    watched.clock.seconds += FRESH_SECONDS
    assert watched.knows()
    watched.clock.seconds += STALE_USABLE_SECONDS - FRESH_SECONDS
    with pytest.raises(ProviderUnavailableError):
        watched.knows()
    watched.issuer.answers[path] = sound
    watched.clock.seconds += RETRY_SECONDS
    assert watched.knows()
