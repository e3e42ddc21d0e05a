"""Retention: removing expired idempotency keys, rejections, stored responses and what is left of loads.

Closed customers are removed on request.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Protocol

from muster.audit.events import Action, AuditEvent, AuditSink


class RetentionKind(Enum):
    """The kinds of data that can be removed: the name in the audit log (which never changes), and the description."""

    KEYS = "idempotencyKeys", "idempotency keys"
    REJECTIONS = "rejections", "rejections"
    RESPONSES = "answers", "stored responses of batches"
    REFUSED_ROWS = "refusedRowsOfLoads", "loads whose refused rows are kept"
    ABANDONED_UPLOADS = "abandonedUploads", "uploads that were never completed"
    CLOSED_CUSTOMERS = "closedCustomers", "closed customers, with all their versions and communication numbers"

    def __init__(self, text: str, meaning: str) -> None:
        self.text = text
        self.meaning = meaning


DEFAULT_KINDS = tuple(kind for kind in RetentionKind if kind is not RetentionKind.CLOSED_CUSTOMERS)


class StillNeededError(Exception):
    """Idempotency keys may still be valid on the requested day; `latest` is the latest day that a purge can use."""

    def __init__(self, latest: date) -> None:
        super().__init__("idempotency keys from before this day may still be valid")
        self.latest = latest


class RetentionStore(Protocol):
    """Selects data from before a day, except keys that are valid `now` and the responses that such keys refer to.

    A key that was stored with the end of its validity is valid until then, whatever the settings are now.
    """

    def count(self, kind: RetentionKind, before: datetime, now: datetime) -> int:
        """The number of rows to remove; of customers, those with a `closingDate` before that day.

        Refused rows are counted by their load; they are removed when it ended before that day.
        """
        ...

    def purge(self, kind: RetentionKind, before: datetime, now: datetime) -> Iterator[int]:
        """Removes the rows in chunks, each in its own transaction, and yields the number removed by each."""
        ...

    def wipe(self) -> bool:
        """Overwrites removed data in the database's files, as far as muster can.

        False when readers blocked it, so that the data may still be in the files.
        """
        ...


@dataclass(frozen=True, slots=True)
class PurgeResult:
    """The number removed of each kind, and the result of `RetentionStore.wipe`."""

    counts: dict[RetentionKind, int]
    wiped: bool


@dataclass(frozen=True, slots=True)
class Retention:
    """Removes data on behalf of `actor`. Keys without a stored end of validity are valid for `key_life`."""

    store: RetentionStore
    audit: AuditSink
    actor: str
    key_life: timedelta
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def count(self, before: date, *, closed_customers: bool) -> dict[RetentionKind, int]:
        """The numbers that `purge` would remove. Raises `StillNeededError`."""
        now = self.now()
        moment = self._to_moment(before, now)
        return {kind: self.store.count(kind, moment, now) for kind in _select_kinds(closed_customers)}

    def purge(self, before: date, *, closed_customers: bool) -> PurgeResult:
        """Removes data from before that day (UTC). Raises `StillNeededError`.

        The audit log records the intended kinds first and the counts at the end, also when the purge fails. Committed
        chunks stay removed; the next purge removes the rest.
        """
        now, kinds = self.now(), _select_kinds(closed_customers)
        moment = self._to_moment(before, now)
        intent = {"before": before.isoformat(), "kinds": [kind.text for kind in kinds]}
        self.audit.append(AuditEvent(self.actor, Action.PURGE_BEGUN, "", intent))
        removed = dict.fromkeys(kinds, 0)
        try:
            for kind in kinds:
                for count in self.store.purge(kind, moment, now):
                    removed[kind] += count
            wiped = self.store.wipe()
        finally:
            counts = {kind.text: count for kind, count in removed.items()}
            self.audit.append(AuditEvent(self.actor, Action.PURGE_ENDED, "", {"before": before.isoformat(), **counts}))
        return PurgeResult(removed, wiped)

    def _to_moment(self, before: date, now: datetime) -> datetime:
        moment = datetime.combine(before, time(), UTC)
        oldest_valid_key = now - self.key_life
        if moment > oldest_valid_key:
            raise StillNeededError(oldest_valid_key.date())
        return moment


def _select_kinds(closed_customers: bool) -> tuple[RetentionKind, ...]:
    return (*DEFAULT_KINDS, RetentionKind.CLOSED_CUSTOMERS) if closed_customers else DEFAULT_KINDS
