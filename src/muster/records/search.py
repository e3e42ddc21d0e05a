"""Searching batches and rejections, and reports of them, for users."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from muster.audit.events import Action, Details
from muster.auth.read_audit import ReadAudit
from muster.auth.users import User
from muster.records.paging import Page
from muster.records.record_filter import (
    CustomerCount,
    RecordFilter,
    RecordSearchStore,
    RecordTotals,
    Rejection,
    RejectionCount,
    RejectionKey,
)
from muster.records.record_store import BatchSummary
from muster.records.visibility import UnitSource, Visibility

MAX_REPORT_DAYS: Final = 366
MAX_REPORT_ROWS: Final = 20_000
EXPORT_GROUP: Final = 1_000


class ReportTooLargeError(Exception):
    """The report has more than `MAX_REPORT_ROWS` rows."""


@dataclass(frozen=True, slots=True)
class RejectionReport:
    """Rejected customers by day, code, sender and unit, and all customers by day, sender and unit."""

    since: datetime
    until: datetime
    rejections: Sequence[RejectionCount]
    customers: Sequence[CustomerCount]


class RecordSearch:
    """Searches for users. What a user may not see does not exist for it.

    Every page of rejections is in the audit log before it is returned.
    """

    def __init__(
        self, store: RecordSearchStore, units: UnitSource, audit: ReadAudit, *, max_report_rows: int = MAX_REPORT_ROWS
    ) -> None:
        self._store = store
        self._units = units
        self._audit = audit
        self._max_report_rows = max_report_rows

    def batches(self, wanted: RecordFilter, user: User, *, before: UUID | None, limit: int) -> Page[BatchSummary, UUID]:
        """At most `limit` batches that precede the batch `before`, newest first."""
        # One more than the page holds tells whether there is another page.
        found = self._store.batches(wanted, self._get_visibility(user), before=before, limit=limit + 1)
        return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)

    def rejections(
        self, wanted: RecordFilter, user: User, *, after: RejectionKey | None, limit: int
    ) -> Page[Rejection, RejectionKey]:
        """At most `limit` rejections that follow `after`, newest batch first, in a batch by index."""
        page = self._store.rejections(wanted, self._get_visibility(user), after=after, limit=limit)
        self._audit.record_read(user, Action.REJECTIONS_READ, wanted.customer_ext_id or "", _describe(page))
        return page

    def export(self, wanted: RecordFilter, user: User) -> Iterator[Sequence[Rejection]]:
        """All rejections, newest batch first, in groups of at most `EXPORT_GROUP`.

        The audit log notes the export as a whole, with its filter, before the first group.
        """
        self._audit.record_read(
            user, Action.REJECTIONS_EXPORTED, wanted.customer_ext_id or "", _describe_filter(wanted)
        )
        return self._iterate_groups(wanted, self._get_visibility(user))

    def report(self, wanted: RecordFilter, user: User, since: datetime, until: datetime) -> RejectionReport:
        """Counts what `wanted` selects. `until` is at most `MAX_REPORT_DAYS` after `since`.

        Raises `ReportTooLargeError`.
        """
        if until - since > timedelta(days=MAX_REPORT_DAYS):
            raise ReportTooLargeError
        visibility, limit = self._get_visibility(user), self._max_report_rows + 1
        rejections, customers = self._store.count(wanted, visibility, limit=limit)
        if len(rejections) + len(customers) > self._max_report_rows:
            raise ReportTooLargeError
        return RejectionReport(since, until, rejections, customers)

    def totals(self, wanted: RecordFilter, user: User, *, limit: int) -> RecordTotals:
        """Adds up what `wanted` selects of what the user may see, with at most `limit` codes and senders.

        Names no customer, so it leaves no entry.
        """
        return self._store.totals(wanted, self._get_visibility(user), limit=limit)

    def _iterate_groups(self, wanted: RecordFilter, visibility: Visibility) -> Iterator[Sequence[Rejection]]:
        after: RejectionKey | None = None
        while True:
            page = self._store.rejections(wanted, visibility, after=after, limit=EXPORT_GROUP)
            yield page.items
            if page.next is None:
                return
            after = page.next

    def _get_visibility(self, user: User) -> Visibility:
        return Visibility.for_user(user, self._units())


def _describe(page: Page[Rejection, RejectionKey]) -> Details:
    """How many rejections were shown, and of which batches at both ends."""
    if not page.items:
        return {"rejections": 0}
    newest, oldest = page.items[0].key.batch_id, page.items[-1].key.batch_id
    return {"rejections": len(page.items), "newestBatch": str(newest), "oldestBatch": str(oldest)}


def _describe_filter(wanted: RecordFilter) -> Details:
    """What was asked for, without the communication number: the log has one identifier of a customer at most."""
    criteria = {
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": wanted.until.isoformat() if wanted.until else None,
        "sender": wanted.sender,
        "code": wanted.code,
        "businessUnit": wanted.business_unit,
        "load": str(wanted.load_id) if wanted.load_id else None,
        "batch": str(wanted.batch_id) if wanted.batch_id else None,
    }
    return {name: value for name, value in criteria.items() if value is not None}
