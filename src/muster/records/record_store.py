"""The records (batches, communications, customer versions) and the store that reading them needs. All times are UTC."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Communication:
    """An accepted communication number: the customer version that it carried, and the batch that it came in."""

    communication_number: str
    customer_ext_id: str
    business_unit: str
    version: int
    batch_id: UUID
    accepted_at: datetime
    accepted_by: str  # the user who sent the batch


@dataclass(frozen=True, slots=True)
class CustomerVersion(Communication):
    """A communication and the customer that it carried."""

    document: bytes  # JSON, UTF-8


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A saved batch, with the numbers of its accepted and rejected customers.

    A chunk of a load has the load and its rows in the file; the batch of a request has None.
    """

    id: UUID
    received_at: datetime
    sender: str
    accepted: int
    rejected: int
    load_id: UUID | None = None
    first_row: int | None = None
    last_row: int | None = None
    warnings: int | None = None  # null for batches that code before 0.3 has saved

    def get_row(self, index: int) -> int | None:
        """The row in the file of the customer with this index; None for a request, and where it is not known.

        It is known where each row of the chunk is one customer: as many customers as numbers of rows. Otherwise some
        rows are blank, or a customer has several.
        """
        if self.first_row is None or self.last_row is None:
            return None
        is_one_to_one = self.last_row - self.first_row + 1 == self.accepted + self.rejected
        return self.first_row + index if is_one_to_one else None


class RecordStore(Protocol):
    """Reads without any check of permissions. None stands for what does not exist."""

    def communication(self, number: str) -> Communication | None: ...

    def batch(self, batch_id: UUID) -> BatchSummary | None: ...

    def customer(self, ext_id: str, unit: str, at: datetime | None) -> CustomerVersion | None:
        """The current version or, with `at`, the latest version whose batch was received by then."""
        ...

    def version(self, ext_id: str, unit: str, number: int) -> CustomerVersion | None: ...

    def customer_units(self, ext_id: str, units: Set[str] | None) -> Sequence[str]:
        """The units that have a customer with this identifier, sorted: of `units`, or of all for None."""
        ...

    def replacement(self, ext_id: str, unit: str, version: int) -> Communication | None:
        """What replaced this version, without its document; None for the current version."""
        ...

    def versions(
        self, ext_id: str, unit: str, *, below: int | None, limit: int, max_bytes: int
    ) -> Sequence[CustomerVersion]:
        """At most `limit` versions, newest first; with `below`, only versions with a lower number.

        Stops after two or more documents when they reach `max_bytes` together, and reads no more documents than it
        returns, apart from a few that are on their way from the database.
        """
        ...

    def response(self, batch_id: UUID) -> bytes | None:
        """The content of the 200 response to the batch; None when it is no longer stored."""
        ...
