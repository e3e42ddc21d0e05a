"""What the pages of code lists show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from muster.auth.unit_changes import UnitChange
from muster.auth.users import User
from muster.classifiers.changes import CodeListChange
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.iso import ISO_CLASSIFIERS, known_iso_entries
from muster.classifiers.snapshot import CLASSIFIER_NAMES, ClassifierSnapshot
from muster.customer.fields import iterate_fields
from muster.customer.value_types import ClassifierCode
from muster.records.code_uses import CodeUses
from muster.web.services import Services

ISO: Final = "iso"
OWN: Final = "own"
RETIRED: Final = "retired"


@dataclass(frozen=True, slots=True)
class CodeListSummary:
    """A code list: numbers of its codes, and the names of the fields that take them."""

    name: str
    codes: int
    own: int
    retired: int
    fields: Sequence[str]

    @property
    def is_iso(self) -> bool:
        return self.name in ISO_CLASSIFIERS


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code. `source` is `ISO`, `OWN`, or `RETIRED` for one that ISO no longer has."""

    code: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change does: to the lists, to customers that use codes which go, and to users of business units."""

    change: CodeListChange
    uses: CodeUses
    units: Sequence[UnitChange]


def list_summaries(services: Services, actor: User) -> Sequence[CodeListSummary]:
    revision, entries = services.administer_code_lists(actor).entries()
    snapshot = ClassifierSnapshot.from_entries(revision, entries)
    own = [entry.classifier for entry in entries]
    return [
        CodeListSummary(
            name, len(snapshot.titles[name]), own.count(name), len(snapshot.retired[name]), _list_fields()[name]
        )
        for name in CLASSIFIER_NAMES
    ]


def list_codes(services: Services, actor: User, name: str, part: str) -> Sequence[CodeRow]:
    """The codes of a list with this part in the code or in the title, whatever its case; by code, retired ones last."""
    revision, entries = services.administer_code_lists(actor).entries()
    snapshot = ClassifierSnapshot.from_entries(revision, entries)
    current = [CodeRow(code, title, OWN) for code, title in snapshot.titles[name].items()]
    if name in ISO_CLASSIFIERS:
        known = {entry.code: entry.title for entry in known_iso_entries() if entry.classifier == name}
        own = _list_own_codes(entries, name)
        current = [CodeRow(row.code, row.title, OWN if row.code in own else ISO) for row in current]
        current += [CodeRow(code, known[code], RETIRED) for code in sorted(snapshot.retired[name])]
    wanted = part.casefold()
    return [row for row in current if wanted in row.code.casefold() or wanted in row.title.casefold()]


def find_own_code(services: Services, actor: User, name: str, code: str) -> tuple[int, ClassifierEntry | None]:
    """The revision, and the code if the installation has it."""
    revision, entries = services.administer_code_lists(actor).entries()
    return revision, next((each for each in entries if (each.classifier, each.code) == (name, code)), None)


def build_preview(services: Services, actor: User, change: CodeListChange) -> ChangePreview:
    """Looks into documents of customers, if codes go."""
    gone: dict[str, set[str]] = {}
    for entry in change.removed:
        gone.setdefault(entry.classifier, set()).add(entry.code)
    uses = services.code_uses.look(actor, {name: frozenset(codes) for name, codes in gone.items()})
    return ChangePreview(change, uses, services.administer_code_lists(actor).find_unit_changes(change))


def _list_own_codes(entries: Sequence[ClassifierEntry], name: str) -> frozenset[str]:
    """The codes that the installation added. Those that ISO has meanwhile count as ISO's."""
    iso = ClassifierSnapshot.from_entries(0, ()).titles[name]
    return frozenset(entry.code for entry in entries if entry.classifier == name and entry.code not in iso)


@cache
def _list_fields() -> Mapping[str, Sequence[str]]:
    """The names of the fields that take the codes of each list."""
    found: dict[str, list[str]] = {name: [] for name in CLASSIFIER_NAMES}
    for _, field in iterate_fields():
        if isinstance(field.value_type, ClassifierCode) and field.name not in found[field.value_type.classifier]:
            found[field.value_type.classifier].append(field.name)
    return found
