"""Searching batches and rejections, and reports of them, for users."""

from collections.abc import Sequence
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
    Rejection,
    RejectionCount,
    RejectionKey,
)
from muster.records.record_store import BatchSummary
from muster.records.visibility import UnitSource, Visibility

MAX_REPORT_DAYS: Final = 366
MAX_REPORT_ROWS: Final = 20_000


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

    def _get_visibility(self, user: User) -> Visibility:
        return Visibility.for_user(user, self._units())


def _describe(page: Page[Rejection, RejectionKey]) -> Details:
    """How many rejections were shown, and of which batches at both ends."""
    if not page.items:
        return {"rejections": 0}
    newest, oldest = page.items[0].key.batch_id, page.items[-1].key.batch_id
    return {"rejections": len(page.items), "newestBatch": str(newest), "oldestBatch": str(oldest)}
