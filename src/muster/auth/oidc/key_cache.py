"""The provider's keys, kept: asked for again when they grow old, and when a token names one that is not among them.

A stranger can make up tokens with any key's id, so how often that makes us ask is bounded, and so is how many requests
wait for the answer. When the provider is away, the keys that are there go on to serve.
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
# From one question to the next, whatever came of it; and while there are no keys at all.
RETRY_SECONDS: Final = 30.0
RETRY_WITHOUT_KEYS_SECONDS: Final = 5.0
# Requests that may wait for an answer at a time, the one that asks among them. A worker has 8 threads, and its other
# users need some of them.
MAX_WAITING: Final = 4

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _CachedKeySet:
    keys: Sequence[Key]
    since: float


class KeyCache:
    """The keys that `fetch` gives; it raises `FetchError`. Threads may share it. `clock` gives seconds."""

    def __init__(self, fetch: Callable[[], Sequence[Key]], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._fetching = threading.Lock()
        self._places = threading.BoundedSemaphore(MAX_WAITING)
        self._known: _CachedKeySet | None = None
        self._asked: float | None = None  # when the last question was over
        self._problem = ""

    def find(self, kid: str | None) -> Sequence[Key]:
        """The keys of this id, all without one. Raises `ProviderUnavailableError`."""
        known = self._usable()
        if known is None:
            known = self._first()
        elif self._clock() - known.since >= FRESH_SECONDS:
            known = self._newer_unless_asked(known)
        found = _select_keys(known.keys, kid)
        return found or _select_keys(self._after(known).keys, kid)

    def _usable(self) -> _CachedKeySet | None:
        known = self._known
        return known if known is not None and self._clock() - known.since < STALE_USABLE_SECONDS else None

    def _first(self) -> _CachedKeySet:
        """The keys, when there are none yet: everybody has to wait for them."""
        with self._place(), self._fetching:
            known = self._usable()
            if known is None and self._may_ask(RETRY_WITHOUT_KEYS_SECONDS):
                known = self._ask()
        if known is None:
            raise ProviderUnavailableError(self._problem)
        return known

    def _newer_unless_asked(self, old: _CachedKeySet) -> _CachedKeySet:
        """Newer keys; the old ones while another thread asks for them, and when there are none."""
        if not self._fetching.acquire(blocking=False):
            return old
        try:
            return (self._ask() if self._may_ask(RETRY_SECONDS) else None) or self._known or old
        finally:
            self._fetching.release()

    def _after(self, old: _CachedKeySet) -> _CachedKeySet:
        """The keys as they are now, when the old ones had not the one that was looked for."""
        with self._place(), self._fetching:
            if self._known is old and self._may_ask(RETRY_SECONDS):
                self._ask()
            return self._known or old

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A place among those who wait."""
        if not self._places.acquire(blocking=False):
            raise ProviderUnavailableError("too many requests wait for the provider")
        try:
            yield
        finally:
            self._places.release()

    def _may_ask(self, seconds: float) -> bool:
        return self._asked is None or self._clock() - self._asked >= seconds

    def _ask(self) -> _CachedKeySet | None:
        """Asks the provider, with the lock held; None when it gives no keys."""
        try:
            self._known = _CachedKeySet(self._fetch(), self._clock())
        except FetchError as error:
            self._problem = str(error)
            _log.warning("the keys of the OpenID provider could not be had: %s", self._problem)
            return None
        finally:
            self._asked = self._clock()
        return self._known


def _select_keys(keys: Sequence[Key], kid: str | None) -> Sequence[Key]:
    return [key for key in keys if kid is None or key.kid == kid]
