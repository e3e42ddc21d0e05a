"""Reading the records: everybody sees what the role and the business units allow, and the rest is as if not there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise
from typing import Any, Final
from uuid import UUID

import msgspec

from muster.audit.events import Action, AuditEvent, AuditSink, Details
from muster.auth.users import Role, User
from muster.customer import BusinessUnits
from muster.records.document_diff import WHOLE_DOCUMENT, diff_documents
from muster.records.record_store import BatchSummary, Communication, CustomerVersion, RecordStore


@dataclass(frozen=True, slots=True)
class Visibility:
    """What a user may see: of these units (None: of all), and of what this sender sent (None: of what anybody did)."""

    units: frozenset[str] | None = None
    sender: str | None = None

    @classmethod
    def of(cls, user: User, existing: frozenset[str]) -> "Visibility":
        """`admin` sees all; `read` the customers of its units; `submit` what it sent itself; `watch` nothing.

        That there was a batch, from whom and with how many customers, is no customer's and seen by every reader.
        """
        match user.role:
            case Role.ADMIN:
                return cls()
            case Role.READ:
                return cls(units=BusinessUnits.for_user(existing, user.business_units).allowed)
            case Role.SUBMIT:
                return cls(sender=user.name)
            case Role.WATCH:
                return cls(units=frozenset(), sender="")  # nobody has that name

    def shows(self, *, sender: str, unit: str | None) -> bool:
        """Whether a customer of this unit, sent by this sender, may be seen. A customer of no known unit has None."""
        return self.sender in (None, sender) and (self.units is None or unit in self.units)


class UnitRequiredError(Exception):
    """The installation has several business units, and neither the question nor the user says which one is meant."""


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A version, and RFC 6901 pointers to what is not as it was in the one before; the first is new as a whole."""

    version: CustomerVersion
    changed: Sequence[str]


class _Results(msgspec.Struct):
    results: list[msgspec.Raw]


class _Unit(msgspec.Struct, rename="camel"):
    business_unit: str | None


_results_of: Final = msgspec.json.Decoder(_Results).decode
_unit_of: Final = msgspec.json.Decoder(_Unit).decode


class RecordReader:
    """Reads what is on record. `units` gives the business units of the installation at the moment.

    Nobody gets a customer's document before it is in the `trail` who did.
    """

    def __init__(self, store: RecordStore, units: Callable[[], frozenset[str]], trail: AuditSink) -> None:
        self._store = store
        self._trail = trail
        self._units = units

    def communication(self, number: str, user: User) -> Communication | None:
        """Whether and how this number was taken; None where it was not, and where the user may not know."""
        found = self._store.communication(number)
        if found is None or not self._view(user).shows(sender=found.accepted_by, unit=found.business_unit):
            return None
        return found

    def batch(self, batch_id: UUID, user: User) -> BatchSummary | None:
        """The batch; None where there is none, and where the user may not know."""
        found = self._store.batch(batch_id)
        if found is None or self._view(user).sender not in (None, found.sender):
            return None
        return found

    def batches(self, user: User, *, before: UUID | None, limit: int) -> Sequence[BatchSummary]:
        """Newest first, from the one before `before` on, at most `limit`."""
        return self._store.batches(sender=self._view(user).sender, before=before, limit=limit)

    def results(self, batch_id: UUID, user: User, *, start: int, limit: int) -> tuple[Sequence[Any], int | None] | None:
        """The results of a batch as it was answered, from place `start` on, and the place to go on from, if any.

        Each is JSON as it was sent. Results of customers that the user may not see are left out. None where there is no
        such batch, or its answer is kept no longer.
        """
        batch = self.batch(batch_id, user)
        answer = self._store.answer(batch_id) if batch else None
        if batch is None or answer is None:
            return None
        view, all_results = self._view(user), _results_of(answer).results
        seen = (
            (place, result)
            for place, result in enumerate(islice(all_results, start, None), start)
            if view.units is None or view.shows(sender=batch.sender, unit=_unit_of(result).business_unit)
        )
        page = list(islice(seen, limit))
        following = next(seen, None)
        return [result for _, result in page], following[0] if following else None

    def customer(self, ext_id: str, unit: str | None, user: User, *, at: datetime | None) -> CustomerVersion | None:
        """The customer as it is or, with `at`, as it stood then; without a unit, of the user's own.

        Raises `UnitRequiredError`.
        """
        visible = self._visible_unit(unit, user)
        found = None if visible is None else self._store.customer(ext_id, visible, at)
        if found is not None:
            self._keep(Action.CUSTOMER_READ, user, [found])
        return found

    def history(
        self, ext_id: str, unit: str | None, user: User, *, below: int | None, limit: int
    ) -> Sequence[VersionChange] | None:
        """Newest first, the versions below `below` or all, at most `limit`; None where there is no such customer.

        Raises `UnitRequiredError`.
        """
        visible = self._visible_unit(unit, user)
        # One more, to tell what the last one of the page changed.
        found = [] if visible is None else self._store.versions(ext_id, visible, below=below, limit=limit + 1)
        changed = [diff_documents(before.document, after.document) for after, before in pairwise(found)]
        if len(found) <= limit:
            changed.append([WHOLE_DOCUMENT])
        if found:
            self._keep(Action.HISTORY_READ, user, found[:limit])
        return [VersionChange(*pair) for pair in zip(found, changed, strict=False)] or None

    def _visible_unit(self, unit: str | None, user: User) -> str | None:
        """The unit that is meant, None where the user may not see it. Raises `UnitRequiredError`."""
        is_admin = user.role is Role.ADMIN
        units = BusinessUnits.for_user(self._units(), () if is_admin else user.business_units)
        meant = units.default if unit is None else unit
        if meant is None:
            raise UnitRequiredError
        # An admin may ask for units that the installation has no longer.
        return meant if is_admin or meant in units.allowed else None

    def _keep(self, action: Action, user: User, read: Sequence[CustomerVersion]) -> None:
        first = read[0]
        details: Details = {"businessUnit": first.business_unit, "version": first.version, "versions": len(read)}
        self._trail.append(AuditEvent(user.name, action, first.customer_ext_id, details))

    def _view(self, user: User) -> Visibility:
        return Visibility.of(user, self._units())
