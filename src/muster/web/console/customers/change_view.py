"""What a version of a customer changed, as people read it: the names of fields in words, old and new values."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from typing import Any, Final

import msgspec

from muster.classifiers.snapshot import ClassifierSnapshot
from muster.customer.fields import SCHEMAS
from muster.customer.value_types import NestedList
from muster.records.document_diff import WHOLE_DOCUMENT, ValueChange, parse_document
from muster.records.reading import VersionChange
from muster.records.record_store import CustomerVersion
from muster.web.console.customers.document_sections import DocumentSection, ShownValue, SizeBudget, iterate_leaves
from muster.web.console.customers.document_view import DocumentView
from muster.web.console.customers.field_labels import PointerTarget, resolve_pointer

# Changes that one version shows, and values of an object that was added or removed.
MAX_CHANGES: Final = 60
MAX_LINES: Final = 20
MAX_SIDE_BYTES: Final = 20_000
# Each message has its own; they say nothing of the customer, so they come last.
_OF_EVERY_MESSAGE: Final = frozenset({"/communicationNumber", "/action"})


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A value within an object: the names that lead to it, none for a plain value, and what it says."""

    labels: Sequence[str]
    value: ShownValue


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change: where it is, in words and as a JSON pointer, and both sides. `is_cut`: one of them has more lines."""

    labels: Sequence[str]
    pointer: str
    kind: ChangeKind
    old: Sequence[ChangeLine]
    new: Sequence[ChangeLine]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version with its changes, as many as the page has room for.

    `count` is the number of all of them, or with `has_more` that of those which were compared.
    """

    version: CustomerVersion
    changes: Sequence[ShownChange]
    count: int
    has_more: bool = False
    is_first: bool = False

    @property
    def is_cut(self) -> bool:
        return self.has_more or len(self.changes) < self.count


class ChangeView:
    """Makes changes readable, as long as the budget of the page lasts. The newest versions come first."""

    def __init__(self, classifiers: ClassifierSnapshot, budget: SizeBudget | None = None) -> None:
        self._classifiers = classifiers
        self._budget = budget or SizeBudget()

    def build_version(self, change: VersionChange) -> ShownVersion:
        values = change.values or ()
        if any(value.pointer == WHOLE_DOCUMENT for value in values):  # the first version: its page shows the document
            return ShownVersion(change.version, (), 0, is_first=True)
        shown: list[ShownChange] = []
        for value in sorted(values, key=lambda value: value.pointer in _OF_EVERY_MESSAGE):
            if self._budget.is_spent:
                break
            shown.append(self._build_change(value))
        return ShownVersion(change.version, shown, len(values), change.has_more)

    def _build_change(self, change: ValueChange) -> ShownChange:
        path = resolve_pointer(change.pointer)
        sides = [self._build_lines(path, raw) for raw in (change.old, change.new)]
        for line in chain(*sides):
            self._budget.take("".join(line.labels) + line.value.text)
        self._budget.take("".join(path.labels) + change.pointer)
        old, new = (side[:MAX_LINES] for side in sides)
        is_cut = any(len(side) > MAX_LINES for side in sides)
        return ShownChange(path.labels, change.pointer, _get_kind(change), old, new, is_cut)

    def _build_lines(self, path: PointerTarget, raw: msgspec.Raw | None) -> Sequence[ChangeLine]:
        """The lines of one side, and one more than are shown if there are more."""
        if raw is None:
            return ()
        value = parse_document(bytes(raw))
        # Of a large object, no more is made than could be shown.
        view = DocumentView(self._classifiers, SizeBudget(MAX_SIDE_BYTES))
        section = _build_section(view, path, value)
        leaves = islice(iterate_leaves(section), MAX_LINES + 1) if section is not None else ()
        lines = [ChangeLine((*titles, fact.label), fact.value) for titles, fact in leaves]
        return lines or [ChangeLine((), view.show_value(value, path.field))]


def _build_section(view: DocumentView, path: PointerTarget, value: Any) -> DocumentSection | None:
    """The section of an object or a list with a schema; None for other values."""
    if path.schema is not None and isinstance(value, dict):
        return view.build_object(SCHEMAS[path.schema], value, "")
    if path.field is not None and isinstance(path.field.value_type, NestedList) and isinstance(value, list):
        return view.build_list(path.field, value)
    return None


def _get_kind(change: ValueChange) -> ChangeKind:
    if change.old is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if change.new is None else ChangeKind.CHANGED
