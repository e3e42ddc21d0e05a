"""Remembers for a minute who gave the right password, so that argon2 is not paid with every request."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

CACHE_SECONDS: Final = 60.0
MAX_CACHED_USERS: Final = 10_000  # users; some 200 bytes each


class PasswordCache:
    """The last right password of each user, as a keyed hash that can't be guessed from outside the process.

    Only right passwords are remembered, so whoever has none can't fill the memory. Requests that bring the same name
    and password at the same moment wait for one verification.
    """

    def __init__(self, clock: Callable[[], float], most: int = MAX_CACHED_USERS) -> None:
        self._clock = clock
        self._most = most
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._right: dict[str, tuple[bytes, float]] = {}  # name -> digest and when it was verified, oldest first
        self._under_way: dict[bytes, Future[bool]] = {}

    def verified(self, name: str, password: str, password_hash: str, verify: Callable[[], bool]) -> bool:
        """What `verify` said of this password less than a minute ago, or says now. Raises what it raises."""
        digest = self._digest(name, password, password_hash)
        with self._lock:
            if self._is_right(name, digest):
                return True
            other = self._under_way.get(digest)
            if other is None:
                own = self._under_way[digest] = Future()
        return other.result() if other is not None else self._verify(name, digest, verify, own)

    def _verify(self, name: str, digest: bytes, verify: Callable[[], bool], future: "Future[bool]") -> bool:
        try:
            right = verify()
        except BaseException as error:
            with self._lock:
                del self._under_way[digest]
            future.set_exception(error)
            raise
        with self._lock:
            del self._under_way[digest]
            if right:
                self._remember(name, digest)
        future.set_result(right)
        return right

    def _is_right(self, name: str, digest: bytes) -> bool:
        known, since = self._right.get(name, (b"", 0.0))
        return hmac.compare_digest(known, digest) and self._clock() - since < CACHE_SECONDS

    def _remember(self, name: str, digest: bytes) -> None:
        self._right.pop(name, None)
        while len(self._right) >= self._most:
            del self._right[next(iter(self._right))]
        self._right[name] = digest, self._clock()

    def _digest(self, *parts: str) -> bytes:
        """Each part goes in with its length, so that no two different triples give the same bytes."""
        keyed = hashlib.blake2b(key=self._key, digest_size=32)
        for part in parts:
            data = part.encode()
            keyed.update(len(data).to_bytes(8, "big") + data)
        return keyed.digest()
