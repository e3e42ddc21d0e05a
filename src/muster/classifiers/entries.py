"""The installation's own code lists, as a store keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from muster.audit.events import AuditEvent


@dataclass(frozen=True, slots=True)
class ClassifierEntry:
    """One code of one classifier."""

    classifier: str
    code: str
    title: str


class ClassifierStore(Protocol):
    def revision(self) -> int:
        """A number that grows with every change of any classifier; cheap to ask for."""
        ...

    def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
        """The revision and all entries that belong to it, in the order of classifier and then of code."""
        ...

    def write(self, entries: Sequence[ClassifierEntry], *, replace: bool, event: AuditEvent) -> None:
        """Adds the codes, or gives those that are there their new title, in one transaction with the event.

        With `replace`, every classifier that is named among the entries holds these codes and no others afterwards.
        """
        ...
