"""A store of classifiers in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from muster.audit.events import AuditEvent
from muster.classifiers.entries import ClassifierEntry


@dataclass
class MemoryClassifierStore:
    """Counts how often it is read."""

    content: list[ClassifierEntry] = field(default_factory=list)
    current_revision: int = 1
    revision_reads: int = 0
    entry_reads: int = 0

    def revision(self) -> int:
        self.revision_reads += 1
        return self.current_revision

    def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
        self.entry_reads += 1
        return self.current_revision, tuple(self.content)

    def write(
        self, entries: Sequence[ClassifierEntry], *, replace: bool, event: AuditEvent, revision: int | None = None
    ) -> None:
        assert not replace
        self.content.extend(entries)
        self.current_revision += 1

    def remove(self, classifier: str, codes: Sequence[str], *, event: AuditEvent, revision: int | None = None) -> None:
        self.content = [entry for entry in self.content if entry.classifier != classifier or entry.code not in codes]
        self.current_revision += 1
