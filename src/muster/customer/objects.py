"""Objects as compiled: what a field of a customer or of one of its parts goes through."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from muster.customer.findings import UNKNOWN_FIELD, UNUSED_FIELD, Check, Findings, Path
from muster.customer.kinds import BAD, Marker, Reader, is_absent, read_text
from muster.customer.rules import Rule

Document = dict[str, Any]


class PartReader(Protocol):
    """Reads a value that holds parts: gives what is kept, and reports what is wrong inside by itself."""

    def __call__(self, value: object, path: Path, findings: Findings) -> object: ...


ObjectReader = Callable[[Document, Path, Findings], Document]


@dataclass(slots=True)
class CompiledObject:
    """The fields that one kind of object has at one place.

    `checks` has what a marker of a field gives; `refused` the fields that the other type owns and this one may not
    have, `unused` those that are ignored with a warning; `elsewhere` is known and not looked at.
    """

    values: dict[str, Reader]
    parts: dict[str, PartReader]
    mandatory: frozenset[str]
    checks: dict[tuple[str, Marker], Check]
    rules: tuple[Rule, ...]
    refused: dict[str, Check]
    unused: frozenset[str]
    elsewhere: frozenset[str]

    def read(self, source: Document, path: Path, findings: Findings) -> Document:
        """The normalised document; what is wrong with `source` is added to `findings`."""
        document: Document = {}
        values = self.values
        bad: set[str] | None = None
        for name, value in source.items():
            if value is None:
                continue
            reader = values.get(name)
            if reader is not None:
                kept = reader(value)
            elif name in self.parts:
                kept = self.parts[name](value, (*path, name), findings)
            else:
                self._not_ours(name, value, path, findings)
                continue
            if type(kept) is not Marker:
                document[name] = kept
            elif kept is not Marker.ABSENT:
                findings.refuse(self.checks[name, kept], (*path, name))
                bad = {name} if bad is None else bad | {name}
        if not self.mandatory <= document.keys():
            for name in self.mandatory.difference(document, bad or ()):
                findings.refuse(self.checks[name, Marker.ABSENT], (*path, name))
        for rule in self.rules:
            rule(source, document, path, findings)
        return document

    def _not_ours(self, name: str, value: object, path: Path, findings: Findings) -> None:
        if is_absent(value):
            return
        if name in self.refused:
            findings.refuse(self.refused[name], (*path, name))
        elif name in self.unused:
            findings.warn(UNUSED_FIELD, (*path, name))
        elif name not in self.elsewhere:
            findings.warn(UNKNOWN_FIELD, (*path, name))


def part(read: ObjectReader) -> PartReader:
    """Reads one part."""

    def read_part(value: object, path: Path, findings: Findings) -> object:
        if type(value) is dict:
            return read(value, path, findings)
        return Marker.ABSENT if is_absent(value) else BAD

    return read_part


def list_of(read: ObjectReader, no_object: Check) -> PartReader:
    """Reads a list of parts; an element that is absent is passed over, and keeps its index."""

    def read_list(value: object, path: Path, findings: Findings) -> object:
        if type(value) is not list:
            return Marker.ABSENT if is_absent(value) else BAD
        kept = []
        for index, element in enumerate(value):
            if type(element) is dict:
                kept.append(read(element, (*path, index), findings))
            elif not is_absent(element):
                findings.refuse(no_object, (*path, index))
        return kept

    return read_list


def screenings(known: frozenset[str], unavailable: Check, unknown: Check, no_name: Check) -> PartReader:
    """Reads names of screening processes: every one is refused, so nothing is kept."""

    def read_names(value: object, path: Path, findings: Findings) -> object:
        if type(value) is not list:
            return Marker.ABSENT if is_absent(value) else BAD
        for index, element in enumerate(value):
            name = Marker.ABSENT if element is None else read_text(element)
            if type(name) is str:
                findings.refuse(unavailable if name in known else unknown, (*path, index), ("NAME", name))
            elif name is not Marker.ABSENT:
                findings.refuse(no_name, (*path, index))
        return Marker.ABSENT

    return read_names
