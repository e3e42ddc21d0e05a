"""Sections of a document as a page shows them, and how much of it a page has room for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

# Bytes of HTML that the values of a page may take, so that the page with its style sheet stays below 150 KB.
MAX_PAGE_BYTES: Final = 122_000
# Bytes of HTML around a value; measured with the templates.
_BYTES_PER_VALUE: Final = 90
# Fields that name a person or an organization, and those whose `true` calls for attention.
_NAMES: Final = ("firstName", "lastName", "title")
_FLAGS: Final = frozenset({"isPEP", "isFamilyPEP", "isSanctioned", "isInAdverseMedia", "isInInternalList"})


class SizeBudget:
    """Bytes of HTML that a page has left."""

    def __init__(self, size: int = MAX_PAGE_BYTES) -> None:
        self._left = size

    @property
    def is_spent(self) -> bool:
        return self._left <= 0

    def take(self, text: str) -> None:
        """Counts a value. The one that exceeds the budget is the last one to be shown."""
        self._left -= _BYTES_PER_VALUE + len(text.encode(errors="replace"))

    def split(self, share: float) -> "SizeBudget":
        """A part of what is left. Give it back with `join`."""
        part = SizeBudget(int(self._left * share))
        self._left -= part._left
        return part

    def join(self, part: "SizeBudget") -> None:
        self._left += part._left


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A value in words. `code` is what stands in the document where `text` is the title of a code.

    `yes` is set for a truth value, and `text` is empty then. `is_unlisted` says that a code is not in its code list
    now. `is_json` is for what is no plain value. `omitted` counts the characters that are left out.
    """

    text: str
    code: str = ""
    yes: bool | None = None
    is_unlisted: bool = False
    is_json: bool = False
    omitted: int = 0


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A field with its value. `customer` is the identifier of another customer that the value names."""

    label: str
    name: str  # in the contract
    value: ShownValue
    customer: str | None = None


@dataclass(slots=True)
class DocumentSection:
    """An object or a list of a document.

    `name` is that in the contract, empty for an element of a list. A list has `elements`; as a table, it has the names
    of its `columns`, and each of its elements only facts.
    """

    title: str
    name: str = ""
    facts: list[NamedValue] = field(default_factory=list)
    sections: list["DocumentSection"] = field(default_factory=list)
    elements: list["DocumentSection"] = field(default_factory=list)
    columns: Sequence[tuple[str, str]] = ()  # (label, name)
    is_list: bool = False
    size: int = 0  # elements of the list, shown or not
    omitted: int = 0  # fields or elements that are left out

    @property
    def is_empty(self) -> bool:
        return not (self.facts or self.sections or self.elements or self.omitted)

    @property
    def is_cut(self) -> bool:
        """Whether something is left out here or further in."""
        return self.omitted > 0 or any(part.is_cut for part in (*self.sections, *self.elements))

    @property
    def owner(self) -> str:
        """The name of the person or the organization that this object is about, if any."""
        return " ".join(value.text for name in _NAMES if (value := self.get_value(name)))

    @property
    def flags(self) -> Sequence[str]:
        """What is to be known first of a person or an organization: the labels of these fields that say yes."""
        return [fact.label for fact in self.facts if fact.name in _FLAGS and fact.value.yes]

    def get_value(self, name: str) -> ShownValue | None:
        """The value of a field of this object."""
        return next((fact.value for fact in self.facts if fact.name == name), None)


def iterate_leaves(section: DocumentSection) -> Iterator[tuple[tuple[str, ...], NamedValue]]:
    """All facts of a section and of its parts, with the titles that lead to them."""
    for fact in section.facts:
        yield (), fact
    for part in (*section.sections, *section.elements):
        for titles, fact in iterate_leaves(part):
            yield (part.title, *titles), fact
