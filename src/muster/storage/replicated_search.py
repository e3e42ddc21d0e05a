"""Searches and reports on a read replica, if it is fresh enough.

What names one batch, load or customer is read from the primary: it is found by key, and asked for by those who have
just saved it.
"""

from collections.abc import Sequence
from uuid import UUID

from muster.records.code_uses import CurrentCustomer, CurrentCustomerStore
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
from muster.records.visibility import Visibility
from muster.storage.postgres.replica import Replica


class ReplicatedSearch:
    """A `RecordSearchStore`."""

    def __init__(self, replica: Replica, on_replica: RecordSearchStore, on_primary: RecordSearchStore) -> None:
        self._replica = replica
        self._on_replica = on_replica
        self._on_primary = on_primary

    def batches(
        self, wanted: RecordFilter, visibility: Visibility, *, before: UUID | None, limit: int
    ) -> Sequence[BatchSummary]:
        def read(store: RecordSearchStore) -> Sequence[BatchSummary]:
            return store.batches(wanted, visibility, before=before, limit=limit)

        if _names_one(wanted):
            return read(self._on_primary)
        return self._replica.read(lambda: read(self._on_replica), lambda: read(self._on_primary))

    def rejections(
        self, wanted: RecordFilter, visibility: Visibility, *, after: RejectionKey | None, limit: int
    ) -> Page[Rejection, RejectionKey]:
        def read(store: RecordSearchStore) -> Page[Rejection, RejectionKey]:
            return store.rejections(wanted, visibility, after=after, limit=limit)

        if _names_one(wanted):
            return read(self._on_primary)
        return self._replica.read(lambda: read(self._on_replica), lambda: read(self._on_primary))

    def count(
        self, wanted: RecordFilter, visibility: Visibility, *, limit: int
    ) -> tuple[Sequence[RejectionCount], Sequence[CustomerCount]]:
        return self._replica.read(
            lambda: self._on_replica.count(wanted, visibility, limit=limit),
            lambda: self._on_primary.count(wanted, visibility, limit=limit),
        )

    def totals(self, wanted: RecordFilter, visibility: Visibility, *, limit: int) -> RecordTotals:
        return self._replica.read(
            lambda: self._on_replica.totals(wanted, visibility, limit=limit),
            lambda: self._on_primary.totals(wanted, visibility, limit=limit),
        )


class ReplicatedCustomers:
    """A `CurrentCustomerStore`, for looks through all customers."""

    def __init__(self, replica: Replica, on_replica: CurrentCustomerStore, on_primary: CurrentCustomerStore) -> None:
        self._replica = replica
        self._on_replica = on_replica
        self._on_primary = on_primary

    def current_customers(
        self, *, after: tuple[str, str] | None, limit: int, max_bytes: int
    ) -> Sequence[CurrentCustomer]:
        return self._replica.read(
            lambda: self._on_replica.current_customers(after=after, limit=limit, max_bytes=max_bytes),
            lambda: self._on_primary.current_customers(after=after, limit=limit, max_bytes=max_bytes),
        )


def _names_one(wanted: RecordFilter) -> bool:
    return wanted.has_identifier or wanted.load_id is not None or wanted.batch_id is not None
