"""What the service does about loads by itself: it deletes refused rows in time, and cancels abandoned uploads."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from muster.audit.events import Action, AuditEvent, AuditSink
from muster.loads.load_store import LoadStore
from muster.loads.observer import LoadObserver

# The actor of a purge in the audit log. No name of a stored user holds a colon.
PURGE_ACTOR: Final = "setting:keep_refused_days"


@dataclass(frozen=True, slots=True)
class MaintenanceTimes:
    """An upload that nothing was added to for `abandoned` is cancelled; `keep_refused` begins at the end of a load."""

    keep_refused: timedelta
    abandoned: timedelta = timedelta(days=1)
    between_purges: timedelta = timedelta(minutes=10)
    between_counts: timedelta = timedelta(seconds=15)


class LoadMaintenance:
    """Purges from time to time. Each process of the service does it: what is gone is gone, whoever deleted it."""

    def __init__(
        self,
        store: LoadStore,
        audit: AuditSink,
        observer: LoadObserver,
        times: MaintenanceTimes,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._audit = audit
        self._observer = observer
        self._times = times
        self._now = now
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Runs until `stop`. Never raises."""
        # Not all processes at the same moment.
        next_purge = self._now() + random.random() * self._times.between_counts  # noqa: S311
        while not self._stopping.is_set():
            try:
                self.count()
                if self._now() >= next_purge:
                    next_purge = self._now() + self._times.between_purges
                    self.purge()
            except Exception as error:
                self._observer.record_error(error, None)
            self._stopping.wait(self._times.between_counts.total_seconds())

    def count(self) -> None:
        self._observer.record_waiting(self._store.count_waiting())

    def purge(self) -> None:
        """Raises errors of the store."""
        now = self._now()
        refused = self._store.purge_refused(now - self._times.keep_refused)
        abandoned = self._store.cancel_abandoned(now - self._times.abandoned)
        if refused or abandoned:
            details = {"refusedOf": refused, "abandoned": abandoned}
            self._audit.append(AuditEvent(PURGE_ACTOR, Action.LOADS_PURGED, "", details))
            self._observer.record_purge(refused, abandoned)
