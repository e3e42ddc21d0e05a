"""Stand-ins for the rooms behind the edge, and the application with them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from litestar import Litestar

from muster.access.ports import Role, User
from muster.settings import Settings
from muster.web.app import make_app

SAVE = "/amlyze-ws-rest/batch-customers"
VALIDATE = "/amlyze-ws-rest/validate-batch-customers"
BODY = b'{"resultType":"REQUEST_ACCEPTED","results":[],"timeElapsedMs":1}'
BATCH = b'{"customers":[]}'
ANNA = ("anna", "pässwörd")
RITA = ("rita", "reads only")
TOKEN = "good-token"


@dataclass(frozen=True)
class Told:
    body: bytes
    batch_id: UUID | None
    accepted: int
    rejected: int


class FakeIntake:
    """Remembers what it was given. `does` is called with the content, to raise or to wait."""

    def __init__(self, does: Callable[[bytes], object] = lambda content: None) -> None:
        self.does = does
        self.taken: list[bytes] = []
        self.asked: list[tuple[str, bool, bool]] = []
        self.batch_ids: list[UUID] = []

    def take(self, content: bytes | bytearray, sender: User, *, save: bool, detail: bool) -> Told:
        self.taken.append(bytes(content))
        self.asked.append((sender.name, save, detail))
        self.does(bytes(content))
        batch_id = uuid4() if save else None
        self.batch_ids += [batch_id] if batch_id else []
        return Told(BODY, batch_id, 2, 1)


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

    def basic(self, name: str, password: str) -> User | None:
        self._ask()
        roles = {ANNA: Role.SUBMIT, RITA: Role.READ}
        role = roles.get((name, password))
        return User(name, role) if role else None

    def bearer(self, token: str) -> User | None:
        self._ask()
        return User("tom", Role.ADMIN) if token == TOKEN else None

    def _ask(self) -> None:
        self.asked += 1
        if self.broken:
            raise RuntimeError("the database says: Garcia")


@dataclass(frozen=True)
class FakeTitles:
    titles: Mapping[str, Mapping[str, str]]


class FakeClassifiers:
    def current(self) -> FakeTitles:
        return FakeTitles({"country": {"LT": "Lithuania", "CI": "Côte d'Ivoire"}, "legalForm": {}})


def application(
    intake: FakeIntake | None = None,
    access: FakeAccess | None = None,
    ready: Callable[[], bool] = lambda: True,
    on_shutdown: Callable[[], None] = lambda: None,
    **settings: Any,
) -> Litestar:
    return make_app(
        intake or FakeIntake(),
        access or FakeAccess(),
        FakeClassifiers(),
        ready=ready,
        settings=Settings(**settings),
        on_shutdown=on_shutdown,
    )
