"""What is on record, and what reading it needs of a store. All times are UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Communication:
    """A communication number that was accepted: which version of which customer it brought, in which batch."""

    communication_number: str
    customer_ext_id: str
    business_unit: str
    version: int
    batch_id: UUID
    accepted_at: datetime
    accepted_by: str  # the user that sent the batch


@dataclass(frozen=True, slots=True)
class CustomerVersion(Communication):
    """A communication with what it brought: a customer, as JSON in UTF-8."""

    document: bytes


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A batch that was judged and saved, with the number of its customers that were accepted and rejected."""

    id: UUID
    received_at: datetime
    sender: str
    accepted: int
    rejected: int


class RecordStore(Protocol):
    """What is not there gives None."""

    def communication(self, number: str) -> Communication | None: ...

    def batch(self, batch_id: UUID) -> BatchSummary | None: ...

    def batches(self, *, sender: str | None, before: UUID | None, limit: int) -> Sequence[BatchSummary]:
        """Newest first: those of one sender or of all, that came before the given one, at most so many."""
        ...

    def customer(self, ext_id: str, unit: str, at: datetime | None) -> CustomerVersion | None:
        """The current version or, with `at`, the latest one whose batch had arrived by then."""
        ...

    def versions(self, ext_id: str, unit: str, *, below: int | None, limit: int) -> Sequence[CustomerVersion]:
        """Newest first: all versions of the customer, or those below the given one, at most so many."""
        ...

    def answer(self, batch_id: UUID) -> bytes | None:
        """The body of the 200 that the batch was answered with, while it is kept."""
        ...
