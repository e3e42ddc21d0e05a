"""What the edge needs of the rooms behind it. All of it blocks, and is called by several threads at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from muster.auth.oidc.errors import TokenRejection
from muster.auth.users import User
from muster.intake.request import BatchOptions
from muster.intake.stage_timings import StageTimings
from muster.records.record_store import BatchSummary, Communication, CustomerVersion


class IntakeResultProtocol(Protocol):
    """What became of a batch. `body` is the JSON of the 200, `batch_id` None when nothing was written."""

    @property
    def body(self) -> bytes: ...

    @property
    def batch_id(self) -> UUID | None: ...

    @property
    def accepted(self) -> int: ...

    @property
    def rejected(self) -> int: ...

    @property
    def replayed(self) -> bool:
        """Whether this was the answer to the first request with the same key."""
        ...

    @property
    def codes(self) -> Mapping[str, int]:
        """How many customers were rejected with which code; none of a replay."""
        ...


class Intake(Protocol):
    def process(
        self,
        content: bytes | bytearray,
        sender: User,
        options: BatchOptions,
        stages: StageTimings,
    ) -> IntakeResultProtocol:
        """Tells `stages` how long each took, also when it raises.

        Raises `InvalidBatchError`, `TooManyCustomersError`, `KeyInProgressError` and `KeyReusedError`; anything else is a failure.
        """
        ...


class Records(Protocol):
    """None stands for what is not there, and for what the user may not see."""

    def communication(self, number: str, user: User) -> Communication | None: ...

    def batch(self, batch_id: UUID, user: User) -> BatchSummary | None: ...

    def batches(self, user: User, *, before: UUID | None, limit: int) -> Sequence[BatchSummary]:
        """Newest first."""
        ...

    def results(self, batch_id: UUID, user: User, *, start: int, limit: int) -> tuple[Sequence[Any], int | None] | None:
        """Results as they can be encoded in JSON, and the place to go on from, if any."""
        ...


class Change(Protocol):
    """A version, and RFC 6901 pointers to what is not as it was in the one before."""

    @property
    def version(self) -> CustomerVersion: ...

    @property
    def changed(self) -> Sequence[str]: ...


class Customers(Protocol):
    """None stands for what is not there, and for what the user may not see. Raises `UnitRequiredError`."""

    def customer(self, ext_id: str, unit: str | None, user: User, *, at: datetime | None) -> CustomerVersion | None:
        """As it is, or as it stood at that moment."""
        ...

    def history(
        self, ext_id: str, unit: str | None, user: User, *, below: int | None, limit: int
    ) -> Sequence[Change] | None:
        """Newest first."""
        ...


class ReadableRecords(Records, Customers, Protocol):
    """All that can be asked."""


class Access(Protocol):
    """None stands for every reason not to let somebody in. Raises what the store raises when it is away."""

    def verify_password(self, name: str, password: str) -> User | None: ...

    def verify_token(self, token: str) -> User | None: ...

    def record_failure(self, name: str | None, address: str) -> None:
        """Puts on record that wrong credentials came: of this user, or a token (None)."""
        ...


class Provider(Protocol):
    """Who has a token of an OpenID provider."""

    def verify(self, token: str) -> User | TokenRejection:
        """Raises `ProviderUnavailableError`."""
        ...


class Connections(Protocol):
    """Connections to the database."""

    @property
    def in_use(self) -> int: ...

    @property
    def maximum(self) -> int:
        """How many may be in use."""
        ...


class Titles(Protocol):
    @property
    def titles(self) -> Mapping[str, Mapping[str, str]]:
        """Classifier -> code -> title."""
        ...


class Classifiers(Protocol):
    def current(self) -> Titles: ...


@dataclass(frozen=True, slots=True)
class Services:
    """All that stands behind the edge; with a `provider`, its tokens are taken too.

    `connections` does not block; `close` is called when the last work is done.
    """

    intake: Intake
    access: Access
    classifiers: Classifiers
    records: ReadableRecords
    provider: Provider | None
    ready: Callable[[], bool]
    connections: Callable[[], Connections]
    close: Callable[[], None]
