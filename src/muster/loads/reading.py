"""Loads as users see them: their state, their parts, their refused rows and their results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Protocol
from uuid import UUID

import msgspec

from muster.audit.events import Action
from muster.auth.read_audit import ReadAudit, RefusalReason
from muster.auth.users import User
from muster.customer import BusinessUnits
from muster.loads.load_store import ALL_LOADS, FINAL_STATES, Load, LoadListFilter, LoadState, LoadStore, Part
from muster.loads.refused_rows import RefusedRow, unpack_refused_rows
from muster.loads.rows import Layout
from muster.records.paging import Page
from muster.records.visibility import UnitSource, Visibility

# In place of what a sender of other business units has named.
WITHHELD_NAME: Final = "name withheld: of another business unit"
# A batch has no more results: the largest chunk of a load.
_ALL_RESULTS: Final = 1_000_000


class LoadConflictError(Exception):
    """The state of the load does not allow this. The text says why, and what to do."""


class LoadNotEndedError(LoadConflictError):
    """The load has not ended yet."""


class ResultReader(Protocol):
    """Reads the results of a batch that a user may see, without an entry of its own; see `BatchReader`."""

    def find_results(self, batch_id: UUID, user: User, *, start: int, limit: int) -> Page[msgspec.Raw, int] | None: ...


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """The refused rows of a load, and how its file is laid out."""

    layout: Layout
    rows: Iterator[RefusedRow]


class LoadReader:
    """Reads loads for users. None stands for what does not exist and for what the user may not see.

    Who may see the batches of a sender may see its loads, without what a sender of other business units has named: the
    file, its sheet, and the mapping. The refused rows hold customers whose business unit is not known, so they are
    visible to their sender and to an admin alone.
    """

    def __init__(self, store: LoadStore, results: ResultReader, units: UnitSource, audit: ReadAudit) -> None:
        self._store = store
        self._results = results
        self._units = units
        self._audit = audit

    def load(self, load_id: UUID, user: User) -> Load | None:
        return self._find_load(load_id, user, "load")

    def loads(
        self, user: User, wanted: LoadListFilter = ALL_LOADS, *, before: UUID | None, limit: int
    ) -> Page[Load, UUID]:
        """At most `limit` loads that precede the load `before`, newest first."""
        # One more than the page holds tells whether there is another page.
        visibility = self._get_visibility(user)
        found = self._store.list(wanted, sender=visibility.sender, before=before, limit=limit + 1)
        shown = [self._withhold_names(load, visibility) for load in found[:limit]]
        return Page(shown, found[limit - 1].id if len(found) > limit else None)

    def parts(self, load_id: UUID, user: User) -> Sequence[Part] | None:
        """The parts that were received; none are left of a load that has ended."""
        return self._store.parts(load_id) if self._find_load(load_id, user, "parts") else None

    def refused(self, load_id: UUID, user: User) -> RefusedFile | None:
        """The refused rows, which the audit log notes. Also None when they are no longer kept.

        Raises `LoadNotEndedError`.
        """
        load = self._find_load(load_id, user, "refused rows")
        if load is None:
            return None
        if not self.sees_refused(load, user):
            self._audit.record_refusal(user, "refused rows", str(load_id), RefusalReason.OTHER_SENDER)
            return None
        self._require_end(load)
        if load.layout is None or not load.has_refused:
            return None
        self._audit.record_read(user, Action.REFUSED_ROWS_READ, str(load.id), {"rows": load.totals.refused})
        return RefusedFile(load.layout, self._iterate_refused(load_id))

    def sees_refused(self, load: Load, user: User) -> bool:
        """Whether the user may see the refused rows of a load that it sees."""
        return self._get_visibility(user).includes(sender=load.sender, unit=None)

    def first_refused(self, load: Load, user: User, *, limit: int) -> RefusedFile | None:
        """The first refused rows of a load that the user sees, also before its end; the audit log notes their number.

        None when the user may not see them, which is no refused read, or when there are none.
        """
        if load.layout is None or not load.has_refused or not self.sees_refused(load, user):
            return None
        rows = list(islice(self._iterate_refused(load.id), limit))
        self._audit.record_read(user, Action.FIRST_REFUSED_ROWS_READ, str(load.id), {"rows": len(rows)})
        return RefusedFile(load.layout, iter(rows))

    def results(self, load_id: UUID, user: User) -> Iterator[Sequence[msgspec.Raw]] | None:
        """The results of the customers that were saved or rejected, in the order of the file, a batch at a time.

        Each result is JSON as a batch would have got it. Those of customers that the user may not see are omitted, and
        those of batches whose response is no longer stored. The audit log notes the download as a whole. Raises
        `LoadNotEndedError`. Also None for a dry run, which saves no results.
        """
        load = self._find_load(load_id, user, "results")
        if load is None or load.options.dry_run:
            return None
        self._require_end(load)
        batches = self._store.batches(load_id)
        self._audit.record_read(user, Action.LOAD_RESULTS_READ, str(load.id), {"batches": len(batches)})
        return self._iterate_results(batches, user)

    def _find_load(self, load_id: UUID, user: User, resource: str) -> Load | None:
        found, visibility = self._store.get(load_id), self._get_visibility(user)
        if found is None:
            return None
        if visibility.includes_sender(found.sender):
            return self._withhold_names(found, visibility)
        self._audit.record_refusal(user, resource, str(load_id), RefusalReason.OTHER_SENDER)
        return None

    def _withhold_names(self, load: Load, visibility: Visibility) -> Load:
        """The load as a reader sees it who has none of the business units that its sender had."""
        units = BusinessUnits.for_user(self._units(), load.business_units).allowed
        if any(visibility.includes(sender=load.sender, unit=unit) for unit in (None, *units)):
            return load
        return replace(load, name=WITHHELD_NAME, options=replace(load.options, sheet=None, mapping=None))

    def _iterate_refused(self, load_id: UUID) -> Iterator[RefusedRow]:
        for chunk in self._store.refused(load_id):
            yield from unpack_refused_rows(chunk.content)

    def _iterate_results(self, batches: Sequence[UUID], user: User) -> Iterator[Sequence[msgspec.Raw]]:
        for batch_id in batches:
            page = self._results.find_results(batch_id, user, start=0, limit=_ALL_RESULTS)
            if page is not None and page.items:
                yield page.items

    def _require_end(self, load: Load) -> None:
        if load.state not in FINAL_STATES:
            verb = "receives its file" if load.state is LoadState.RECEIVING else "is not done"
            raise LoadNotEndedError(f"the load still {verb}; ask again when it has ended")

    def _get_visibility(self, user: User) -> Visibility:
        return Visibility.for_user(user, self._units())
