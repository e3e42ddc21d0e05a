"""The threads of one process that work on loads: its workers, and the maintenance."""

import threading
import time
from collections.abc import Callable
from typing import Final

from muster.loads.job import LoadJob
from muster.loads.maintenance import LoadMaintenance, MaintenanceTimes
from muster.loads.observer import LoadObserver
from muster.loads.pace import Pace
from muster.loads.worker import LoadEnvironment, LoadWorker

# Gunicorn gives the application 30 seconds to end.
_STOP_SECONDS: Final = 25.0


class LoadBackground:
    """Belongs to one process: `start` it after a fork, and not again after `stop`."""

    def __init__(
        self,
        job: LoadJob,
        environment: LoadEnvironment,
        times: MaintenanceTimes,
        *,
        workers: int,
    ) -> None:
        self._job = job
        self._environment = environment
        self._times = times
        self._count = workers
        self._workers: list[LoadWorker] = []
        self._maintenance: LoadMaintenance | None = None
        self._threads: list[threading.Thread] = []

    def start(self, observer: LoadObserver, is_busy: Callable[[], bool]) -> None:
        """`is_busy` says whether requests are at work in this process, to which loads give way."""
        environment, pace = self._environment, Pace(is_busy)
        self._maintenance = LoadMaintenance(environment.store, environment.audit, observer, self._times)
        self._workers = [LoadWorker(self._job, environment, observer, pace) for _ in range(self._count)]
        # Daemons: a process that must end ends, and another one goes on with its loads.
        targets = [self._maintenance.run, *(worker.run for worker in self._workers)]
        self._threads = [threading.Thread(target=target, name="muster-loads", daemon=True) for target in targets]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """A load may wait. Any thread may call this."""
        for worker in self._workers:
            worker.wake()

    def request_stop(self) -> None:
        """Lets each load end after its chunk. Returns at once."""
        if self._maintenance is not None:
            self._maintenance.stop()
        for worker in self._workers:
            worker.stop()

    def stop(self) -> None:
        """Returns when the loads have ended or are given back, at the latest after `_STOP_SECONDS`.

        A load that takes longer for its chunk is taken over when its lease ends.
        """
        self.request_stop()
        end = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))
