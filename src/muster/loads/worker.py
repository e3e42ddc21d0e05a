"""Workers: threads of the service that run loads, one at a time each, on any node."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from muster.audit.events import AuditSink
from muster.intake.checkpoint import LeaseLostError, Totals
from muster.loads.job import LoadJob
from muster.loads.lease import LEASE_DURATION
from muster.loads.load_events import build_end_event
from muster.loads.load_store import FINAL_STATES, Load, LoadState, LoadStore
from muster.loads.observer import LoadObserver
from muster.loads.pace import Pace
from muster.loads.rows import InvalidFileError

_INTERNAL_PROBLEM: Final = "an internal error; the service's log has it under the id of this load"


@dataclass(frozen=True, slots=True)
class WorkerTimes:
    """`poll` is how often a worker without a load asks for one that another process has started.

    A load whose worker has died is taken over after `lease`, and a `poll`.
    """

    poll: timedelta = timedelta(seconds=5)
    lease: timedelta = LEASE_DURATION


@dataclass(frozen=True, slots=True)
class LoadEnvironment:
    """What workers need beside the job.

    `is_passing` says whether an error passes by itself, as that of a database that is unavailable: the load waits.
    `reasons` are the errors whose text tells the sender why its load failed. `keeps_refused` is False where refused
    rows are deleted when a load ends.
    """

    store: LoadStore
    audit: AuditSink
    is_passing: Callable[[Exception], bool]
    reasons: tuple[type[Exception], ...] = (InvalidFileError,)
    keeps_refused: bool = True
    times: WorkerTimes = WorkerTimes()


class LoadWorker:
    """Runs the loads that wait, until it is stopped. `run_next` is the whole work of its thread."""

    def __init__(self, job: LoadJob, environment: LoadEnvironment, observer: LoadObserver, pace: Pace) -> None:
        self._job = job
        self._environment = environment
        self._store = environment.store
        self._observer = observer
        self._pace = pace
        self._wake = threading.Event()
        self._stopping = threading.Event()

    def wake(self) -> None:
        """A load may wait."""
        self._wake.set()

    def stop(self) -> None:
        """Lets the worker end after the chunk that it is at."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Runs until `stop`. Never raises."""
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                has_run = self.run_next()
            except Exception as error:
                self._observer.record_error(error, None)
                has_run = False
            if not has_run and not self._stopping.is_set():
                self._wake.wait(self._environment.times.poll.total_seconds())

    def run_next(self) -> bool:
        """Runs a load, if one waits. False when none does, or when the load can't go on now.

        Raises errors of the store.
        """
        lease = uuid4()
        load = self._store.lease_next(lease, self._environment.times.lease)
        if load is None:
            return False
        self._observer.record_start(load)
        try:
            return self._run(load, lease)
        except LeaseLostError:
            self._observer.record_pause(load, "lease_lost")
            return True

    def _run(self, load: Load, lease: UUID) -> bool:
        try:
            with self._pace.running():
                last = self._job.run(
                    load,
                    lease,
                    on_progress=_Progress(load, self._observer),
                    should_stop=self._stopping.is_set,
                    wrap=self._pace.wrap,
                )
        except LeaseLostError:
            raise
        except self._environment.reasons as error:
            self._fail(load, lease, str(error))
            return True
        except Exception as error:
            self._observer.record_error(error, load)
            if self._environment.is_passing(error):
                self._give_back(load, lease, "unavailable")
                return False
            self._fail(load, lease, _INTERNAL_PROBLEM)
            return True
        if last.state in FINAL_STATES:
            self._note_end(load)
        else:
            self._give_back(load, lease, "stopped")
        return True

    def _fail(self, load: Load, lease: UUID, problem: str) -> None:
        # The runner has given the lease back.
        if self._store.lease(load.id, lease, self._environment.times.lease) is None:
            raise LeaseLostError
        self._store.finish(load.id, lease, LoadState.FAILED, content_sha256=None, problem=problem)
        self._note_end(load)

    def _note_end(self, load: Load) -> None:
        if not self._environment.keeps_refused:
            self._store.delete_refused(load.id)
        ended = self._store.get(load.id) or load
        self._environment.audit.append(build_end_event(ended))
        self._observer.record_end(ended)

    def _give_back(self, load: Load, lease: UUID, reason: str) -> None:
        self._store.release(load.id, lease)
        self._observer.record_pause(load, reason)


class _Progress:
    """Tells the observer what each chunk adds."""

    def __init__(self, load: Load, observer: LoadObserver) -> None:
        self._last = load
        self._observer = observer

    def __call__(self, load: Load) -> None:
        if load.options.dry_run != self._last.options.dry_run:  # the file is judged first, or was judged
            self._last = replace(load, totals=Totals())
        self._observer.record_progress(self._last, load)
        self._last = load
