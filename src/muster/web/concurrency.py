"""Limits the concurrent requests of one user, so that one user can't take all slots of a worker.

Until it is authenticated, a request counts by a keyed hash of its credentials; afterwards by user, whatever passwords
and tokens the user has. Waiting requests take a slot too, so the limit must hold before authentication. Because the
hash covers the secret, nobody can use up the limit of another user. Credentials that were valid before count for their
user from the start.
"""

import hashlib
import secrets
import threading
from collections import Counter, OrderedDict
from typing import Final

from muster.web.credentials import BasicCredentials, Credentials
from muster.web.thread_pool import PoolSaturatedError, Slot, ThreadPool

# Credentials with a known user; 200 bytes each.
MAX_CACHED_CREDENTIALS: Final = 10_000


class TooManyRequestsError(Exception):
    """The user already has as many concurrent requests as allowed."""


class ConcurrencyLimiter:
    """Counts concurrent requests, at most `max_requests` of one user. Thread-safe."""

    def __init__(self, max_requests: int) -> None:
        self._max_requests = max_requests
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._counts: Counter[bytes | str] = Counter()  # by user, or by digest of credentials
        self._users: OrderedDict[bytes, str] = OrderedDict()  # by digest of credentials, least recently used first

    def acquire(self, credentials: Credentials) -> "Permit":
        """Counts a request with these credentials. Raises `TooManyRequestsError`."""
        digest = hashlib.blake2b(_to_bytes(credentials), key=self._key, digest_size=16).digest()
        with self._lock:
            counted_by = self._users.get(digest, digest)
            self._add(counted_by)
        return Permit(self, digest, counted_by)

    def assign(self, digest: bytes, counted_by: bytes | str, user: str) -> None:
        """Counts a request by its user, and from now on all requests with these credentials.

        Raises `TooManyRequestsError`; then the request counts as before.
        """
        with self._lock:
            self._add(user)
            self._remove(counted_by)
            self._users[digest] = user
            self._users.move_to_end(digest)
            if len(self._users) > MAX_CACHED_CREDENTIALS:
                self._users.popitem(last=False)

    def release(self, counted_by: bytes | str) -> None:
        with self._lock:
            self._remove(counted_by)

    def forget(self, digest: bytes) -> None:
        """Forgets the user of credentials that are no longer valid."""
        with self._lock:
            self._users.pop(digest, None)

    def _add(self, counted_by: bytes | str) -> None:
        if self._counts[counted_by] >= self._max_requests:
            raise TooManyRequestsError
        self._counts[counted_by] += 1

    def _remove(self, counted_by: bytes | str) -> None:
        self._counts[counted_by] -= 1
        if not self._counts[counted_by]:
            del self._counts[counted_by]


class Permit:
    """One counted request. `counted_by` is its user, or a digest until the user is known."""

    def __init__(self, limiter: ConcurrencyLimiter, digest: bytes, counted_by: bytes | str) -> None:
        self._limiter = limiter
        self._digest = digest
        self.counted_by = counted_by

    def assign(self, user: str | None) -> None:
        """Counts the request by its user; None for invalid credentials. Raises `TooManyRequestsError`."""
        if user is None:
            self._limiter.forget(self._digest)
        elif user != self.counted_by:
            self._limiter.assign(self._digest, self.counted_by, user)
            self.counted_by = user

    def release(self) -> None:
        self._limiter.release(self.counted_by)


def _to_bytes(credentials: Credentials) -> bytes:
    """The same bytes for all spellings of a header. Unambiguous, because no name holds a NUL."""
    if isinstance(credentials, BasicCredentials):
        return f"{credentials.name}\0{credentials.password}".encode(errors="surrogatepass")
    return f"\0{credentials.token}".encode()


class WorkerSlots:
    """The slots of a pool, with a limit for each user."""

    def __init__(self, pool: ThreadPool, limiter: ConcurrencyLimiter) -> None:
        self._pool = pool
        self._limiter = limiter

    def acquire(self, credentials: Credentials) -> tuple[Slot, Permit]:
        """A slot, for use in a `with` statement, and the permit that it releases.

        Raises `PoolSaturatedError` and `TooManyRequestsError`, both at once.
        """
        permit = self._limiter.acquire(credentials)
        try:
            slot = self._pool.acquire()
        except PoolSaturatedError:
            permit.release()
            raise
        slot.on_release(permit.release)
        slot.set_owner(lambda: permit.counted_by)
        return slot, permit
