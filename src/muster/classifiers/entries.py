"""The entries of the installation's own classifiers, and the port to their store."""

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
        """A number that grows with every change of any classifier. Reading it is cheap."""
        ...

    def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
        """The revision and all its entries, sorted by classifier and code."""
        ...

    def write(self, entries: Sequence[ClassifierEntry], *, replace: bool, event: AuditEvent) -> None:
        """Adds the codes, or updates the titles of existing ones, in one transaction with the audit event.

        With `replace`, the codes that a classifier of the entries has beside these are removed.
        """
        ...
