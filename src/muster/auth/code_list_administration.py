"""Administration of code lists: every change is stored together with its audit event."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from muster.audit.events import Action
from muster.auth.unit_changes import UnitChange, find_unit_changes
from muster.auth.user_events import build_user_event
from muster.auth.users import Role, User, UserStore
from muster.classifiers.changes import CodeListChange, plan_import, plan_removal
from muster.classifiers.entries import ClassifierEntry, ClassifierStore

UNITS: Final = "businessUnit"


class UnconfirmedUnitsError(Exception):
    """The change gives business units to users or takes them away, and is not confirmed: `changes` says which."""

    def __init__(self, changes: Sequence[UnitChange]) -> None:
        super().__init__("a change of business units needs a confirmation")
        self.changes = changes


class LastUnitError(Exception):
    """The change would leave the installation without a business unit."""


class NotOwnCodeError(Exception):
    """The installation has no such code of its own: it is one of ISO, or none."""

    def __init__(self, code: str) -> None:
        super().__init__("not a code of the installation")
        self.code = code


class CodeListAdministration:
    """Changes code lists on behalf of `actor`, see `UserAdministration`.

    With a `revision`, a change is made only if nobody has changed the lists since; else it raises
    `RevisionChangedError`. Changes of business units that users gain or lose raise `UnconfirmedUnitsError` unless they
    are `confirmed`.
    """

    def __init__(self, store: ClassifierStore, users: UserStore, actor: User | str) -> None:
        self._store = store
        self._users = users
        self._actor = User(actor, Role(0)) if isinstance(actor, str) else actor

    def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
        """The revision, and all codes of the installation, as they are stored now."""
        return self._store.entries()

    def preview_import(self, wanted: Sequence[ClassifierEntry], *, replace: bool) -> CodeListChange:
        return plan_import(*self.entries(), wanted, replace=replace)

    def preview_removal(self, classifier: str, codes: Sequence[str]) -> CodeListChange:
        """Raises `NotOwnCodeError` and `LastUnitError`."""
        revision, before = self.entries()
        own = {entry.code for entry in before if entry.classifier == classifier}
        for code in codes:
            if code not in own:
                raise NotOwnCodeError(code)
        if classifier == UNITS and own <= set(codes):
            raise LastUnitError
        return plan_removal(revision, before, classifier, codes)

    def find_unit_changes(self, change: CodeListChange) -> Sequence[UnitChange]:
        """What users gain and lose by the change."""
        changed = (*change.added, *change.removed)
        if all(entry.classifier != UNITS for entry in changed):
            return ()
        _, before = self.entries()
        units = frozenset(entry.code for entry in before if entry.classifier == UNITS)
        return list(find_unit_changes(units, change.list_codes_after(UNITS, before), self._users.users()))

    def write(
        self,
        entries: Sequence[ClassifierEntry],
        *,
        replace: bool = False,
        confirmed: bool = False,
        revision: int | None = None,
    ) -> Counter[str]:
        """Adds codes and changes titles. Gives the number of entries of each list."""
        self._check_units(self.preview_import(entries, replace=replace), confirmed=confirmed)
        counts = Counter(entry.classifier for entry in entries)
        event = build_user_event(
            self._actor, Action.CLASSIFIERS_IMPORTED, ",".join(sorted(counts)), {**counts, "replace": replace}
        )
        self._store.write(entries, replace=replace, event=event, revision=revision)
        return counts

    def remove(
        self, classifier: str, codes: Sequence[str], *, confirmed: bool = False, revision: int | None = None
    ) -> None:
        """Raises `NotOwnCodeError` and `LastUnitError` as well."""
        self._check_units(self.preview_removal(classifier, codes), confirmed=confirmed)
        event = build_user_event(self._actor, Action.CLASSIFIER_CODES_REMOVED, classifier, {"codes": list(codes)})
        self._store.remove(classifier, codes, event=event, revision=revision)

    def _check_units(self, change: CodeListChange, *, confirmed: bool) -> None:
        changes = () if confirmed else self.find_unit_changes(change)
        if changes:
            raise UnconfirmedUnitsError(changes)
