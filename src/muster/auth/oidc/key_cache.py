"""Cache of the provider's signing keys: fetched again when stale, and when a token names an unknown key.

Anybody can send tokens with invented key ids, so both the rate of fetches and the number of waiting requests are
bounded. While the provider is unavailable, the cached keys stay in use.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from joserfc.jwk import Key

from muster.auth.oidc.errors import FetchError, ProviderUnavailableError

FRESH_SECONDS: Final = 3600.0
STALE_USABLE_SECONDS: Final = 24 * 3600.0
# Between two fetches, successful or not; and between two fetches while no usable keys are cached.
RETRY_SECONDS: Final = 30.0
RETRY_WITHOUT_KEYS_SECONDS: Final = 5.0
# Requests that wait for a fetch at the same time, including the one that fetches. A worker has 8 threads, and its other
# users need some of them.
MAX_WAITING: Final = 4

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _CachedKeySet:
    keys: Sequence[Key]
    fetched_at: float


class KeyCache:
    """Caches the keys that `fetch` returns; `fetch` raises `FetchError`. Thread-safe. `clock` gives seconds."""

    def __init__(self, fetch: Callable[[], Sequence[Key]], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._fetch_lock = threading.Lock()
        self._waiting_slots = threading.BoundedSemaphore(MAX_WAITING)
        self._cached: _CachedKeySet | None = None
        self._last_fetch: float | None = None  # when the last fetch ended, successful or not
        self._last_problem = ""

    def find(self, kid: str | None) -> Sequence[Key]:
        """Returns the keys of this id, or all keys for None. Raises `ProviderUnavailableError`."""
        cached = self._get_usable()
        if cached is None:
            cached = self._fetch_first()
        elif self._clock() - cached.fetched_at >= FRESH_SECONDS:
            cached = self._refresh_stale(cached)
        found = _select_keys(cached.keys, kid)
        return found or _select_keys(self._refresh_for_unknown_kid(cached).keys, kid)

    def _get_usable(self) -> _CachedKeySet | None:
        cached = self._cached
        is_usable = cached is not None and self._clock() - cached.fetched_at < STALE_USABLE_SECONDS
        return cached if is_usable else None

    def _fetch_first(self) -> _CachedKeySet:
        """Fetches keys while none are usable; all requests have to wait for them."""
        with self._waiting_slot(), self._fetch_lock:
            cached = self._get_usable()
            if cached is None and self._may_fetch(RETRY_WITHOUT_KEYS_SECONDS):
                cached = self._fetch_keys()
        if cached is None:
            raise ProviderUnavailableError(self._last_problem)
        return cached

    def _refresh_stale(self, stale: _CachedKeySet) -> _CachedKeySet:
        """Fetches newer keys; returns the stale ones if the fetch fails or runs in another thread."""
        if not self._fetch_lock.acquire(blocking=False):
            return stale
        try:
            return (self._fetch_keys() if self._may_fetch(RETRY_SECONDS) else None) or self._cached or stale
        finally:
            self._fetch_lock.release()

    def _refresh_for_unknown_kid(self, old: _CachedKeySet) -> _CachedKeySet:
        """Fetches newer keys because `old` has no key of the requested id."""
        with self._waiting_slot(), self._fetch_lock:
            if self._cached is old and self._may_fetch(RETRY_SECONDS):
                self._fetch_keys()
            return self._cached or old

    @contextmanager
    def _waiting_slot(self) -> Iterator[None]:
        if not self._waiting_slots.acquire(blocking=False):
            raise ProviderUnavailableError("too many requests wait for the provider")
        try:
            yield
        finally:
            self._waiting_slots.release()

    def _may_fetch(self, min_interval: float) -> bool:
        return self._last_fetch is None or self._clock() - self._last_fetch >= min_interval

    def _fetch_keys(self) -> _CachedKeySet | None:
        """Fetches and caches the keys; None on failure. The caller holds the lock."""
        try:
            self._cached = _CachedKeySet(self._fetch(), self._clock())
        except FetchError as error:
            self._last_problem = str(error)
            _log.warning("fetching the keys of the OpenID provider failed: %s", self._last_problem)
            return None
        finally:
            self._last_fetch = self._clock()
        return self._cached


def _select_keys(keys: Sequence[Key], kid: str | None) -> Sequence[Key]:
    return [key for key in keys if kid is None or key.kid == kid]
