"""How many requests of one user are under way: one user must not take all places of a worker from the others.

Counted before anybody knows who is calling, since a request that waits takes a place too: by its credentials, so nobody
can use up what belongs to another, or by their user where they were right before. As soon as it is known whose it is it
counts for the user, whatever other passwords and tokens the user has.
"""

import hashlib
import secrets
import threading
from collections import Counter, OrderedDict
from typing import Final

from muster.web.credentials import BasicCredentials, BearerToken
from muster.web.request_context import RequestContext
from muster.web.thread_pool import PoolSaturatedError, Slot, ThreadPool

# Credentials of which it is remembered whose they are; 200 bytes each.
MAX_CACHED_CREDENTIALS: Final = 10_000


Credentials = BasicCredentials | BearerToken


class TooManyRequestsError(Exception):
    """As many requests of this user are under way as may be."""


class ConcurrencyLimiter:
    """Counts requests, `most` of one user. Threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._counts: Counter[bytes | str] = Counter()
        self._users: OrderedDict[bytes, str] = OrderedDict()  # by the digest of their credentials, last used last

    def enter(self, credentials: Credentials) -> "Permit":
        """Counts a request with these credentials. Raises `TooManyRequestsError`."""
        digest = hashlib.blake2b(_bytes_of(credentials), key=self._key, digest_size=16).digest()
        with self._lock:
            by = self._users.get(digest, digest)
            self._add(by)
        return Permit(self, digest, by)

    def move(self, digest: bytes, by: bytes | str, user: str) -> None:
        """Counts what was counted otherwise by its user, and what brings these credentials from now on.

        Raises `TooManyRequestsError`; then it is counted as before.
        """
        with self._lock:
            self._add(user)
            self._remove(by)
            self._users[digest] = user
            self._users.move_to_end(digest)
            if len(self._users) > MAX_CACHED_CREDENTIALS:
                self._users.popitem(last=False)

    def leave(self, by: bytes | str) -> None:
        with self._lock:
            self._remove(by)

    def forget(self, digest: bytes) -> None:
        """These credentials are no longer anybody's."""
        with self._lock:
            self._users.pop(digest, None)

    def _add(self, by: bytes | str) -> None:
        if self._counts[by] >= self._most:
            raise TooManyRequestsError
        self._counts[by] += 1

    def _remove(self, by: bytes | str) -> None:
        self._counts[by] -= 1
        if not self._counts[by]:
            del self._counts[by]


class Permit:
    """One request while it is counted."""

    def __init__(self, underway: ConcurrencyLimiter, digest: bytes, by: bytes | str) -> None:
        self._underway = underway
        self._digest = digest
        self._by = by

    def is_of(self, user: str | None) -> None:
        """Says whose it is, nobody's for wrong credentials. Raises `TooManyRequestsError`."""
        if user is None:
            self._underway.forget(self._digest)
        elif user != self._by:
            self._underway.move(self._digest, self._by, user)
            self._by = user

    def over(self) -> None:
        self._underway.leave(self._by)


def _bytes_of(credentials: Credentials) -> bytes:
    """The same for all ways to write them. No name has a NUL in it."""
    if isinstance(credentials, BasicCredentials):
        return f"{credentials.name}\0{credentials.password}".encode(errors="surrogatepass")
    return f"\0{credentials.token}".encode()


class WorkerSlots:
    """The places of a pool, of which one user can have so many."""

    def __init__(self, pool: ThreadPool, underway: ConcurrencyLimiter) -> None:
        self._pool = pool
        self._underway = underway

    def place(self, credentials: Credentials, exchange: RequestContext) -> Slot:
        """A place, to be used in a `with`. Raises `PoolSaturatedError` and `TooManyRequestsError`, both at once."""
        counted = self._underway.enter(credentials)
        try:
            place = self._pool.place()
        except PoolSaturatedError:
            counted.over()
            raise
        place.when_free(counted.over)
        exchange.counted = counted
        return place
