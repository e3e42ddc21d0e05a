"""Password cache: a verified password stays verified for a minute, so that not every request pays for argon2."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

CACHE_SECONDS: Final = 60.0
MAX_CACHED_USERS: Final = 10_000  # some 200 bytes each


class PasswordCache:
    """Caches the last right password of each user as a hash, keyed with a secret of this process. Thread-safe.

    Only right passwords are cached, so clients without one can't fill the memory. Concurrent requests with the same
    name and password wait for one verification. `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float], max_users: int = MAX_CACHED_USERS) -> None:
        self._clock = clock
        self._max_users = max_users
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._verified: dict[str, tuple[bytes, float]] = {}  # name -> digest and time of verification, oldest first
        self._pending: dict[bytes, Future[bool]] = {}

    def verify(self, name: str, password: str, password_hash: str, verify_hash: Callable[[], bool]) -> bool:
        """Whether the password is right: from the cache, or by `verify_hash`, whose exceptions pass through."""
        digest = self._digest(name, password, password_hash)
        with self._lock:
            if self._is_cached(name, digest):
                return True
            other = self._pending.get(digest)
            if other is None:
                own = self._pending[digest] = Future()
        return other.result() if other is not None else self._verify_and_cache(name, digest, verify_hash, own)

    def _verify_and_cache(
        self, name: str, digest: bytes, verify_hash: Callable[[], bool], future: "Future[bool]"
    ) -> bool:
        try:
            is_right = verify_hash()
        except BaseException as error:
            with self._lock:
                del self._pending[digest]
            future.set_exception(error)
            raise
        with self._lock:
            del self._pending[digest]
            if is_right:
                self._cache(name, digest)
        future.set_result(is_right)
        return is_right

    def _is_cached(self, name: str, digest: bytes) -> bool:
        cached, verified_at = self._verified.get(name, (b"", 0.0))
        return hmac.compare_digest(cached, digest) and self._clock() - verified_at < CACHE_SECONDS

    def _cache(self, name: str, digest: bytes) -> None:
        self._verified.pop(name, None)
        while len(self._verified) >= self._max_users:
            del self._verified[next(iter(self._verified))]
        self._verified[name] = digest, self._clock()

    def _digest(self, *parts: str) -> bytes:
        """Hashes each part with its length, so that no two different triples hash the same bytes."""
        keyed = hashlib.blake2b(key=self._key, digest_size=32)
        for part in parts:
            data = part.encode()
            keyed.update(len(data).to_bytes(8, "big") + data)
        return keyed.digest()
