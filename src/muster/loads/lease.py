"""The lease of a running load, renewed by a thread while a chunk takes long."""

import threading
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from muster.intake.checkpoint import LeaseLostError

# A load of a process that was killed can go on after this time at the latest.
LEASE_DURATION: Final = timedelta(seconds=30)
# Renewals in this time: two may fail before the lease expires.
_RENEWALS: Final = 3


class RenewsLeases(Protocol):
    def renew(self, load_id: UUID, lease: UUID, duration: timedelta) -> None: ...


class LeaseRenewer(AbstractContextManager["LeaseRenewer"]):
    """Renews a lease until it is left."""

    def __init__(self, loads: RenewsLeases, load_id: UUID, lease: UUID, duration: timedelta) -> None:
        self._loads = loads
        self._load_id = load_id
        self._lease = lease
        self._duration = duration
        self._ended = threading.Event()
        self._is_lost = False
        self._thread = threading.Thread(target=self._renew_until_left, name="lease-renewer", daemon=True)

    def __enter__(self) -> "LeaseRenewer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        """Raises `LeaseLostError` when a renewal has found the lease lost."""
        if self._is_lost:
            raise LeaseLostError

    def renew(self) -> None:
        """Renews the lease now. Raises `LeaseLostError` and the errors of the store."""
        self._loads.renew(self._load_id, self._lease, self._duration)

    def _renew_until_left(self) -> None:
        while not self._ended.wait(self._duration.total_seconds() / _RENEWALS):
            # An unavailable store may be back before the lease expires; when it is not, the next chunk fails.
            with suppress(Exception):
                try:
                    self.renew()
                except LeaseLostError:
                    self._is_lost = True
                    return
