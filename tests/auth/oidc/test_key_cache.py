"""The provider's keys are kept, and asked for no more often than is needed."""

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
from tests.auth.fakes import Clock
from tests.issuer import key


class Source:
    """Gives its keys, or fails while it is away; counts how often it is asked."""

    def __init__(self, *keys: Key) -> None:
        self.keys = keys
        self.away = False
        self.times = 0
        self.does: Callable[[], object] = lambda: None

    def __call__(self) -> Sequence[Key]:
        self.times += 1
        self.does()
        if self.away:
            raise FetchError("no answer (ConnectError)")
        return self.keys


class Kept:
    """The keys of a source with one key, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.source = Source(key("first"))
        self.keys = KeyCache(self.source, self.clock)

    def has(self, kid: str | None) -> bool:
        return bool(self.keys.find(kid))

    def later(self, seconds: float) -> None:
        self.clock.seconds += seconds


def test_the_provider_is_asked_once_in_an_hour() -> None:
    kept = Kept()
    assert kept.source.times == 0
    for _ in range(3):
        assert kept.has("first")
    kept.later(FRESH_SECONDS - 1)
    assert kept.has("first")
    assert kept.source.times == 1
    kept.later(1)
    assert kept.has("first")
    assert kept.source.times == 2


def test_a_key_that_the_provider_has_no_longer_is_gone_after_an_hour() -> None:
    kept = Kept()
    assert kept.has("first")
    kept.source.keys = (key("second"),)
    kept.later(FRESH_SECONDS)
    assert not kept.has("first")
    assert kept.has("second")
    assert [each.kid for each in kept.keys.find(None)] == ["second"]


def test_a_new_key_is_found_at_once() -> None:
    kept = Kept()
    assert kept.has("first")
    kept.later(RETRY_SECONDS)
    kept.source.keys = (key("first"), key("second"))
    assert kept.has("second")
    assert kept.has("first")
    assert kept.source.times == 2


def test_ids_that_are_made_up_make_nobody_ask_more_than_once_in_half_a_minute() -> None:
    kept = Kept()
    for number in range(100):
        assert not kept.has(f"made up {number}")
    assert kept.source.times == 1
    kept.later(RETRY_SECONDS)
    for number in range(100):
        assert not kept.has(f"made up {number}")
    assert kept.source.times == 2
    assert kept.has("first")


@pytest.mark.parametrize("kid", ["first", "made up"])
def test_while_the_provider_is_away_the_keys_go_on_to_serve_for_a_day(kid: str) -> None:
    kept = Kept()
    assert kept.has("first")
    kept.source.away = True
    kept.later(FRESH_SECONDS)
    for _ in range(5):
        assert kept.has(kid) == (kid == "first")
    assert kept.source.times == 2
    kept.later(STALE_USABLE_SECONDS - FRESH_SECONDS - 1)
    assert kept.has(kid) == (kid == "first")
    kept.later(1)
    with pytest.raises(ProviderUnavailableError):
        kept.has(kid)


def test_a_failure_is_not_made_again_at_once_and_is_mended_by_itself() -> None:
    kept = Kept()
    kept.source.away = True
    for _ in range(5):
        with pytest.raises(ProviderUnavailableError, match="no answer"):
            kept.has("first")
    assert kept.source.times == 1
    kept.source.away = False
    kept.later(RETRY_WITHOUT_KEYS_SECONDS)
    assert kept.has("first")
    assert kept.source.times == 2


def test_a_failure_is_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    kept = Kept()
    assert kept.has("first")
    kept.source.away = True
    kept.later(FRESH_SECONDS)
    with caplog.at_level(logging.WARNING):
        assert kept.has("first")
        assert kept.has("first")
    assert [record.getMessage() for record in caplog.records] == [
        "the keys of the OpenID provider could not be had: no answer (ConnectError)"
    ]


def is_free(places: threading.Semaphore) -> bool:
    free = places.acquire(blocking=False)
    if free:
        places.release()
    return free


def test_of_many_requests_at_once_one_asks_and_those_beyond_a_few_do_not_wait() -> None:
    kept = Kept()
    asked, answer = threading.Event(), threading.Event()

    def slowly() -> None:
        asked.set()
        assert answer.wait(20)

    kept.source.does = slowly
    with ThreadPoolExecutor(MAX_WAITING) as threads:
        waiting = [threads.submit(kept.has, "first")]
        assert asked.wait(20)
        waiting += [threads.submit(kept.has, "first") for _ in range(MAX_WAITING - 1)]
        while is_free(kept.keys._places):  # until all of them wait
            pass
        with pytest.raises(ProviderUnavailableError, match="too many"):
            kept.has("first")
        answer.set()
        assert all(each.result(20) for each in waiting)
    assert kept.source.times == 1
    assert kept.has("first")


def test_while_one_asks_for_newer_keys_others_use_those_that_are_there() -> None:
    kept = Kept()
    assert kept.has("first")
    kept.later(FRESH_SECONDS)
    asked, answer = threading.Event(), threading.Event()

    def slowly() -> None:
        asked.set()
        assert answer.wait(20)

    kept.source.does = slowly
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(kept.has, "first")
        assert asked.wait(20)
        assert kept.has("first")
        assert not asking.done()
        answer.set()
        assert asking.result(20)
    assert kept.source.times == 2
