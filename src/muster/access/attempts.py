"""Wrong credentials cost whoever brings them: after a few, each is followed by a longer time when none are looked at.

Counted for each user and address together, and for each address. So nobody can shut a user out who comes from
elsewhere, and nobody can try many users from one place either. Counted in this process alone: with several workers an
attacker has as many times the few attempts, which is still next to nothing.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Wrong attempts that cost nothing: a person mistypes, and a service with an old password should be told so.
FREE_OF_USER: Final = 5
FREE_OF_ADDRESS: Final = 20  # several users may share one, behind a proxy or a gateway
LONGEST_SECONDS: Final = 300.0
FORGOTTEN_SECONDS: Final = 900.0  # after so long without a wrong attempt
# Counts that are kept; 200 bytes each. The oldest goes first, and whoever makes up names only pushes out made-up names,
# as the address itself is counted anew with each.
MOST_COUNTS: Final = 20_000


class TooManyAttempts(Exception):
    """Credentials are not looked at now, right or wrong; they will be after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too many wrong credentials")
        self.seconds = seconds


@dataclass(slots=True)
class _Count:
    wrong: int
    last: float
    closed_until: float


_Key = tuple[str | None, str]  # the user's name, None for all users of the address; the address


class Attempts:
    """Counts wrong attempts. Threads may share it."""

    def __init__(self, clock: Callable[[], float], most: int = MOST_COUNTS) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._counts: OrderedDict[_Key, _Count] = OrderedDict()  # that changed last comes last

    def check(self, name: str | None, address: str) -> None:
        """Raises `TooManyAttempts` while this user from there, or anybody from there, has to wait."""
        now = self._clock()
        with self._lock:
            ends = [count.closed_until for key in _keys(name, address) if (count := self._counts.get(key))]
        wait = max(ends, default=now) - now
        if wait > 0:
            raise TooManyAttempts(math.ceil(wait))

    def wrong(self, name: str | None, address: str) -> None:
        """Counts wrong credentials of this user from there."""
        now = self._clock()
        with self._lock:
            for key in _keys(name, address):
                self._add(key, now)
            while len(self._counts) > self._most:
                self._counts.popitem(last=False)

    def right(self, name: str, address: str) -> None:
        """Forgets the wrong attempts of this user from there; those of others from there stay counted."""
        with self._lock:
            self._counts.pop((name, address), None)

    def _add(self, key: _Key, now: float) -> None:
        count = self._counts.get(key)
        if count is None or now - count.last > FORGOTTEN_SECONDS:
            count = self._counts[key] = _Count(0, now, now)
        count.wrong += 1
        count.last = now
        beyond = count.wrong - (FREE_OF_ADDRESS if key[0] is None else FREE_OF_USER)
        if beyond >= 0:
            count.closed_until = now + min(2.0 ** min(beyond, 30), LONGEST_SECONDS)
        self._counts.move_to_end(key)


def _keys(name: str | None, address: str) -> tuple[_Key, ...]:
    return ((None, address),) if name is None else ((name, address), (None, address))
