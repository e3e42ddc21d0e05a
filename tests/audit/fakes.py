"""A trail in memory."""

from dataclasses import dataclass, field

from muster.audit.events import AuditEvent


@dataclass
class MemoryTrail:
    """Keeps events; `away` is what it raises instead."""

    events: list[AuditEvent] = field(default_factory=list)
    away: Exception | None = None

    def append(self, event: AuditEvent) -> None:
        if self.away is not None:
            raise self.away
        self.events.append(event)
