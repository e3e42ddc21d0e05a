"""Events of worker processes: which were replaced as planned, and which died."""

from collections.abc import Callable
from typing import Any

from muster.observability.logs import log_event, log_warning


class WorkerEvents:
    """Gunicorn's hooks of the main process. `on_exit` gets the process id of each worker that has ended."""

    def __init__(self, on_exit: Callable[[int], None]) -> None:
        self._on_exit = on_exit
        self._workers: list[Any] = []  # gunicorn's, oldest first
        self._replaced: set[Any] = set()  # those that SIGHUP replaces
        self._leaving: set[Any] = set()

    def pre_fork(self, _arbiter: Any, worker: Any) -> None:
        self._workers.append(worker)

    def on_reload(self, _arbiter: Any) -> None:
        self._replaced = set(self._workers)
        self._leaving |= self._replaced

    def nworkers_changed(self, _arbiter: Any, new: int, old: int | None) -> None:
        """SIGTTOU ends the oldest worker."""
        if old is not None and new < old:
            self._leaving |= set(self._workers[: old - new])

    def on_stop(self) -> None:
        self._leaving |= set(self._workers)

    def child_exit(self, _arbiter: Any, worker: Any) -> None:
        self._on_exit(worker.pid)
        self._workers.remove(worker)
        if worker not in self._leaving:
            log_warning("worker_died", "a new one takes its place", pid=worker.pid)
        self._leaving.discard(worker)
        if worker in self._replaced:
            self._replaced.discard(worker)
            if not self._replaced:
                log_event("workers_replaced", "all workers are new ones")
