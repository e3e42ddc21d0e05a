"""Objects as compiled: what the fields of a customer or of one of its parts go through.

There are two ways through. `precheck` takes many objects at a time and tells which customers are sound as they were sent;
it goes column by column and costs little. `read` takes one object, and says what is kept of it and what is wrong.
Sifting only ever asks whether reading would change or find anything, so what it lets pass need not be read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol

from muster.customer.column_tests import ColumnTest
from muster.customer.findings import UNKNOWN_FIELD, UNUSED_FIELD, CompiledError, Findings, Path
from muster.customer.rules import Rule
from muster.customer.value_readers import ABSENT, Reader, Sentinel, is_absent

Document = dict[str, Any]

# A column of fewer values than these is read as fast as it is sifted.
MIN_COLUMN_LENGTH = 4


class NestedReader(Protocol):
    """Reads a value that holds parts."""

    def read(self, value: object, path: Path, findings: Findings) -> object:
        """What is kept, the value itself where nothing in it changes; what is wrong inside is added to `findings`."""
        ...

    def precheck(self, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        """Adds the rows of those values that reading would change or find fault with."""
        ...


@dataclass(slots=True)
class CompiledObject:
    """The fields that one kind of object has at one place.

    `values` has the readers of plain values, `tests` the same for columns; `checks` what a marker of a field gives;
    `refused` the fields that the other type owns and this one may not have, `unused` those that are ignored with a
    warning; `elsewhere` is known and not looked at.
    """

    values: Mapping[str, Reader]
    tests: Mapping[str, ColumnTest]
    parts: Mapping[str, NestedReader]
    mandatory: frozenset[str]
    checks: Mapping[tuple[str, Sentinel], CompiledError]
    rules: Sequence[Rule]
    refused: Mapping[str, CompiledError]
    unused: frozenset[str]
    elsewhere: frozenset[str]

    def read(self, source: Document, path: Path, findings: Findings) -> Document:
        """The normalised document, `source` itself where nothing in it changes; adds to `findings` what is wrong."""
        changed: Document = {}
        values, parts = self.values, self.parts
        for name, value in source.items():
            if value is None:
                kept: object = ABSENT
            elif (reader := values.get(name)) is not None:
                kept = reader(value)
            elif (part := parts.get(name)) is not None:
                kept = part.read(value, (*path, name), findings)
            else:
                kept = self._not_ours(name, value, path, findings)
            if kept is not value:
                changed[name] = kept
        document = self._settled(source, changed, path, findings) if changed else source
        if not document.keys() >= self.mandatory:
            for name in self.mandatory.difference(document):
                if changed.get(name, ABSENT) is ABSENT:  # and not refused already
                    findings.refuse(self.checks[name, ABSENT], (*path, name))
        for rule in self.rules:
            rule(source, document, path, findings)
        return document

    def precheck(self, sources: Sequence[Document], rows: Sequence[int], needs_check: set[int]) -> None:
        """Adds the row of every source that reading would change or find fault with; `rows` has the row of each."""
        if len(sources) < MIN_COLUMN_LENGTH:
            self._precheck_by_reading(sources, rows, needs_check)
            return
        names = tuple(sources[0])
        columns = _to_columns(names, sources)
        if columns is None:
            for alike, their_rows in _group_by_fields(sources, rows):
                self.precheck(alike, their_rows, needs_check)
        elif not self.mandatory.issubset(names):
            needs_check.update(rows)
        else:
            for name, column in zip(names, columns, strict=True):
                self._precheck_column(name, column, rows, needs_check)
            self._precheck_by_rules(sources, rows, needs_check)

    def _precheck_column(self, name: str, column: Sequence[object], rows: Sequence[int], needs_check: set[int]) -> None:
        if (test := self.tests.get(name)) is not None:
            if not test(column):
                reader = self.values[name]
                needs_check.update(row for row, value in zip(rows, column, strict=True) if reader(value) is not value)
        elif (part := self.parts.get(name)) is not None:
            part.precheck(column, rows, needs_check)
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
                if row not in needs_check:  # rules see values of the kinds that their fields take
                    rule(source, source, (), findings)
                    if findings.violations:
                        needs_check.add(row)
                        findings = Findings()

    def _settled(self, source: Document, changed: Document, path: Path, findings: Findings) -> Document:
        """`source` with the values as they are kept, and without those of which none is."""
        document = source | changed
        for name, kept in changed.items():
            if type(kept) is Sentinel:
                del document[name]
                if kept is not ABSENT:
                    findings.refuse(self.checks[name, kept], (*path, name))
        return document

    def _not_ours(self, name: str, value: object, path: Path, findings: Findings) -> Sentinel:
        if not is_absent(value):
            if name in self.refused:
                findings.refuse(self.refused[name], (*path, name))
            elif name in self.unused:
                findings.warn(UNUSED_FIELD, (*path, name))
            elif name not in self.elsewhere:
                findings.warn(UNKNOWN_FIELD, (*path, name))
        return ABSENT


def _to_columns(names: tuple[str, ...], sources: Sequence[Document]) -> Sequence[tuple[Any, ...]] | None:
    """The values of each field, in the order of the sources; None when not all of these have just these fields."""
    if set(map(len, sources)) != {len(names)}:
        return None
    try:
        if len(names) < 2:  # `itemgetter` gives a tuple for several names only
            return [tuple(source[name] for source in sources) for name in names]
        return list(zip(*map(itemgetter(*names), sources), strict=True))
    except KeyError:
        return None


def _group_by_fields(
    sources: Iterable[Document], rows: Iterable[int]
) -> Iterable[tuple[Sequence[Document], Sequence[int]]]:
    """Sources that have the same fields, with their rows."""
    groups: dict[frozenset[str], tuple[list[Document], list[int]]] = {}
    for source, row in zip(sources, rows, strict=True):
        alike, their_rows = groups.setdefault(frozenset(source), ([], []))
        alike.append(source)
        their_rows.append(row)
    return groups.values()
