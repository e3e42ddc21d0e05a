"""The port to the store of customers, and the types that the intake and the store exchange."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from muster.intake.checkpoint import Checkpoint
from muster.intake.idempotency import IdempotencyKey, StoredResponse
from muster.intake.large_body import ResponseBody
from muster.intake.write_plan import NO_WRITES, CustomerKey, WritePlan


@dataclass(frozen=True, slots=True)
class Known:
    """The numbers and the customers of a batch that the store has at one moment."""

    numbers: frozenset[str]  # communication numbers in use
    versions: dict[CustomerKey, int]  # existing customers, with their current version


def group_by_unit(customers: Iterable[CustomerKey]) -> dict[str, list[str]]:
    """The ids of the customers, by business unit."""
    ext_ids: dict[str, list[str]] = {}
    for unit, ext_id in customers:
        ext_ids.setdefault(unit, []).append(ext_id)
    return ext_ids


MORE_VIOLATIONS: Final = "MORE"
NOTHING_KNOWN: Final = Known(frozenset(), {})


@dataclass(frozen=True, slots=True)
class RejectedCustomer:
    """A rejected customer, as the store writes it: its index in the batch, its identifiers and its violations.

    Apart from the identifiers, it holds no value and no unknown field name of the customer. When there were more
    violations than it has, the last one has the code `MORE_VIOLATIONS` and points to the customer.
    """

    position: int
    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    violations: tuple[tuple[str, str], ...]  # (code, pointer); the first gives the result's errorCode


@dataclass(frozen=True, slots=True)
class Batch:
    """What the transaction of one request writes, except for the response. `warnings` is the number of warnings.

    `redacted_response` is stored with the batch instead of the response, which is then stored only for replays under
    the idempotency key; None when the response needs no redaction. `checkpoint` belongs to a batch of a load.
    """

    id: UUID
    received_at: datetime  # UTC
    sender: str
    plan: WritePlan = NO_WRITES
    rejected: Sequence[RejectedCustomer] = field(default=())
    idempotency_key: IdempotencyKey | None = None
    redacted_response: ResponseBody | None = None
    warnings: int = 0
    checkpoint: Checkpoint | None = None


class ConflictError(Exception):
    """The store has changed since the look-up: another request has used a number or has written a customer.

    Nothing of the batch was written; look up and decide again. A store raises this error for every database error that
    such a race can cause. The error may have another cause, too; then the next look-up finds nothing new.
    """


class CommitOutcome(StrEnum):
    """What became of a commit whose answer was lost."""

    SAVED = "saved"
    NOT_SAVED = "not_saved"  # for certain: the commit can't happen later either
    UNKNOWN = "unknown"


class StoreUnavailableError(Exception):
    """The store is unreachable, overloaded or broken. The same call may succeed later."""


class StoreBusyError(StoreUnavailableError):
    """Others held a lock for longer than this call may wait. The store works, and nothing was changed."""


class OutcomeUnknownError(Exception):
    """The answer to a commit was lost: the change may have been made or not. Of a batch, see `LostCommitError`."""


class LostCommitError(Exception):
    """The store has sent the commit of a batch and the answer was lost: the batch may be saved or not.

    `outcome` is what `Session.find_outcome` has found out since.
    """

    def __init__(self, batch_id: UUID, outcome: CommitOutcome = CommitOutcome.UNKNOWN) -> None:
        super().__init__("the answer to a commit was lost")
        self.batch_id = batch_id
        self.outcome = outcome


# The parameters are positional, so that each store can name them by what it does with them.
class Session(Protocol):
    """The store as one request sees it, over one connection."""

    def look_up(self, numbers: Collection[str], customers: Collection[CustomerKey], /) -> Known:
        """The numbers and customers that the store has: everything that was committed before the call."""
        ...

    def claim(self, key: IdempotencyKey, /) -> AbstractContextManager[StoredResponse | None]:
        """Locks the key over all processes and nodes, and gives the response that is stored under it.

        Raises `KeyInProgressError` when another request holds the lock. The lock of a process that dies is released.
        """
        ...

    def save(self, batch: Batch, response: ResponseBody, /) -> None:
        """Writes the batch and the response to it in one transaction. Returns after the durable commit.

        Raises `ConflictError`, `LeaseLostError` when the checkpoint of a load can't be written, and `LostCommitError`
        when nobody knows whether the commit happened; every other error means that nothing was saved.
        """
        ...

    def find_outcome(self, batch_id: UUID, /) -> CommitOutcome:
        """What became of the batch for which `save` raised `LostCommitError`. Never raises, and takes bounded time."""
        ...


class CustomerStore(Protocol):
    def session(self) -> AbstractContextManager[Session]: ...


class Sender(Protocol):
    """The user who sends a batch. The first of `business_units` is the user's default unit."""

    @property
    def name(self) -> str: ...

    @property
    def business_units(self) -> Sequence[str]: ...
