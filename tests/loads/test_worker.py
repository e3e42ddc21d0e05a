"""Workers: they run what waits, give back what they can't end, and survive every error."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from muster.audit.events import Action
from muster.intake.service import generate_batch_id
from muster.loads.job import LoadJob
from muster.loads.load_store import Load, LoadOptions, LoadState, Part
from muster.loads.pace import Pace
from muster.loads.worker import LoadEnvironment, LoadWorker, WorkerTimes
from tests.loads.fakes import MemoryLoadStore, build_load
from tests.loads.service_fakes import (
    AuditList,
    Clock,
    EventList,
    FakeRunner,
    make_name_mapper,
    open_lines,
)


class PassingError(Exception):
    """As of a database that is unavailable."""


@dataclass
class Site:
    """A store, and what a worker needs beside it."""

    action: Callable[[str], object] = lambda text: None
    keeps_refused: bool = True
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.store = MemoryLoadStore(self.clock)
        self.runner = FakeRunner(self.store, self.action)
        self.audit, self.observer = AuditList(), EventList()
        self.worker = self.add_worker()

    def add_worker(self, runner: FakeRunner | None = None) -> LoadWorker:
        job = LoadJob(self.store, runner or self.runner, open_lines, make_name_mapper)
        environment = LoadEnvironment(
            self.store,
            self.audit,
            is_passing=lambda error: isinstance(error, PassingError),
            keeps_refused=self.keeps_refused,
            times=WorkerTimes(poll=timedelta(hours=1)),
        )
        return LoadWorker(job, environment, self.observer, Pace())

    def add(self, content: bytes, *, sender: str = "anna", sha256: bytes = b"") -> UUID:
        """A load that waits, in parts of 5 bytes."""
        load_id = generate_batch_id(self.clock())
        self.store.create(build_load(load_id, sender=sender))
        pieces = [content[start : start + 5] for start in range(0, len(content), 5)]
        for number, piece in enumerate(pieces, 1):
            self.store.add_part(load_id, Part(number, len(piece), b""), piece)
        assert self.store.start(load_id, size=len(content), content_sha256=sha256)
        return load_id

    def get(self, load_id: UUID) -> Load:
        load = self.store.get(load_id)
        assert load is not None
        return load

    def texts(self) -> list[str]:
        return [text for _, text in self.runner.saved]


def test_a_load_runs_to_its_end() -> None:
    site = Site()
    load_id = site.add(b"one\nrefused\nthree\n")
    assert site.worker.run_next()
    load = site.get(load_id)
    assert load.state is LoadState.COMPLETED
    assert (load.totals.rows, load.totals.accepted, load.totals.refused) == (3, 2, 1)
    assert site.runner.saved == [("anna", "one"), ("anna", "refused"), ("anna", "three")]
    assert site.store.parts(load_id) == []
    assert site.observer.events == [("start", 0), *[("progress", 1)] * 3, ("end", "completed")]
    (event,) = site.audit.events
    assert (event.actor, event.action, event.subject) == ("anna", Action.LOAD_ENDED, str(load_id))
    assert event.details == {"state": "completed", "rows": 3, "accepted": 2, "refused": 1}


def test_without_a_load_nothing_happens() -> None:
    site = Site()
    assert not site.worker.run_next()
    assert site.observer.events == []


def test_a_file_that_is_not_the_announced_one_fails_before_its_first_row() -> None:
    site = Site()
    right = site.add(b"one\n", sha256=hashlib.sha256(b"one\n").digest())
    wrong = site.add(b"two\n", sha256=hashlib.sha256(b"one\n").digest())
    while site.worker.run_next():
        pass
    assert site.get(right).state is LoadState.COMPLETED
    assert site.get(wrong).state is LoadState.FAILED
    assert "SHA-256" in (site.get(wrong).problem or "")
    assert site.texts() == ["one"]


def add_dry_run(site: Site, *, parts: int = 3) -> tuple[UUID, UUID]:
    """An upload of one row in each part, and a dry run of it that waits."""
    upload, dry_run = generate_batch_id(site.clock()), generate_batch_id(site.clock())
    site.store.create(build_load(upload))
    for number in range(1, parts + 1):
        site.store.add_part(upload, Part(number, 4, b""), b"row\n")
    site.store.create(build_load(dry_run, options=LoadOptions(dry_run=True), state=LoadState.WAITING, parts_of=upload))
    return upload, dry_run


def test_a_dry_run_of_an_upload_leaves_its_parts_for_the_load() -> None:
    site = Site()
    upload, dry_run = add_dry_run(site)
    assert site.worker.run_next()
    assert not site.worker.run_next()
    assert (site.get(dry_run).state, site.get(dry_run).totals.rows) == (LoadState.COMPLETED, 3)
    assert (site.get(upload).state, len(site.store.parts(upload))) == (LoadState.RECEIVING, 3)


def test_a_dry_run_whose_file_is_gone_fails_and_says_so() -> None:
    site = Site()
    upload, dry_run = add_dry_run(site)
    site.store.cancel(upload)
    assert site.worker.run_next()
    assert site.get(dry_run).state is LoadState.FAILED
    assert "its upload was cancelled" in (site.get(dry_run).problem or "")


def test_a_worker_that_stops_while_it_compares_the_file_gives_the_load_back() -> None:
    site = Site()
    load_id = site.add(b"one\n", sha256=b"other")
    site.worker.stop()
    assert site.worker.run_next()
    assert (site.get(load_id).state, site.texts()) == (LoadState.RUNNING, [])
    assert site.observer.events[-1] == ("pause", "stopped")


def test_an_invalid_file_fails_with_its_reason() -> None:
    site = Site()
    load_id = site.add(b"one\nbroken\n")
    assert site.worker.run_next()
    load = site.get(load_id)
    assert (load.state, load.problem) == (LoadState.FAILED, "row 2 can't be read")
    assert load.totals.accepted == 1
    assert site.audit.actions() == [Action.LOAD_ENDED]
    assert site.observer.errors == []


@pytest.mark.parametrize("error", [RuntimeError("Garcia"), MemoryError(), RecursionError(), KeyError("Garcia")])
def test_an_unexpected_error_fails_the_load_without_its_text(error: Exception) -> None:
    def fail(text: str) -> None:
        raise error

    site = Site(fail)
    load_id = site.add(b"one\n")
    assert site.worker.run_next()
    load = site.get(load_id)
    assert load.state is LoadState.FAILED
    assert load.problem is not None
    assert "Garcia" not in load.problem
    assert "internal error" in load.problem
    assert site.observer.errors == [error]


def test_an_unavailable_database_pauses_the_load_and_it_goes_on_later() -> None:
    outages = iter([False, True, False, False])

    def act(text: str) -> None:
        if next(outages):
            raise PassingError

    site = Site(act)
    load_id = site.add(b"one\ntwo\nthree\n")
    assert not site.worker.run_next()
    assert site.get(load_id).state is LoadState.RUNNING
    assert site.observer.events[-1] == ("pause", "unavailable")
    assert site.worker.run_next()
    assert site.get(load_id).state is LoadState.COMPLETED
    assert site.texts() == ["one", "two", "three"]


def test_a_stopped_worker_gives_its_load_back_after_the_chunk() -> None:
    site = Site()
    load_id = site.add(b"one\ntwo\nthree\n")

    def stop(text: str) -> None:
        stopped.stop()

    stopping = FakeRunner(site.store, stop)
    stopped = site.add_worker(stopping)
    assert stopped.run_next()
    assert [text for _, text in stopping.saved] == ["one"]
    assert site.get(load_id).state is LoadState.RUNNING
    assert site.observer.events[-1] == ("pause", "stopped")
    assert site.add_worker().run_next()  # at once, without waiting for the lease
    assert site.get(load_id).state is LoadState.COMPLETED
    assert site.texts() == ["two", "three"]


def test_the_load_of_a_dead_worker_is_taken_over_when_its_lease_has_ended() -> None:
    site = Site()
    load_id = site.add(b"one\ntwo\n")
    dead = UUID(int=1)
    assert site.store.lease_next(dead, timedelta(seconds=30)) is not None
    assert not site.worker.run_next()
    site.clock.advance(timedelta(seconds=31))
    assert site.worker.run_next()
    assert site.get(load_id).state is LoadState.COMPLETED


def test_a_cancelled_load_stops_its_worker() -> None:
    site = Site(lambda text: site.store.cancel(load_id) if text == "two" else None)
    load_id = site.add(b"one\ntwo\nthree\n")
    assert site.worker.run_next()
    assert site.get(load_id).state is LoadState.CANCELLED
    assert site.texts() == ["one"]
    assert site.observer.events[-1] == ("pause", "lease_lost")
    assert site.observer.errors == []


def test_refused_rows_that_are_not_kept_are_deleted_at_the_end() -> None:
    for keeps_refused in (True, False):
        site = Site(keeps_refused=keeps_refused)
        load_id = site.add(b"refused\n")
        assert site.worker.run_next()
        assert site.get(load_id).has_refused is keeps_refused


def test_the_thread_survives_errors_of_the_store_and_wakes_for_a_load() -> None:
    ended = threading.Event()
    site = Site(lambda text: ended.set())
    lease_next, errors = site.store.lease_next, iter([PassingError(), RuntimeError()])

    def fail_twice(lease: UUID, duration: timedelta) -> Load | None:
        if error := next(errors, None):
            raise error
        return lease_next(lease, duration)

    site.store.lease_next = fail_twice  # type: ignore[method-assign]
    thread = threading.Thread(target=site.worker.run)
    thread.start()
    site.add(b"one\n")
    while not ended.wait(0.01):
        site.worker.wake()
    site.worker.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert [type(error) for error in site.observer.errors] == [PassingError, RuntimeError]
