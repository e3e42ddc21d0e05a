"""Filters of batches and rejections, and the store that searches by them. All times are UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from muster.records.paging import Page
from muster.records.record_store import BatchSummary
from muster.records.visibility import Visibility


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """What a search selects; None selects everything.

    `since` and `until` bound the time of receipt, in whole milliseconds and without `until` itself. A rejection matches
    when all of the others match it; a batch matches when one of its customers, accepted or rejected, does. Only
    rejected customers have a code.
    """

    since: datetime | None = None
    until: datetime | None = None
    sender: str | None = None
    code: str | None = None
    business_unit: str | None = None
    customer_ext_id: str | None = None
    communication_number: str | None = None
    load_id: UUID | None = None
    batch_id: UUID | None = None

    @property
    def has_identifier(self) -> bool:
        return self.customer_ext_id is not None or self.communication_number is not None


class RejectionKey(NamedTuple):
    """What identifies a rejection, and where a page of rejections continues: after this one."""

    batch_id: UUID
    position: int  # the index of the customer in the batch


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rejected customer: where it came from, its identifiers, and all violations that are kept.

    `first_row` is its row in the file of the load. Identifiers that were refused themselves are None.
    """

    key: RejectionKey
    received_at: datetime
    sender: str
    load_id: UUID | None
    first_row: int | None
    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    violations: Sequence[tuple[str, str]]  # (code, pointer), in the order of the checks
    has_more_violations: bool


class RejectionCount(NamedTuple):
    """The rejected customers of one day, code, sender and unit.

    `rejected` have the code as their `errorCode`, so that they add up to all rejected customers; `mentioned` have it
    among their violations. `business_unit` is empty for customers without a known unit.
    """

    day: date
    code: str
    sender: str
    business_unit: str
    rejected: int
    mentioned: int


class CustomerCount(NamedTuple):
    """All customers of one day, sender and unit."""

    day: date
    sender: str
    business_unit: str
    accepted: int
    rejected: int


class DayTotal(NamedTuple):
    """The customers of one day."""

    day: date
    accepted: int
    rejected: int


class ErrorCodeTotal(NamedTuple):
    """The rejected customers that have the code as their `errorCode`, and those that have it among their violations."""

    code: str
    rejected: int
    mentioned: int


class SenderTotal(NamedTuple):
    """The customers of one sender."""

    sender: str
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class RecordTotals:
    """The customers of a period by day, oldest first, by code and by sender, the most frequent ones first."""

    days: Sequence[DayTotal]
    codes: Sequence[ErrorCodeTotal]
    senders: Sequence[SenderTotal]


class RecordSearchStore(Protocol):
    """Searches what is visible, newest first. A customer that is not visible makes no batch match."""

    def batches(
        self, wanted: RecordFilter, visibility: Visibility, *, before: UUID | None, limit: int
    ) -> Sequence[BatchSummary]:
        """At most `limit` batches that are older than the batch `before`."""
        ...

    def rejections(
        self, wanted: RecordFilter, visibility: Visibility, *, after: RejectionKey | None, limit: int
    ) -> Page[Rejection, RejectionKey]:
        """At most `limit` rejections; those of one batch in the order of the request.

        A page may hold fewer, or none, and still have a next one: a page reads a bounded number of rows.
        """
        ...

    def count(
        self, wanted: RecordFilter, visibility: Visibility, *, limit: int
    ) -> tuple[Sequence[RejectionCount], Sequence[CustomerCount]]:
        """At most `limit` counts of each kind, sorted. Customers have no code.

        Identifiers, loads and batches are ignored.
        """
        ...

    def totals(self, wanted: RecordFilter, visibility: Visibility, *, limit: int) -> RecordTotals:
        """Totals of a period; at most `limit` codes and senders. Identifiers and loads are ignored; only codes know a
        code.
        """
        ...
