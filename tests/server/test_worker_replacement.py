"""Workers are replaced one by one, and a stop waits for none of it."""

import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from uvicorn.supervisors.multiprocess import SIGNALS

from muster.observability import multiprocess
from muster.server.run import APP, configure
from muster.server.workers import Workers
from muster.settings import Settings


@dataclass(eq=False)
class FakeWorker:
    """A worker that ends when it is told to, unless `stays`, and is ready at once, unless it dies."""

    pid: int
    stays: bool = False
    dies: bool = False
    on_wait: Callable[[], None] = lambda: None
    told: list[str] = field(default_factory=list)
    exitcode: int | None = None

    @property
    def process(self) -> "FakeWorker":
        return self

    def is_alive(self, **_: Any) -> bool:
        return self.exitcode is None and not self.dies

    def is_ready(self, **_: Any) -> bool:
        self.on_wait()
        return True

    def terminate(self) -> None:
        self.told.append("terminate")
        if not self.stays:
            self.exitcode = 0

    def kill(self) -> None:
        self.told.append("kill")
        self.exitcode = -9

    def join(self, timeout: float | None = None) -> None:
        if timeout is None:
            self.told.append("join")
            self.exitcode = 0
        else:
            self.on_wait()


class FakeWorkers(Workers):
    """Starts those that it was given, one after the other."""

    def __init__(self, settings: Settings, *coming: FakeWorker) -> None:
        super().__init__(configure(APP, settings, factory=True), settings, socket.socket())
        self.sockets[0].close()
        self._coming = iter(coming)
        self.init_processes()

    def _started(self) -> Any:
        return next(self._coming)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """A supervisor takes all signals of its process."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def hang_up(workers: Workers) -> list[Any]:
    with structlog.testing.capture_logs() as events:
        workers.handle_hup()
    return [event for event in events if "logger" not in event]


def test_all_are_replaced_and_the_log_says_so() -> None:
    old, new = [FakeWorker(1), FakeWorker(2)], [FakeWorker(3), FakeWorker(4)]
    workers = FakeWorkers(Settings(workers=2), *old, *new)
    (event,) = hang_up(workers)
    assert event["event"] == "the workers were replaced"
    assert workers.processes == new
    assert [worker.told for worker in old] == [["terminate"]] * 2


def test_a_stop_does_not_wait_for_an_old_worker_and_forgets_none() -> None:
    busy, other, new = FakeWorker(1, stays=True), FakeWorker(2), FakeWorker(3)
    workers = FakeWorkers(Settings(workers=2), busy, other, new)
    busy.on_wait = lambda: workers.signal_queue.append(signal.SIGTERM)
    assert hang_up(workers) == []
    workers.terminate_all()
    workers.join_all()
    assert busy.told == ["terminate", "terminate", "join"]
    assert other.told == new.told == ["terminate", "join"]


def test_a_stop_does_not_wait_for_a_new_worker_and_forgets_none() -> None:
    one, other, new = FakeWorker(1), FakeWorker(2), FakeWorker(3)
    workers = FakeWorkers(Settings(workers=2), one, other, new)
    new.on_wait = lambda: workers.signal_queue.append(signal.SIGINT)
    assert hang_up(workers) == []
    workers.terminate_all()
    workers.join_all()
    assert one.told == other.told == new.told == ["terminate", "join"]


def test_a_new_worker_that_dies_leaves_the_others_and_is_not_counted(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    old, good, dies = [FakeWorker(1), FakeWorker(2)], FakeWorker(3), FakeWorker(4, dies=True)
    workers = FakeWorkers(Settings(workers=2, tls_cert=str(cert), tls_key=str(key)), *old, good, dies)
    good.on_wait = cert.unlink
    with multiprocess.multiprocess_dir(2):
        directory = Path(str(multiprocess.get_directory()))
        gauges = [directory / f"gauge_livesum_{worker.pid}.db" for worker in (good, dies)]
        for gauge in gauges:
            gauge.touch()
        (event,) = hang_up(workers)
        assert [gauge.exists() for gauge in gauges] == [True, False]
    assert (event["event"], event["replaced"]) == ("not all workers were replaced", "1 of 2")
    assert event["why"].startswith(f"there is no file {cert}")
    assert workers.processes == [good, old[1]]
    assert old[1].told == []
    assert dies.told == ["kill", "join"]
