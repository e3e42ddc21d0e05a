"""An audit sink, and an audit log, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from muster.audit.chain import START, chain_entry
from muster.audit.events import AuditEntry, AuditEvent, ChainHead, EntryFilter

AT = datetime(2024, 5, 26, 16, 49, 50, 237_000, tzinfo=UTC)


@dataclass
class MemoryAuditSink:
    """Collects events, or raises `failure` for each."""

    events: list[AuditEvent] = field(default_factory=list)
    failure: Exception | None = None

    def append(self, event: AuditEvent) -> None:
        if self.failure is not None:
            raise self.failure
        self.events.append(event)


@dataclass
class MemoryAuditLog:
    """An `AuditStore` in memory. Entry n is n seconds after `AT`."""

    log: list[AuditEntry] = field(default_factory=list)
    guarded: bool = True

    def append(self, event: AuditEvent) -> None:
        head = self.head()
        number = head.number + 1
        self.log.append(chain_entry(head.sha256, number, AT + timedelta(seconds=number), event))

    def entries(self, criteria: EntryFilter, *, after: int, limit: int) -> Sequence[AuditEntry]:
        return [entry for entry in self.log if entry.number > after and _matches(entry, criteria)][:limit]

    def latest_entries(
        self, criteria: EntryFilter, *, after: int = 0, below: int | None = None, limit: int
    ) -> Sequence[AuditEntry]:
        found = self.entries(criteria, after=after, limit=len(self.log))
        return [entry for entry in reversed(found) if below is None or entry.number < below][:limit]

    def head(self) -> ChainHead:
        return ChainHead(self.log[-1].number, self.log[-1].sha256) if self.log else START

    def is_guarded(self) -> bool:
        return self.guarded


def _matches(entry: AuditEntry, criteria: EntryFilter) -> bool:
    pairs = (
        (criteria.actor, entry.actor),
        (criteria.action, entry.action),
        (criteria.subject, entry.subject),
    )
    return (
        all(wanted in (None, value) for wanted, value in pairs)
        and (criteria.since is None or entry.at >= criteria.since)
        and (criteria.until is None or entry.at < criteria.until)
    )
