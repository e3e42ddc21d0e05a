"""The service as `muster serve` runs it, with short leases: a load whose process was killed can go on soon.

Its processes are forked from one that has imported most of it, so that a killed one is back soon.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final

import psutil

# Imported before processes are forked; not `muster.web.app`, whose metrics need the environment of the service.
import muster.loads.formats
import muster.loads.mapping
import muster.web.loads
import muster.web.records  # noqa: F401
from faults.service import ServiceUnderTest
from muster.bootstrap import configure_logs, create_app
from muster.loads.worker import WorkerTimes
from muster.observability.multiprocess import mark_dead, multiprocess_dir
from muster.server.application import Service, run
from muster.server.listen import listen
from muster.settings import Settings

TIMES: Final = WorkerTimes(poll=timedelta(seconds=0.2), lease=timedelta(seconds=1.5))

_context = multiprocessing.get_context("forkserver")


class LoadingService(ServiceUnderTest):
    """A service with short leases, in a process group of its own."""

    def _start(self) -> psutil.Process:
        log = f"/proc/{os.getpid()}/fd/{self._log.fileno()}"
        process = _context.Process(target=_serve, args=(self._environment, log), daemon=True)
        process.start()
        started = psutil.Process(process.pid)
        with suppress(ProcessLookupError):
            while os.getpgid(started.pid) != started.pid:
                time.sleep(0.01)
        return started


def _serve(environment: Mapping[str, str], log: str) -> None:
    os.setpgid(0, 0)
    os.environ.update(environment)
    number = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(number, stream)
    settings = Settings.read()
    configure_logs(settings)
    with listen(settings.host, settings.port) as listener, multiprocess_dir(settings.workers):
        service = Service(
            partial(create_app, load_times=TIMES),
            listener,
            workers=settings.workers,
            drain_seconds=settings.drain_seconds,
            on_worker_exit=mark_dead,
        )
        sys.exit(run(service))
