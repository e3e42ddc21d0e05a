"""Parts: values that hold objects, or names of something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress, repeat
from typing import Protocol, TypeGuard, TypeVar, cast

from muster.customer.compiled_object import CompiledObject, Document
from muster.customer.findings import CompiledError, Findings, Path
from muster.customer.value_readers import ABSENT, BAD, is_absent, read_text

T = TypeVar("T")


class ObjectReader(Protocol):
    """What a `CompiledObject` does, and a choice between several."""

    def read(self, source: Document, path: Path, findings: Findings) -> Document: ...

    def precheck(self, sources: Sequence[Document], rows: Sequence[int], needs_check: set[int]) -> None: ...


@dataclass(slots=True)
class NestedObjectReader:
    """One object."""

    objects: ObjectReader

    def read(self, value: object, path: Path, findings: Findings) -> object:
        if type(value) is dict:
            return self.objects.read(value, path, findings)
        return ABSENT if is_absent(value) else BAD

    def precheck(self, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        _precheck_objects(self.objects, column, rows, needs_check)


@dataclass(slots=True)
class NestedListReader:
    """A list of objects; an element that is absent is passed over, and keeps its index."""

    objects: ObjectReader
    no_object: CompiledError

    def read(self, value: object, path: Path, findings: Findings) -> object:
        if type(value) is not list:
            return ABSENT if is_absent(value) else BAD
        kept: list[Document] = []
        changed = False
        for index, element in enumerate(value):
            if type(element) is dict:
                document = self.objects.read(element, (*path, index), findings)
                changed = changed or document is not element
                kept.append(document)
            else:
                changed = True
                if not is_absent(element):
                    findings.refuse(self.no_object, (*path, index))
        return kept if changed else value

    def precheck(self, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        lists, rows = _select_type(list, column, rows, needs_check)
        of_elements = list(chain.from_iterable(map(repeat, rows, map(len, lists))))
        _precheck_objects(self.objects, list(chain.from_iterable(lists)), of_elements, needs_check)


@dataclass(slots=True)
class EntityTypeReader:
    """Objects that are read by their own entityType."""

    of_type: Mapping[str, CompiledObject]
    unknown: CompiledObject

    def read(self, source: Document, path: Path, findings: Findings) -> Document:
        return self._compiled(source).read(source, path, findings)

    def precheck(self, sources: Sequence[Document], rows: Sequence[int], needs_check: set[int]) -> None:
        entities = [source.get("entityType") for source in sources]
        counted = 0
        for entity, compiled in self.of_type.items():
            count = entities.count(entity)
            counted += count
            if count == len(sources):
                compiled.precheck(sources, rows, needs_check)
            elif count:
                its = [found == entity for found in entities]
                compiled.precheck(list(compress(sources, its)), list(compress(rows, its)), needs_check)
        if counted < len(sources):  # the others have no type to be sound in
            needs_check.update(row for row, entity in zip(rows, entities, strict=True) if not self._is_known(entity))

    def _compiled(self, source: Document) -> CompiledObject:
        entity = source.get("entityType")
        return self.of_type[entity] if self._is_known(entity) else self.unknown

    def _is_known(self, entity: object) -> TypeGuard[str]:
        return type(entity) is str and entity in self.of_type


@dataclass(slots=True)
class ScreeningReader:
    """Names of screening processes: every one is refused, so nothing is kept."""

    known: frozenset[str]
    unavailable: CompiledError
    not_known: CompiledError
    no_name: CompiledError

    def read(self, value: object, path: Path, findings: Findings) -> object:
        if type(value) is not list:
            return ABSENT if is_absent(value) else BAD
        for index, element in enumerate(value):
            name = ABSENT if element is None else read_text(element)
            if type(name) is str:
                check = self.unavailable if name in self.known else self.not_known
                findings.refuse(check, (*path, index), ("NAME", name))
            elif name is not ABSENT:
                findings.refuse(self.no_name, (*path, index))
        return ABSENT

    def precheck(self, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        needs_check.update(rows)


def _precheck_objects(
    objects: ObjectReader, found: Sequence[object], rows: Sequence[int], needs_check: set[int]
) -> None:
    sources, rows = _select_type(dict, found, rows, needs_check)
    objects.precheck(sources, rows, needs_check)


def _select_type(
    kind: type[T], found: Sequence[object], rows: Sequence[int], needs_check: set[int]
) -> tuple[Sequence[T], Sequence[int]]:
    """What is of this type, with its rows; all else makes its row suspect."""
    if set(map(type, found)) == {kind}:
        return cast(Sequence[T], found), rows
    needs_check.update(row for row, value in zip(rows, found, strict=True) if type(value) is not kind)
    theirs = [(value, row) for row, value in zip(rows, found, strict=True) if type(value) is kind]
    return [value for value, _ in theirs], [row for _, row in theirs]
