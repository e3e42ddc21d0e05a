"""What the intake needs of a store, and the types that travel between them."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from muster.intake.idempotency import IdempotencyKey, StoredResponse

CustomerKey = tuple[str, str]  # (business unit, customerExtId): what identifies a customer


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of the numbers and customers of a batch at one moment."""

    numbers: frozenset[str]  # communication numbers that are taken
    versions: dict[CustomerKey, int]  # customers that exist, with their current version


NOTHING_KNOWN: Final = Known(frozenset(), {})


class AcceptedCustomer(NamedTuple):
    """An accepted customer, as it will be written.

    `version` is 1 for a new customer and one more than the version that it replaces for an update. A batch may hold
    several arrivals of one customer, with versions in sequence: the last one becomes the current one.
    """

    communication_number: str
    business_unit: str
    customer_ext_id: str
    version: int
    entity_type: str
    customer_status: str
    document: bytes  # JSON, UTF-8

    @property
    def key(self) -> CustomerKey:
        return self.business_unit, self.customer_ext_id


@dataclass(frozen=True, slots=True)
class RejectedCustomer:
    """A refused item: its place in the batch, the identifiers that its result echoes, and why, without values."""

    position: int
    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    violations: tuple[tuple[str, str], ...]  # (code, pointer), the first is the item's errorCode


@dataclass(frozen=True, slots=True)
class Batch:
    """One judged request: everything that its transaction writes but for its answer."""

    id: UUID
    received_at: datetime  # UTC
    sender: str
    accepted: Sequence[AcceptedCustomer] = ()
    rejected: Sequence[RejectedCustomer] = field(default=())
    idempotency_key: IdempotencyKey | None = None


class ConflictError(Exception):
    """What was looked up no longer holds: another request took a number or changed a customer in between.

    Nothing of the batch was written. Look up and judge again. A store raises it for every error of the database that
    such a race can cause, so it may also stand for another cause; then looking again finds nothing new.
    """


class Session(Protocol):
    """One connection's view of the store, for one request."""

    def look_up(self, numbers: Collection[str], customers: Collection[CustomerKey]) -> Known:
        """What is known of these numbers and customers now: everything that was committed before the call."""
        ...

    def claim(self, once: IdempotencyKey) -> AbstractContextManager[StoredResponse | None]:
        """Holds the key, over all processes and nodes, and gives what was answered to it before.

        Raises `KeyInProgressError` when another request holds it. A holder that dies lets go of it.
        """
        ...

    def save(self, batch: Batch, answer: Callable[[], bytes]) -> bytes:
        """Writes the batch in one transaction and returns after its durable commit; raises `ConflictError`.

        `answer` is asked for when all else is written, so that it can tell how long that took, or before it where all
        is written by one statement. It is kept with the batch, and given back.
        """
        ...


class CustomerStore(Protocol):
    def session(self) -> AbstractContextManager[Session]: ...


class Sender(Protocol):
    """Who sends a batch. The first of `business_units` is the sender's default unit."""

    @property
    def name(self) -> str: ...

    @property
    def business_units(self) -> Sequence[str]: ...
