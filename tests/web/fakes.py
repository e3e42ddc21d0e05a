"""Stand-ins for the rooms behind the edge, and the application with them."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Litestar

from muster.auth.users import Role, User
from muster.intake.request import BatchOptions
from muster.intake.stage_timings import StageTimings
from muster.observability.observers import RequestObserver
from muster.records.reading import UnitRequiredError, VersionChange
from muster.records.record_store import BatchSummary, Communication, CustomerVersion
from muster.settings import Settings
from muster.storage.pool import ConnectionUsage
from muster.web.app import make_app
from muster.web.ports import Provider, Services

SAVE = "/amlyze-ws-rest/batch-customers"
VALIDATE = "/amlyze-ws-rest/validate-batch-customers"
BODY = b'{"resultType":"REQUEST_ACCEPTED","results":[],"timeElapsedMs":1}'
BATCH = b'{"customers":[]}'
ANNA = ("anna", "pässwörd")
RITA = ("rita", "reads only")
WATCHER = ("prometheus", "watches only")
TOKEN = "good-token"
BATCH_ID = UUID("01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90")
VERSION = CustomerVersion(
    "n", "c/1", "MAIN", 2, BATCH_ID, datetime(2024, 5, 26, tzinfo=UTC), "anna", b'{"firstName":"Jose","amount":0.10}'
)
RECORD = BatchSummary(BATCH_ID, datetime(2024, 5, 26, tzinfo=UTC), "anna", 2, 1)


@dataclass(frozen=True)
class Told:
    body: bytes
    batch_id: UUID | None
    accepted: int
    rejected: int
    replayed: bool = False
    codes: Mapping[str, int] = field(default_factory=dict)


class FakeIntake:
    """Remembers what it was given. `does` is called with the content, to raise or to wait."""

    def __init__(self, does: Callable[[bytes], object] = lambda content: None) -> None:
        self.does = does
        self.taken: list[bytes] = []
        self.asked: list[tuple[str, bool, bool]] = []
        self.batch_ids: list[UUID] = []
        self.keys: list[str | None] = []
        self.accept: list[int] = []

    def process(
        self,
        content: bytes | bytearray,
        sender: User,
        options: BatchOptions,
        stages: StageTimings,
    ) -> Told:
        """A key that was there before stands for a request that was answered."""
        key, save = options.idempotency_key, options.save
        replayed = key is not None and key in self.keys
        self.keys.append(key)
        self.accept.append(options.min_accepted_percent)
        self.taken.append(bytes(content))
        self.asked.append((sender.name, save, options.detail))
        with stages.decide:
            self.does(bytes(content))
        batch_id = uuid4() if save else None
        self.batch_ids += [batch_id] if batch_id else []
        return Told(BODY, batch_id, 2, 1, replayed, {} if replayed else {"C019": 1})


class Gate:
    """Work that waits until it is let through."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()
        self.passed = 0

    def __call__(self, content: bytes) -> None:
        self.entered.release()
        assert self.opened.wait(20)
        self.passed += 1

    def wait_for_entry(self) -> None:
        assert self.entered.acquire(timeout=20)


class FakeAccess:
    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.asked = 0
        self.refusals: list[tuple[str | None, str]] = []

    def verify_password(self, name: str, password: str) -> User | None:
        self._ask()
        roles = {ANNA: Role.SUBMIT, RITA: Role.READ, WATCHER: Role.WATCH}
        role = roles.get((name, password))
        return User(name, role) if role else None

    def verify_token(self, token: str) -> User | None:
        self._ask()
        return User("tom", Role.ADMIN) if token == TOKEN else None

    def record_failure(self, name: str | None, address: str) -> None:
        self.refusals.append((name, address))

    def _ask(self) -> None:
        self.asked += 1
        if self.broken:
            raise RuntimeError("the database says: Garcia")


class FakeRecords:
    """Has one batch and one communication, which only their sender may see; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def communication(self, number: str, user: User) -> Communication | None:
        self.asked.append(number)
        at = datetime(2024, 5, 26, tzinfo=UTC)
        return Communication("n/1", "c", "MAIN", 1, BATCH_ID, at, "anna") if user.name == "anna" else None

    def customer(self, ext_id: str, unit: str | None, user: User, *, at: datetime | None) -> CustomerVersion | None:
        self.asked.append((ext_id, unit, at))
        if unit == "WHICH":
            raise UnitRequiredError
        return VERSION if unit is None else None

    def history(
        self, ext_id: str, unit: str | None, user: User, *, below: int | None, limit: int
    ) -> list[VersionChange] | None:
        self.asked.append((ext_id, unit, below, limit))
        if unit == "WHICH":
            raise UnitRequiredError
        return [VersionChange(VERSION, ["/firstName"])] if unit is None else None

    def batch(self, batch_id: UUID, user: User) -> BatchSummary | None:
        self.asked.append(batch_id)
        return RECORD if (batch_id, user.name) == (BATCH_ID, "anna") else None

    def batches(self, user: User, *, before: UUID | None, limit: int) -> list[BatchSummary]:
        self.asked.append((before, limit))
        return [RECORD] * min(limit, 3)

    def results(self, batch_id: UUID, user: User, *, start: int, limit: int) -> tuple[list[Any], int | None] | None:
        self.asked.append((batch_id, start, limit))
        return ([msgspec.Raw(b'{"a":1.0}')], 7) if batch_id == BATCH_ID else None


@dataclass(frozen=True)
class FakeTitles:
    titles: Mapping[str, Mapping[str, str]]


class FakeClassifiers:
    def current(self) -> FakeTitles:
        return FakeTitles({"country": {"LT": "Lithuania", "CI": "Côte d'Ivoire"}, "legalForm": {}})


def application(
    intake: FakeIntake | None = None,
    access: FakeAccess | None = None,
    records: FakeRecords | None = None,
    provider: Provider | None = None,
    ready: Callable[[], bool] = lambda: True,
    on_shutdown: Callable[[], None] = lambda: None,
    connections: Callable[[], ConnectionUsage] = lambda: ConnectionUsage(3, 12),
    observers: Sequence[RequestObserver] = (),
    **settings: Any,
) -> Litestar:
    rooms = Services(
        intake or FakeIntake(),
        access or FakeAccess(),
        FakeClassifiers(),
        records or FakeRecords(),
        provider,
        ready,
        connections,
        on_shutdown,
    )
    return make_app(rooms, Settings(**settings), observers)
