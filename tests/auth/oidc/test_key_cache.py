"""The provider's keys are cached, and fetched no more often than needed."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc.jwk import Key

from muster.auth.oidc.errors import FetchError, ProviderUnavailableError
from muster.auth.oidc.key_cache import (
    FRESH_SECONDS,
    MAX_WAITING,
    RETRY_SECONDS,
    RETRY_WITHOUT_KEYS_SECONDS,
    STALE_USABLE_SECONDS,
    KeyCache,
)
from tests.auth.fakes import ManualClock
from tests.issuer import make_key


class KeySource:
    """Returns its keys, or fails while it is unavailable. Counts its calls."""

    def __init__(self, *keys: Key) -> None:
        self.keys = keys
        self.is_unavailable = False
        self.calls = 0
        self.before_return: Callable[[], object] = lambda: None

    def __call__(self) -> Sequence[Key]:
        self.calls += 1
        self.before_return()
        if self.is_unavailable:
            raise FetchError("no response (ConnectError)")
        return self.keys


class CacheSetup:
    """A cache of a source with one key, and the clock of the cache."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.source = KeySource(make_key("first"))
        self.cache = KeyCache(self.source, self.clock)

    def has(self, kid: str | None) -> bool:
        return bool(self.cache.find(kid))

    def advance(self, seconds: float) -> None:
        self.clock.seconds += seconds


def test_keys_are_fetched_once_an_hour() -> None:
    setup = CacheSetup()
    assert setup.source.calls == 0
    for _ in range(3):
        assert setup.has("first")
    setup.advance(FRESH_SECONDS - 1)
    assert setup.has("first")
    assert setup.source.calls == 1
    setup.advance(1)
    assert setup.has("first")
    assert setup.source.calls == 2


def test_removed_key_is_rejected_after_an_hour() -> None:
    setup = CacheSetup()
    assert setup.has("first")
    setup.source.keys = (make_key("second"),)
    setup.advance(FRESH_SECONDS)
    assert not setup.has("first")
    assert setup.has("second")
    assert [each.kid for each in setup.cache.find(None)] == ["second"]


def test_new_key_is_found_at_once() -> None:
    setup = CacheSetup()
    assert setup.has("first")
    setup.advance(RETRY_SECONDS)
    setup.source.keys = (make_key("first"), make_key("second"))
    assert setup.has("second")
    assert setup.has("first")
    assert setup.source.calls == 2


def test_invented_key_ids_cause_at_most_one_fetch_per_half_minute() -> None:
    setup = CacheSetup()
    for number in range(100):
        assert not setup.has(f"invented {number}")
    assert setup.source.calls == 1
    setup.advance(RETRY_SECONDS)
    for number in range(100):
        assert not setup.has(f"invented {number}")
    assert setup.source.calls == 2
    assert setup.has("first")


@pytest.mark.parametrize("kid", ["first", "invented"])
def test_cached_keys_stay_usable_for_a_day_while_the_provider_is_unavailable(kid: str) -> None:
    setup = CacheSetup()
    assert setup.has("first")
    setup.source.is_unavailable = True
    setup.advance(FRESH_SECONDS)
    for _ in range(5):
        assert setup.has(kid) == (kid == "first")
    assert setup.source.calls == 2
    setup.advance(STALE_USABLE_SECONDS - FRESH_SECONDS - 1)
    assert setup.has(kid) == (kid == "first")
    setup.advance(1)
    with pytest.raises(ProviderUnavailableError):
        setup.has(kid)


def test_failed_fetch_is_retried_after_some_seconds() -> None:
    setup = CacheSetup()
    setup.source.is_unavailable = True
    for _ in range(5):
        with pytest.raises(ProviderUnavailableError, match="no response"):
            setup.has("first")
    assert setup.source.calls == 1
    setup.source.is_unavailable = False
    setup.advance(RETRY_WITHOUT_KEYS_SECONDS)
    assert setup.has("first")
    assert setup.source.calls == 2


def test_failed_fetch_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    setup = CacheSetup()
    assert setup.has("first")
    setup.source.is_unavailable = True
    setup.advance(FRESH_SECONDS)
    with caplog.at_level(logging.WARNING):
        assert setup.has("first")
        assert setup.has("first")
    assert [record.getMessage() for record in caplog.records] == [
        "fetching the keys of the OpenID provider failed: no response (ConnectError)"
    ]


def has_free_slot(slots: threading.Semaphore) -> bool:
    is_free = slots.acquire(blocking=False)
    if is_free:
        slots.release()
    return is_free


def test_one_of_many_concurrent_requests_fetches_and_only_a_few_wait() -> None:
    setup = CacheSetup()
    started, may_return = threading.Event(), threading.Event()

    def block() -> None:
        started.set()
        assert may_return.wait(20)

    setup.source.before_return = block
    with ThreadPoolExecutor(MAX_WAITING) as threads:
        waiting = [threads.submit(setup.has, "first")]
        assert started.wait(20)
        waiting += [threads.submit(setup.has, "first") for _ in range(MAX_WAITING - 1)]
        while has_free_slot(setup.cache._waiting_slots):  # until all of them wait
            pass
        with pytest.raises(ProviderUnavailableError, match="too many"):
            setup.has("first")
        may_return.set()
        assert all(each.result(20) for each in waiting)
    assert setup.source.calls == 1
    assert setup.has("first")


def test_stale_keys_are_used_while_another_request_fetches() -> None:
    setup = CacheSetup()
    assert setup.has("first")
    setup.advance(FRESH_SECONDS)
    started, may_return = threading.Event(), threading.Event()

    def block() -> None:
        started.set()
        assert may_return.wait(20)

    setup.source.before_return = block
    with ThreadPoolExecutor(1) as threads:
        fetching = threads.submit(setup.has, "first")
        assert started.wait(20)
        assert setup.has("first")
        assert not fetching.done()
        may_return.set()
        assert fetching.result(20)
    assert setup.source.calls == 2
