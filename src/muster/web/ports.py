"""What the edge needs of the rooms behind it. All of it blocks, and is called by several threads at a time."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from muster.access.ports import User


class Answer(Protocol):
    """What became of a batch. `body` is the JSON of the 200, `batch_id` None when nothing was written."""

    @property
    def body(self) -> bytes: ...

    @property
    def batch_id(self) -> UUID | None: ...

    @property
    def accepted(self) -> int: ...

    @property
    def rejected(self) -> int: ...


class Intake(Protocol):
    def take(self, content: bytes | bytearray, sender: User, *, save: bool, detail: bool) -> Answer:
        """Raises `NotABatch` and `TooManyCustomers`; anything else means that processing failed."""
        ...


class Access(Protocol):
    """None stands for every reason not to let somebody in. Raises what the store raises when it is away."""

    def basic(self, name: str, password: str) -> User | None: ...

    def bearer(self, token: str) -> User | None: ...


class Titles(Protocol):
    @property
    def titles(self) -> Mapping[str, Mapping[str, str]]:
        """Classifier -> code -> title."""
        ...


class Classifiers(Protocol):
    def current(self) -> Titles: ...
