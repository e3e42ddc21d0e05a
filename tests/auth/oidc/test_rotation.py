"""Key rotation and failures of the provider: from its HTTP server to an authenticated user."""

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
from tests.auth.fakes import ManualClock
from tests.issuer import (
    AUDIENCE,
    DISCOVERY_PATH,
    JWKS_PATH,
    CannedResponse,
    OidcProvider,
    make_claims,
    make_key,
    run_provider,
    sign_token,
)


class VerifierSetup:
    """A provider, the verifier of its tokens, and the clock of the verifier's key cache."""

    def __init__(self, provider: OidcProvider) -> None:
        self.provider = provider
        self.clock = ManualClock()
        keys = KeyCache(KeyDiscovery(provider.url, HttpFetcher()), self.clock)
        names = ClaimNames("sub", "role", "business_units")
        self.verifier = OidcTokenVerifier(keys, issuer=provider.url, audience=AUDIENCE, names=names, now=utc_now)

    def accepts(self, token: str | None = None) -> bool:
        result = self.verifier.verify(token or self.provider.token())
        assert isinstance(result, User) or result is TokenRejection.KEY
        return isinstance(result, User)


@pytest.fixture
def setup() -> Iterator[VerifierSetup]:
    with run_provider() as provider:
        yield VerifierSetup(provider)


def test_many_tokens_cause_one_fetch(setup: VerifierSetup) -> None:
    assert all(setup.accepts(setup.provider.token(sub=f"user {number}")) for number in range(20))
    assert setup.provider.requests == [DISCOVERY_PATH, JWKS_PATH]


def test_rotated_keys_are_picked_up(setup: VerifierSetup) -> None:
    old = setup.provider.token()
    assert setup.accepts(old)
    setup.clock.seconds += RETRY_SECONDS
    setup.provider.set_keys(make_key("second", "EC", "P-256"))
    new = sign_token(make_claims(setup.provider.url), make_key("second", "EC", "P-256"), "ES256")
    assert setup.accepts(new)
    assert not setup.accepts(old)
    assert setup.provider.requests == [DISCOVERY_PATH, JWKS_PATH] * 2


def test_invented_key_ids_do_not_flood_the_provider(setup: VerifierSetup) -> None:
    forged = [
        sign_token(make_claims(setup.provider.url), make_key("forger"), kid=f"invented {number}")
        for number in range(20)
    ]
    assert setup.accepts()
    assert not any(setup.accepts(token) for token in forged)
    setup.clock.seconds += RETRY_SECONDS
    assert not any(setup.accepts(token) for token in forged)
    assert setup.provider.requests == [DISCOVERY_PATH, JWKS_PATH] * 2


@pytest.mark.parametrize("path", [DISCOVERY_PATH, JWKS_PATH])
@pytest.mark.parametrize(
    "response", [CannedResponse(b"", 503), CannedResponse(b'{"keys": []}'), CannedResponse(b"<html>")]
)
def test_users_are_accepted_for_a_day_while_the_provider_fails(
    setup: VerifierSetup, path: str, response: CannedResponse
) -> None:
    assert setup.accepts()
    valid, setup.provider.responses[path] = setup.provider.responses[path], response
    setup.clock.seconds += FRESH_SECONDS
    assert setup.accepts()
    setup.clock.seconds += STALE_USABLE_SECONDS - FRESH_SECONDS
    with pytest.raises(ProviderUnavailableError):
        setup.accepts()
    setup.provider.responses[path] = valid
    setup.clock.seconds += RETRY_SECONDS
    assert setup.accepts()
