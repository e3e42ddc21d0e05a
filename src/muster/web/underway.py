"""How many requests of one user are under way: one user must not take all places of a worker from the others.

Counted before anybody knows who is calling, since a request that waits takes a place too. Until its credentials were
right once, a request is counted by them, so nobody can use up what belongs to another; then by its user, whatever
other passwords and tokens the user has.
"""

import hashlib
import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final

from muster.web.exchange import Exchange
from muster.web.pool import Busy, Place, Pool

# Credentials of which it is remembered whose they are; 200 bytes each.
MOST_REMEMBERED: Final = 10_000


class TooManyRequests(Exception):
    """As many requests of this user are under way as may be."""


class Underway:
    """Counts requests, `most` of one user. Threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._counts: Counter[bytes | str] = Counter()
        self._users: OrderedDict[bytes, str] = OrderedDict()  # by the digest of their credentials, last used last

    def enter(self, authorization: bytes, exchange: Exchange) -> Callable[[], None]:
        """Counts a request with this Authorization header; gives what is to be called when it is over.

        Raises `TooManyRequests`.
        """
        digest = hashlib.blake2b(authorization, key=self._key, digest_size=16).digest()
        with self._lock:
            counted = self._users.get(digest, digest)
            if self._counts[counted] >= self._most:
                raise TooManyRequests
            self._counts[counted] += 1
        return partial(self._leave, digest, counted, exchange)

    def _leave(self, digest: bytes, counted: bytes | str, exchange: Exchange) -> None:
        with self._lock:
            self._counts[counted] -= 1
            if not self._counts[counted]:
                del self._counts[counted]
            if exchange.user is not None:
                self._users[digest] = exchange.user
                self._users.move_to_end(digest)
                if len(self._users) > MOST_REMEMBERED:
                    self._users.popitem(last=False)


class Places:
    """The places of a pool, of which one user can have so many."""

    def __init__(self, pool: Pool, underway: Underway) -> None:
        self._pool = pool
        self._underway = underway

    def place(self, authorization: bytes, exchange: Exchange) -> Place:
        """A place, to be used in a `with`. Raises `Busy` and `TooManyRequests`, both at once."""
        leave = self._underway.enter(authorization, exchange)
        try:
            place = self._pool.place()
        except Busy:
            leave()
            raise
        place.when_free(leave)
        return place
