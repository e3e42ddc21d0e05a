"""Wrong credentials cost whoever brings them: after a few, each is followed by a longer time when none are looked at.

Counted for each user and address together, and for each address. So nobody can shut a user out who comes from
elsewhere, and nobody can try many users from one place either; whoever came in from there a while ago does not wait for
what others do at the same address. Of IPv6 an address is the first 64 bits: one host has all that follow. Counted in
this process alone: with several workers an attacker has as many times the few throttle, which is next to nothing.
"""

import hashlib
import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Wrong throttle that cost nothing: a person mistypes, and a service with an old password should be told so.
FREE_ATTEMPTS_PER_USER: Final = 5
FREE_ATTEMPTS_PER_ADDRESS: Final = 20  # several users may share one, behind a proxy or a gateway
MAX_USER_DELAY_SECONDS: Final = 300.0
MAX_ADDRESS_DELAY_SECONDS: Final = 60.0
RESET_AFTER_SECONDS: Final = 900.0  # after so long without a wrong attempt
# Counts that are kept; 300 bytes each. The oldest goes first, and whoever makes up names only pushes out made-up names,
# as the address itself is counted anew with each.
MAX_COUNTERS: Final = 20_000


class TooManyAttemptsError(Exception):
    """Credentials are not looked at now, right or wrong; they will be after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too many wrong credentials")
        self.seconds = seconds


@dataclass(slots=True)
class _Counter:
    wrong: int
    last: float
    closed_until: float


_Key = tuple[bytes | None, str]  # the user's name as a digest, None for all users of the address; the address


class LoginThrottle:
    """Counts wrong throttle. Threads may share it."""

    def __init__(self, clock: Callable[[], float], most: int = MAX_COUNTERS) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._counts: OrderedDict[_Key, _Counter] = OrderedDict()  # that changed last comes last
        self._came_in: OrderedDict[_Key, float] = OrderedDict()  # when, that changed last comes last

    def check(self, name: str | None, address: str) -> None:
        """Raises `TooManyAttemptsError` while this user from there, or anybody from there, has to wait."""
        now, keys = self._clock(), _counter_keys(name, address)
        with self._lock:
            if now - self._came_in.get(keys[0], -math.inf) < RESET_AFTER_SECONDS:
                keys = keys[:1]
            ends = [count.closed_until for key in keys if (count := self._counts.get(key))]
        wait = max(ends, default=now) - now
        if wait > 0:
            raise TooManyAttemptsError(math.ceil(wait))

    def record_failure(self, name: str | None, address: str) -> None:
        """Counts wrong credentials of this user from there."""
        now = self._clock()
        with self._lock:
            for key in _counter_keys(name, address):
                self._add(key, now)
            while len(self._counts) > self._most:
                self._counts.popitem(last=False)

    def record_success(self, name: str, address: str) -> None:
        """Forgets the wrong throttle of this user from there; those of others from there stay counted."""
        key = _counter_keys(name, address)[0]
        with self._lock:
            self._counts.pop(key, None)
            self._came_in[key] = self._clock()
            self._came_in.move_to_end(key)
            while len(self._came_in) > self._most:
                self._came_in.popitem(last=False)

    def _add(self, key: _Key, now: float) -> None:
        count = self._counts.get(key)
        if count is None or now - count.last > RESET_AFTER_SECONDS:
            count = self._counts[key] = _Counter(0, now, now)
        count.wrong += 1
        count.last = now
        of_address = key[0] is None
        beyond = count.wrong - (FREE_ATTEMPTS_PER_ADDRESS if of_address else FREE_ATTEMPTS_PER_USER)
        if beyond >= 0:
            longest = MAX_ADDRESS_DELAY_SECONDS if of_address else MAX_USER_DELAY_SECONDS
            count.closed_until = now + min(2.0 ** min(beyond, 30), longest)
        self._counts.move_to_end(key)


def _counter_keys(name: str | None, address: str) -> tuple[_Key, ...]:
    """The user's key first, when there is one, and that of the address last."""
    place = _normalize_address(address)
    if name is None:
        return ((None, place),)
    # As a digest, since a name that nobody has may be thousands of characters long.
    return (hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=16).digest(), place), (None, place)


def _normalize_address(address: str) -> str:
    """What counts as one address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
