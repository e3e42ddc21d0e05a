"""Compiled objects: the fields of a customer, or of an object within it, ready to check values.

A compiled object offers two ways. `read` checks one object: it gives the normalised document and adds what is wrong.
`precheck` goes over many objects column by column, at little cost, and tells which customers `read` would change or
find fault with or doubtful. The others need no `read`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol

from muster.customer.column_tests import ColumnTest
from muster.customer.findings import CompiledError, Findings, Path
from muster.customer.object_checks import ObjectCheck
from muster.customer.rules import Rule
from muster.customer.value_checks import ValueCheck
from muster.customer.value_readers import ABSENT, Reader, Sentinel, is_absent
from muster.customer.warnings import KEPT_AS_TEXT, UNUSED_FIELD, WarningKind

Document = dict[str, Any]

# Reading a column of fewer values is as fast as testing it.
MIN_COLUMN_LENGTH = 4


@dataclass(frozen=True, slots=True)
class OmittedFields:
    """Stands for `count` unknown fields of a large object, under the name of the first: their values are not kept."""

    count: int


class NestedReader(Protocol):
    """Reads the values of a field that holds objects, or a list."""

    def read(self, value: object, path: Path, findings: Findings) -> object:
        """The normalised value, `value` itself when nothing in it changes. Adds what is wrong in it to `findings`."""
        ...

    def precheck(self, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        """Adds the row of each value that `read` would change or find fault with. `rows` has the row of each value."""
        ...


@dataclass(slots=True)
class CompiledObject:
    """The fields of one type of object at one place in a customer.

    `readers` and `column_tests` belong to the fields with plain values, `nested` to the others. `errors` has the error
    of each field for each sentinel. `forbidden` fields belong to the other entityType and are violations; `unused` ones
    are ignored with a warning; `ignored` ones are known and give no finding.

    The last four give warnings: `value_checks` of each field, `object_checks` over several fields, the fields that
    `expect_text`, and the warning of an `unknown_field`. A column test includes the value checks of its field.
    """

    readers: Mapping[str, Reader]
    column_tests: Mapping[str, ColumnTest]
    nested: Mapping[str, NestedReader]
    mandatory: frozenset[str]
    errors: Mapping[tuple[str, Sentinel], CompiledError]
    rules: Sequence[Rule]
    forbidden: Mapping[str, CompiledError]
    unused: frozenset[str]
    ignored: frozenset[str]
    value_checks: Mapping[str, Sequence[ValueCheck]]
    object_checks: Sequence[ObjectCheck]
    expect_text: frozenset[str]
    unknown_field: WarningKind

    def read(self, source: Document, path: Path, findings: Findings) -> Document:
        """The normalised document, `source` itself when nothing changes. Adds what is wrong to `findings`."""
        changed: Document = {}
        readers, nested = self.readers, self.nested
        for name, value in source.items():
            if value is None:
                new: object = ABSENT
            elif (reader := readers.get(name)) is not None:
                new = reader(value)
            elif (nested_reader := nested.get(name)) is not None:
                new = nested_reader.read(value, (*path, name), findings)
            else:
                new = self._read_other_field(name, value, path, findings)
            if new is not value:
                changed[name] = new
        document = self._apply_changes(source, changed, path, findings) if changed else source
        if not document.keys() >= self.mandatory:
            for name in self.mandatory.difference(document):
                error = self.errors[name, ABSENT]
                # A value that is not absent has a violation already. The rank is looked at before the path is made:
                # a list of objects with nothing in them has a million violations in a MiB, and most are not kept.
                if error.rank <= findings.max_rank and changed.get(name, ABSENT) is ABSENT:
                    findings.add_violation(error, (*path, name))
        for rule in self.rules:
            rule(source, document, path, findings)
        for name, checks in self.value_checks.items():
            if name in document:
                value = document[name]
                for check in checks:
                    if check.is_doubtful(value):
                        findings.add_warning(check.warning, (*path, name))
        for object_check in self.object_checks:
            object_check.check(source, document, path, findings)
        return document

    def precheck(self, sources: Sequence[Document], rows: Sequence[int], needs_check: set[int]) -> None:
        """Adds the row of each source that `read` would change or find fault with. `rows` has the row of each."""
        if len(sources) < MIN_COLUMN_LENGTH:
            self._precheck_by_reading(sources, rows, needs_check)
            return
        names = tuple(sources[0])
        columns = _to_columns(names, sources)
        if columns is None:
            for group, group_rows in _group_by_fields(sources, rows):
                self.precheck(group, group_rows, needs_check)
        elif not self.mandatory.issubset(names):
            needs_check.update(rows)
        else:
            for name, column in zip(names, columns, strict=True):
                self._precheck_column(name, column, rows, needs_check)
            for check in self.object_checks:
                check.precheck(dict(zip(names, columns, strict=True)), rows, needs_check)
            self._precheck_by_rules(sources, rows, needs_check)

    def _precheck_column(self, name: str, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        if (test := self.column_tests.get(name)) is not None:
            if not test(column):
                reader, checks = self.readers[name], self.value_checks.get(name, ())
                needs_check.update(
                    row
                    for row, value in zip(rows, column, strict=True)
                    if reader(value) is not value or any(check.is_doubtful(value) for check in checks)
                )
        elif (nested_reader := self.nested.get(name)) is not None:
            nested_reader.precheck(column, rows, needs_check)
        else:
            needs_check.update(rows)

    def _precheck_by_reading(self, sources: Iterable[Document], rows: Sequence[int], needs_check: set[int]) -> None:
        findings = Findings()
        for source, row in zip(sources, rows, strict=True):
            if self.read(source, (), findings) is not source or findings.violations or findings.warnings:
                needs_check.add(row)
                findings = Findings()

    def _precheck_by_rules(self, sources: Sequence[Document], rows: Sequence[int], needs_check: set[int]) -> None:
        findings = Findings()
        for rule in self.rules:
            for source, row in zip(sources, rows, strict=True):
                if row not in needs_check:  # a rule expects values of the types that its fields take
                    rule(source, source, (), findings)
                    if findings.violations:
                        needs_check.add(row)
                        findings = Findings()

    def _apply_changes(self, source: Document, changed: Document, path: Path, findings: Findings) -> Document:
        """`source` with the changed values, and without the fields that a sentinel stands for."""
        document = source | changed
        for name, new in changed.items():
            if type(new) is Sentinel:
                del document[name]
                if new is not ABSENT:
                    findings.add_violation(self.errors[name, new], (*path, name))
            elif type(new) is str and name in self.expect_text and type(source[name]) is not str:
                findings.add_warning(KEPT_AS_TEXT, (*path, name))
        return document

    def _read_other_field(self, name: str, value: object, path: Path, findings: Findings) -> Sentinel:
        if not is_absent(value):
            if name in self.forbidden:
                findings.add_violation(self.forbidden[name], (*path, name))
            elif name in self.unused:
                findings.add_warning(UNUSED_FIELD, (*path, name))
            elif name not in self.ignored:
                count = value.count if isinstance(value, OmittedFields) else 1
                findings.add_unknown_field(self.unknown_field, (*path, name), count)
        return ABSENT


def _to_columns(names: tuple[str, ...], sources: Sequence[Document]) -> Sequence[tuple[Any, ...]] | None:
    """The values of each field, in the order of the sources; None unless all sources have exactly these fields."""
    if set(map(len, sources)) != {len(names)}:
        return None
    try:
        if len(names) < 2:  # `itemgetter` gives a tuple for two or more names only
            return [tuple(source[name] for source in sources) for name in names]
        return list(zip(*map(itemgetter(*names), sources), strict=True))
    except KeyError:
        return None


def _group_by_fields(
    sources: Iterable[Document], rows: Iterable[int]
) -> Iterable[tuple[Sequence[Document], Sequence[int]]]:
    """Groups of sources that have the same fields, with their rows."""
    groups: dict[frozenset[str], tuple[list[Document], list[int]]] = {}
    for source, row in zip(sources, rows, strict=True):
        group, group_rows = groups.setdefault(frozenset(source), ([], []))
        group.append(source)
        group_rows.append(row)
    return groups.values()
