"""Removing what has been kept long enough: keys, what was refused and, only on request, customers that are gone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Protocol

from muster.audit.events import Action, AuditEvent, AuditSink


class RetentionKind(Enum):
    """What can be removed: its name in the audit log, and what it is."""

    KEYS = "idempotencyKeys", "idempotency keys"
    REJECTIONS = "rejections", "rejections"
    ANSWERS = "answers", "kept answers of batches"
    CLOSED_CUSTOMERS = "closedCustomers", "closed customers, with all their versions and communication numbers"

    def __init__(self, text: str, meaning: str) -> None:
        self.text = text
        self.meaning = meaning


DEFAULT_KINDS = (RetentionKind.KEYS, RetentionKind.REJECTIONS, RetentionKind.ANSWERS)


class StillNeededError(Exception):
    """Keys from then still stand for their requests, and the answers of those are needed; `latest` is the last day
    before which nothing is."""

    def __init__(self, latest: date) -> None:
        super().__init__("what came since then may still be asked for")
        self.latest = latest


class RetentionStore(Protocol):
    """What is from before a day, but not the keys that are valid `now`, nor the answers that those stand for.

    A key that was kept with the moment of its end is valid until then, whatever the settings of whoever asks.
    """

    def count(self, kind: RetentionKind, before: datetime, now: datetime) -> int:
        """How many there are: of customers, those with a `closingDate` before that day."""
        ...

    def purge(self, kind: RetentionKind, before: datetime, now: datetime) -> Iterator[int]:
        """Removes them a portion at a time, each in a transaction of its own, and gives each portion's count."""
        ...

    def wipe(self) -> bool:
        """Sees to it that what was removed can't be read from the database's files, as far as it is in our hands.

        False when others read the database for so long that it can still be read there.
        """
        ...


@dataclass(frozen=True, slots=True)
class PurgeResult:
    """How much of each kind; `wiped` is what `RetentionStore.wipe` said."""

    counts: dict[RetentionKind, int]
    wiped: bool


@dataclass(frozen=True, slots=True)
class Retention:
    """Removes on behalf of `actor`. Keys live for `key_life`, unless the store knows better of one of them."""

    store: RetentionStore
    trail: AuditSink
    actor: str
    key_life: timedelta
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def count(self, before: date, *, closed_customers: bool) -> dict[RetentionKind, int]:
        """What `purge` would remove. Raises `StillNeededError`."""
        now = self.now()
        moment = self._moment(before, now)
        return {kind: self.store.count(kind, moment, now) for kind in _kinds(closed_customers)}

    def purge(self, before: date, *, closed_customers: bool) -> PurgeResult:
        """Removes what is from before that day, UTC. Raises `StillNeededError`.

        The audit log says first what is going to be removed and at last how much was, also when it ends early. What
        was removed until then stays so; the next call removes the rest.
        """
        now, kinds = self.now(), _kinds(closed_customers)
        moment = self._moment(before, now)
        asked = {"before": before.isoformat(), "kinds": [kind.text for kind in kinds]}
        self.trail.append(AuditEvent(self.actor, Action.PURGE_BEGUN, "", asked))
        removed = dict.fromkeys(kinds, 0)
        try:
            for kind in kinds:
                for count in self.store.purge(kind, moment, now):
                    removed[kind] += count
            wiped = self.store.wipe()
        finally:
            counts = {kind.text: count for kind, count in removed.items()}
            self.trail.append(AuditEvent(self.actor, Action.PURGE_ENDED, "", {"before": before.isoformat(), **counts}))
        return PurgeResult(removed, wiped)

    def _moment(self, before: date, now: datetime) -> datetime:
        moment = datetime.combine(before, time(), UTC)
        needed_from = now - self.key_life
        if moment > needed_from:
            raise StillNeededError(needed_from.date())
        return moment


def _kinds(closed_customers: bool) -> tuple[RetentionKind, ...]:
    return (*DEFAULT_KINDS, RetentionKind.CLOSED_CUSTOMERS) if closed_customers else DEFAULT_KINDS
