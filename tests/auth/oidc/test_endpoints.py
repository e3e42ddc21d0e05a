"""The endpoints of a provider are kept, and not asked for too often."""

import pytest

from muster.auth.oidc.endpoints import FRESH_SECONDS, RETRY_SECONDS, EndpointCache, ProviderEndpoints
from muster.auth.oidc.errors import FetchError, ProviderUnavailableError

ENDPOINTS = ProviderEndpoints("https://id.bank.example/a", "https://id.bank.example/t", False, True)


class FakeDiscovery:
    """Gives endpoints, or fails with `problem`; `now` is its clock."""

    def __init__(self) -> None:
        self.calls = 0
        self.now = 0.0
        self.problem = ""

    def fetch(self) -> ProviderEndpoints:
        self.calls += 1
        if self.problem:
            raise FetchError(self.problem)
        return ENDPOINTS


@pytest.fixture
def discovery() -> FakeDiscovery:
    return FakeDiscovery()


@pytest.fixture
def cache(discovery: FakeDiscovery) -> EndpointCache:
    return EndpointCache(discovery.fetch, lambda: discovery.now)


def test_endpoints_are_fetched_once_an_hour(discovery: FakeDiscovery, cache: EndpointCache) -> None:
    assert [cache.find(), cache.find()] == [ENDPOINTS, ENDPOINTS]
    assert discovery.calls == 1
    discovery.now = FRESH_SECONDS
    cache.find()
    assert discovery.calls == 2


def test_a_failure_is_repeated_after_some_seconds_only(discovery: FakeDiscovery, cache: EndpointCache) -> None:
    discovery.problem = "discovery: status 500"
    for _ in range(3):
        with pytest.raises(ProviderUnavailableError, match="discovery: status 500"):
            cache.find()
    assert discovery.calls == 1
    discovery.now, discovery.problem = RETRY_SECONDS, ""
    assert cache.find() == ENDPOINTS


def test_known_endpoints_stay_in_use_while_the_provider_does_not_answer(
    discovery: FakeDiscovery, cache: EndpointCache
) -> None:
    cache.find()
    discovery.now, discovery.problem = FRESH_SECONDS, "discovery: no response in time"
    assert cache.find() == ENDPOINTS
