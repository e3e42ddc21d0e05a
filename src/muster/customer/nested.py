"""Readers of the fields that hold objects, or lists."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress, repeat
from typing import Protocol, TypeGuard, TypeVar, cast

from muster.customer.compiled_object import CompiledObject, Document
from muster.customer.findings import CompiledError, Findings, Path
from muster.customer.value_readers import ABSENT, BAD, is_absent, read_text

T = TypeVar("T")


class ObjectReader(Protocol):
    """Reads objects: a `CompiledObject`, or an `EntityTypeReader` that chooses one."""

    def read(self, source: Document, path: Path, findings: Findings) -> Document: ...

    def precheck(self, sources: Sequence[Document], rows: Sequence[int], needs_check: set[int]) -> None: ...


class LargeList:
    """The value of a list that is too large to be decoded as a whole."""

    def replace_elements(self, read: Callable[[Sequence[object], int], Sequence[object]]) -> object:
        """Calls `read` with groups of elements and the index of the first one; gives the list of what it gives."""
        raise NotImplementedError


@dataclass(slots=True)
class NestedObjectReader:
    """Reads a field that holds one object."""

    objects: ObjectReader

    def read(self, value: object, path: Path, findings: Findings) -> object:
        if type(value) is dict:
            return self.objects.read(value, path, findings)
        return ABSENT if is_absent(value) else BAD

    def precheck(self, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        _precheck_objects(self.objects, column, rows, needs_check)


@dataclass(slots=True)
class NestedListReader:
    """Reads a field that holds a list of objects. Absent elements are left out; the others keep their indexes.

    Of the elements that are empty objects, and of those that are no objects, only as many are read as findings are
    kept: the later ones have the same violations at later indexes. Else a list of them would cost a second of each MiB.
    """

    objects: ObjectReader
    not_an_object: CompiledError

    def read(self, value: object, path: Path, findings: Findings) -> object:
        if type(value) is list:
            documents, changed = self._read_all(value, 0, path, findings)
            return documents if changed else value
        if isinstance(value, LargeList):
            return value.replace_elements(lambda group, first: self._read_all(group, first, path, findings)[0])
        return ABSENT if is_absent(value) else BAD

    def _read_all(
        self, elements: Sequence[object], first: int, path: Path, findings: Findings
    ) -> tuple[list[Document], bool]:
        """The documents of the elements, whose indexes begin with `first`, and whether any element changes."""
        documents: list[Document] = []
        changed = False
        empty_objects = other_values = 0
        for index, element in enumerate(elements, first):
            if type(element) is dict:
                empty_objects += not element
                if not element and empty_objects > findings.max_findings:
                    findings.has_more_violations = True
                    documents.append(element)
                    continue
                document = self.objects.read(element, (*path, index), findings)
                changed = changed or document is not element
                documents.append(document)
                continue
            changed = True
            if not is_absent(element):
                other_values += 1
                if other_values > findings.max_findings:
                    findings.has_more_violations = True
                else:
                    findings.add_violation(self.not_an_object, (*path, index))
        return documents, changed

    def precheck(self, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        lists, rows = _select_type(list, column, rows, needs_check)
        element_rows = list(chain.from_iterable(map(repeat, rows, map(len, lists))))
        _precheck_objects(self.objects, list(chain.from_iterable(lists)), element_rows, needs_check)


@dataclass(slots=True)
class EntityTypeReader:
    """Reads objects by their own entityType; `unknown` reads those whose type is missing or not valid."""

    by_type: Mapping[str, CompiledObject]
    unknown: CompiledObject

    def read(self, source: Document, path: Path, findings: Findings) -> Document:
        entity_type = source.get("entityType")
        compiled = self.by_type[entity_type] if self._is_known(entity_type) else self.unknown
        return compiled.read(source, path, findings)

    def precheck(self, sources: Sequence[Document], rows: Sequence[int], needs_check: set[int]) -> None:
        types = [source.get("entityType") for source in sources]
        known_count = 0
        for entity_type, compiled in self.by_type.items():
            count = types.count(entity_type)
            known_count += count
            if count == len(sources):
                compiled.precheck(sources, rows, needs_check)
            elif count:
                selected = [found == entity_type for found in types]
                compiled.precheck(list(compress(sources, selected)), list(compress(rows, selected)), needs_check)
        if known_count < len(sources):
            needs_check.update(row for row, found in zip(rows, types, strict=True) if not self._is_known(found))

    def _is_known(self, entity_type: object) -> TypeGuard[str]:
        return type(entity_type) is str and entity_type in self.by_type


@dataclass(slots=True)
class ScreeningReader:
    """Reads names of screening processes. Every name is a violation, so the document never holds the field."""

    known: frozenset[str]
    unavailable: CompiledError
    not_known: CompiledError
    not_a_name: CompiledError

    def read(self, value: object, path: Path, findings: Findings) -> object:
        if type(value) is list:
            self._read_all(value, 0, path, findings)
        elif isinstance(value, LargeList):
            value.replace_elements(lambda group, first: self._read_all(group, first, path, findings))
        elif not is_absent(value):
            return BAD
        return ABSENT

    def _read_all(self, elements: Sequence[object], first: int, path: Path, findings: Findings) -> Sequence[object]:
        """Adds the violation of each name; the list that is left is empty."""
        for index, element in enumerate(elements, first):
            name = ABSENT if element is None else read_text(element)
            if type(name) is str:
                error = self.unavailable if name in self.known else self.not_known
                findings.add_violation(error, (*path, index), ("NAME", name))
            elif name is not ABSENT:
                findings.add_violation(self.not_a_name, (*path, index))
        return ()

    def precheck(self, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        needs_check.update(rows)


def _precheck_objects(
    objects: ObjectReader, values: Sequence[object], rows: Sequence[int], needs_check: set[int]
) -> None:
    sources, rows = _select_type(dict, values, rows, needs_check)
    objects.precheck(sources, rows, needs_check)


def _select_type(
    expected: type[T], values: Sequence[object], rows: Sequence[int], needs_check: set[int]
) -> tuple[Sequence[T], Sequence[int]]:
    """The values of the expected type, with their rows. The rows of all others need a check."""
    if set(map(type, values)) == {expected}:
        return cast(Sequence[T], values), rows
    needs_check.update(row for row, value in zip(rows, values, strict=True) if type(value) is not expected)
    selected = [(value, row) for row, value in zip(rows, values, strict=True) if type(value) is expected]
    return [value for value, _ in selected], [row for _, row in selected]
