"""An audit sink in memory."""

from dataclasses import dataclass, field

from muster.audit.events import AuditEvent


@dataclass
class MemoryAuditSink:
    """Collects events, or raises `failure` for each."""

    events: list[AuditEvent] = field(default_factory=list)
    failure: Exception | None = None

    def append(self, event: AuditEvent) -> None:
        if self.failure is not None:
            raise self.failure
        self.events.append(event)
