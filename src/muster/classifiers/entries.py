"""Entries of classifiers, and the port to the store of those that are the installation's own."""

import csv
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


def parse_entries(text: str) -> Sequence[ClassifierEntry]:
    """The entries of a packaged CSV file, in its order."""
    return tuple(ClassifierEntry(**row) for row in csv.DictReader(text.splitlines()))


class RevisionChangedError(Exception):
    """The code lists were changed since this revision was read."""


class ClassifierStore(Protocol):
    def revision(self) -> int:
        """A number that grows with every change of any classifier. Reading it is cheap."""
        ...

    def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
        """The revision and all its entries, sorted by classifier and code."""
        ...

    def write(
        self, entries: Sequence[ClassifierEntry], *, replace: bool, event: AuditEvent, revision: int | None = None
    ) -> None:
        """Adds the codes, or updates the titles of existing ones, in one transaction with the audit event.

        With `replace`, the codes that a classifier of the entries has beside these are removed. With `revision`,
        raises `RevisionChangedError` unless it is still the current one.
        """
        ...

    def remove(self, classifier: str, codes: Sequence[str], *, event: AuditEvent, revision: int | None = None) -> None:
        """Removes the codes of one classifier, in one transaction with the audit event. `revision` is as in `write`."""
        ...
