"""Login throttle: after a few failed authentications, further ones are refused unverified for a growing delay.

Failures count per user and address, and per address. So nobody can lock out a user who connects from another address,
and nobody can try many users from one address. A user who authenticated from an address recently does not wait for the
failures of others at this address. An IPv6 address counts by its first 64 bits, since one host has the whole network.
Each process counts by itself: N workers allow N times the free attempts, which is still negligible for an attacker.
"""

import hashlib
import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Failures without a delay: people mistype, and a client with an old password should see the 401 and not a 429.
FREE_ATTEMPTS_PER_USER: Final = 5
FREE_ATTEMPTS_PER_ADDRESS: Final = 20  # several users may share an address, behind a proxy or a gateway
MAX_USER_DELAY_SECONDS: Final = 300.0
MAX_ADDRESS_DELAY_SECONDS: Final = 60.0
RESET_AFTER_SECONDS: Final = 900.0  # without a failure
# 300 bytes each. The oldest counter is evicted first. Invented names evict only each other, since every attempt also
# renews the counter of its address.
MAX_COUNTERS: Final = 20_000
_MAX_DOUBLINGS: Final = 30  # keeps the power of two small; the delay reaches its maximum long before


class TooManyAttemptsError(Exception):
    """Credentials are refused unverified, right or wrong, for this many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too many wrong credentials")
        self.seconds = seconds


@dataclass(slots=True)
class _Counter:
    failures: int
    last_failure: float
    blocked_until: float


_Key = tuple[bytes | None, str]  # a digest of the user's name, or None for the address as a whole; the address


class LoginThrottle:
    """Counts failed authentications. Thread-safe. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float], max_counters: int = MAX_COUNTERS) -> None:
        self._clock = clock
        self._max_counters = max_counters
        self._lock = threading.Lock()
        self._counters: OrderedDict[_Key, _Counter] = OrderedDict()  # the latest change last
        self._last_success: OrderedDict[_Key, float] = OrderedDict()  # the latest change last

    def check(self, name: str | None, address: str) -> None:
        """Raises `TooManyAttemptsError` while this user at this address, or the whole address, is blocked."""
        now, keys = self._clock(), _build_keys(name, address)
        with self._lock:
            if now - self._last_success.get(keys[0], -math.inf) < RESET_AFTER_SECONDS:
                keys = keys[:1]
            ends = [counter.blocked_until for key in keys if (counter := self._counters.get(key))]
        delay = max(ends, default=now) - now
        if delay > 0:
            raise TooManyAttemptsError(math.ceil(delay))

    def record_failure(self, name: str | None, address: str) -> None:
        """Counts a failed authentication of this user, or by a token (None), at this address."""
        now = self._clock()
        with self._lock:
            for key in _build_keys(name, address):
                self._count(key, now)
            while len(self._counters) > self._max_counters:
                self._counters.popitem(last=False)

    def record_success(self, name: str, address: str) -> None:
        """Resets the user's counter at this address; the counter of the address itself stays."""
        key = _build_keys(name, address)[0]
        with self._lock:
            self._counters.pop(key, None)
            self._last_success[key] = self._clock()
            self._last_success.move_to_end(key)
            while len(self._last_success) > self._max_counters:
                self._last_success.popitem(last=False)

    def _count(self, key: _Key, now: float) -> None:
        counter = self._counters.get(key)
        if counter is None or now - counter.last_failure > RESET_AFTER_SECONDS:
            counter = self._counters[key] = _Counter(0, now, now)
        counter.failures += 1
        counter.last_failure = now
        is_address = key[0] is None
        beyond = counter.failures - (FREE_ATTEMPTS_PER_ADDRESS if is_address else FREE_ATTEMPTS_PER_USER)
        if beyond >= 0:
            max_delay = MAX_ADDRESS_DELAY_SECONDS if is_address else MAX_USER_DELAY_SECONDS
            counter.blocked_until = now + min(2.0 ** min(beyond, _MAX_DOUBLINGS), max_delay)
        self._counters.move_to_end(key)


def _build_keys(name: str | None, address: str) -> tuple[_Key, ...]:
    """The user's key first, if a name is given, and the key of the address last."""
    normalized = _normalize_address(address)
    if name is None:
        return ((None, normalized),)
    # A digest, since an invented name may be thousands of characters long.
    digest = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=16).digest()
    return (digest, normalized), (None, normalized)


def _normalize_address(address: str) -> str:
    """Maps all addresses of one host to the same text. Text that is no address, such as a host name, is cut."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
