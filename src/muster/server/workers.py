"""Several workers, and the process that watches over them: uvicorn's, which stops at once whatever it is doing."""

import logging
import signal
import socket
import time
from typing import Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from muster.cli.errors import CommandError
from muster.observability import multiprocess
from muster.observability.logs import log_event, log_warning
from muster.server.graceful_shutdown import Server
from muster.server.tls import READ_AGAIN, UNCHANGED, check_tls
from muster.settings import Settings

_STOPS: Final = frozenset({signal.SIGINT, signal.SIGTERM})

_log: Final = logging.getLogger("uvicorn.error")


class Worker(Process):
    """A process that serves."""

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = Server(self.config)
        return self._server

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        from muster import bootstrap

        # Before the certificate is read: what is wrong with it goes into the log.
        bootstrap.configure_logs(Settings.read())
        super().target(sockets)


class Workers(Multiprocess):
    """Worker processes, which SIGHUP replaces one after the other: by then each has read certificate and code anew."""

    def __init__(self, config: uvicorn.Config, settings: Settings, listener: socket.socket) -> None:
        super().__init__(config, sockets=[listener])
        self.interrupted = False
        self._settings = settings
        # Those that are not among `processes`: one that is to replace another, and those that are ending.
        self._beside: list[Process] = []

    def init_processes(self) -> None:
        self.processes = [self._started() for _ in range(self.processes_num)]

    def terminate_all(self) -> None:
        super().terminate_all()
        for worker in self._beside:
            worker.terminate()

    def join_all(self) -> None:
        super().join_all()
        for worker in self._beside:
            worker.join()

    def keep_subprocess_alive(self) -> None:
        """Looks after the workers, every half a second."""
        for place, worker in enumerate(self.processes):
            if self._told_to_stop():
                return
            if worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            self._kill(worker)
            if worker.exitcode == STARTUP_FAILURE:  # so would all others
                _log.error(f"Child process [{worker.pid}] failed to start, stopping the parent process.")
                self.should_exit.set()
                return
            _log.info(f"Child process [{worker.pid}] died")
            self.processes[place] = self._started()

    def handle_int(self) -> None:
        self.interrupted = True
        super().handle_int()

    def handle_hup(self) -> None:
        try:
            check_tls(self._settings)
        except CommandError as problem:
            log_warning(UNCHANGED, why=str(problem))
            return
        replaced = self._replace_all()
        if self._told_to_stop():
            return
        if replaced < len(self.processes):
            state = f"{replaced} of {len(self.processes)}"
            log_warning("not all workers were replaced", replaced=state, why=self._why_not_ready())
            return
        log_event("the workers were replaced")
        if self._settings.tls_cert is not None:
            log_event(READ_AGAIN)

    def handle_ttin(self) -> None:
        self.processes_num += 1
        self.processes.append(self._started())

    def handle_ttou(self) -> None:
        if self.processes_num > 1:
            self.processes_num -= 1
            self._retire(self.processes.pop())

    def _replace_all(self) -> int:
        """How many were replaced: not all when one does not get ready, or when the service is told to stop."""
        for place, old in enumerate(self.processes):
            new = self._started()
            self._beside.append(new)
            ready = self._gets_ready(new)
            if self._told_to_stop():
                return place
            self._beside.remove(new)
            if not ready:
                self._kill(new)
                return place
            self.processes[place] = new
            self._retire(old)
            if self._told_to_stop():
                return place + 1
        return len(self.processes)

    def _started(self) -> Process:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker

    def _gets_ready(self, worker: Process) -> bool:
        last = time.monotonic() + self.config.timeout_worker_healthcheck
        while time.monotonic() < last and worker.process.is_alive() and not self._told_to_stop():
            if worker.is_ready(timeout=1):
                return True
            time.sleep(0.1)
        return False

    def _retire(self, worker: Process) -> None:
        """Waits for its end, but not when the service is told to stop."""
        self._beside.append(worker)
        worker.terminate()
        while worker.process.is_alive():
            if self._told_to_stop():
                return
            worker.process.join(0.2)
        self._beside.remove(worker)
        _forget(worker)

    def _kill(self, worker: Process) -> None:
        worker.kill()
        worker.join()
        _forget(worker)

    def _told_to_stop(self) -> bool:
        # Signals are handled between two looks at the workers; one that waits already counts.
        return self.should_exit.is_set() or not _STOPS.isdisjoint(self.signal_queue)

    def _why_not_ready(self) -> str:
        try:
            check_tls(self._settings)
        except CommandError as problem:
            return str(problem)
        return "a new worker did not get ready"


def _forget(worker: Process) -> None:
    if worker.pid is not None:
        multiprocess.mark_dead(worker.pid)
