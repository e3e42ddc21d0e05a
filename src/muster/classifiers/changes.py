"""What a change of code lists adds, renames and removes, worked out before it is made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from muster.classifiers.entries import ClassifierEntry


@dataclass(frozen=True, slots=True)
class CodeListChange:
    """A change of the installation's codes as they are at `revision`. `retitled` has pairs of old and new entry."""

    revision: int
    added: Sequence[ClassifierEntry]
    retitled: Sequence[tuple[ClassifierEntry, ClassifierEntry]]
    removed: Sequence[ClassifierEntry]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.retitled or self.removed)

    def list_codes_after(self, classifier: str, before: Iterable[ClassifierEntry]) -> frozenset[str]:
        """The installation's codes of one list after the change."""
        codes = {entry.code for entry in (*before, *self.added) if entry.classifier == classifier}
        return frozenset(codes.difference(entry.code for entry in self.removed if entry.classifier == classifier))


def plan_import(
    revision: int, before: Sequence[ClassifierEntry], wanted: Sequence[ClassifierEntry], *, replace: bool
) -> CodeListChange:
    """What `ClassifierStore.write` would do with these entries."""
    existing = {(entry.classifier, entry.code): entry for entry in before}
    keys = {(entry.classifier, entry.code) for entry in wanted}
    lists = {entry.classifier for entry in wanted} if replace else set()
    pairs = [(existing.get((entry.classifier, entry.code)), entry) for entry in wanted]
    return CodeListChange(
        revision,
        [entry for old, entry in pairs if old is None],
        [(old, entry) for old, entry in pairs if old is not None and old.title != entry.title],
        [entry for key, entry in existing.items() if entry.classifier in lists and key not in keys],
    )


def plan_removal(
    revision: int, before: Sequence[ClassifierEntry], classifier: str, codes: Sequence[str]
) -> CodeListChange:
    """What `ClassifierStore.remove` would do. Codes that the installation has not are left out."""
    removed = [entry for entry in before if entry.classifier == classifier and entry.code in set(codes)]
    return CodeListChange(revision, [], [], removed)
