"""The tree of the fields of a file: the fields by the objects and lists that they stand in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from muster.loads.mapping.field_paths import EVERY, Step, format_path
from muster.loads.mapping.field_readers import FieldReader


@dataclass(slots=True)
class FieldTree:
    """A place in a customer: a field with its reader, or an object or a list with what stands in it."""

    reader: FieldReader | None = None
    children: "dict[Step, FieldTree]" = field(default_factory=dict)
    # Sorted once: a file may have thousands of elements, and each error of a row looks for its cell.
    _elements: "list[FieldTree] | None" = None

    def add(self, reader: FieldReader) -> None:
        """Raises `ValueError` when the place of the field is taken."""
        tree = self
        steps = reader.path.steps
        for position, step in enumerate(steps):
            if tree.reader is not None:
                raise ValueError(f"contradicts {format_path(steps[:position])}, which has the whole value")
            if not isinstance(step, str) and tree.children and (step is EVERY) != (EVERY in tree.children):
                raise ValueError(f"{format_path(steps[:position])} has [] and an index; write one of them")
            tree._elements = None
            tree = tree.children.setdefault(step, FieldTree())
        if tree.reader is not None:
            raise ValueError("the field has two columns")
        if tree.children:
            raise ValueError("contradicts the fields in it")
        tree.reader = reader

    @property
    def is_list(self) -> bool:
        return not isinstance(next(iter(self.children), ""), str)

    def list_elements(self) -> "list[FieldTree]":
        """The elements of a list, in the order of their indexes. Gaps between the indexes do not count."""
        if self._elements is None:
            children = sorted(self.children.items(), key=lambda child: _sort_index(child[0]))
            self._elements = [tree for _, tree in children]
        return self._elements

    def iterate_readers(self) -> Iterator[FieldReader]:
        if self.reader is not None:
            yield self.reader
        for child in self.children.values():
            yield from child.iterate_readers()

    def find_column(self, path: Sequence[str | int]) -> int | None:
        """The column that the value at a path of the document comes from, or the nearest one in the same object."""
        tree = self
        nearest: FieldTree | None = None
        for step in path:
            if tree.reader is not None:
                break
            child = tree._get_child(step)
            if child is None:
                break
            nearest = tree = child
        if nearest is None:
            return None
        columns = (column for reader in nearest.iterate_readers() for column in reader.columns)
        return next(columns, None)

    def _get_child(self, step: Any) -> "FieldTree | None":
        if not self.is_list:
            return self.children.get(step)
        elements = self.list_elements()
        return elements[min(step, len(elements) - 1)] if isinstance(step, int) and elements else None


def _sort_index(step: Step) -> int:
    return step if isinstance(step, int) else 0
