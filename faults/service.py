"""The service under test, which can be killed and restarted on the same port."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from benchmarks.databases import MUSTER, Database
from benchmarks.service import find_free_port
from muster.settings import variable_name

WORKERS = 2
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 60.0
LOG_CHARACTERS = 3_000


class ServiceUnderTest:
    """`muster serve` in a process group of its own, on one port."""

    def __init__(self, database: Database, *, workers: int = WORKERS, **settings: str) -> None:
        self.port = find_free_port()
        self._environment = {
            **os.environ,
            "MUSTER_DATABASE": database.url,
            "MUSTER_LOG_FORMAT": "json",
            "MUSTER_PORT": str(self.port),
            "MUSTER_WORKERS": str(workers),
            **{variable_name(name): value for name, value in settings.items()},
        }
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self.process: Any = self._start()

    def workers(self) -> list[psutil.Process]:
        """The processes that serve."""
        return list(psutil.Process(self.process.pid).children())

    def kill(self) -> None:
        """Kills all processes of the service at once, as a power failure does."""
        workers = []
        with suppress(psutil.NoSuchProcess):
            workers = self.workers()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        psutil.wait_procs(workers)  # each of them holds the port until its end

    def terminate(self) -> None:
        """Ends the service as systemd does, and waits for its end."""
        workers = self.workers()
        os.kill(self.process.pid, signal.SIGTERM)
        self.process.wait(STOP_TIMEOUT_SECONDS)
        psutil.wait_procs(workers)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stops all processes without ending them: the kernel accepts connections, and nothing answers."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    def restart(self) -> None:
        self.process = self._start()

    def is_ready(self) -> bool:
        with suppress(URLError, OSError):
            urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=1).close()
            return True
        return False

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self.is_ready():
                return
            time.sleep(0.02)
        raise AssertionError(
            f"the service is not ready after {START_TIMEOUT_SECONDS} s: {self._read_log()[-LOG_CHARACTERS:]}"
        )

    def events(self) -> Iterator[dict[str, Any]]:
        """The events in the log, from its start."""
        for line in self._read_log().splitlines():
            with suppress(ValueError):  # not JSON, or incomplete
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event

    def close(self) -> None:
        self.kill()
        self._log.close()

    def _read_log(self) -> str:
        return Path(f"/proc/self/fd/{self._log.fileno()}").read_text(errors="replace")

    def _start(self) -> Any:
        return subprocess.Popen(
            [MUSTER, "serve"], env=self._environment, stdout=self._log, stderr=self._log, start_new_session=True
        )


@contextmanager
def run_service(
    database: Database, *, workers: int = WORKERS, make: type[ServiceUnderTest] = ServiceUnderTest, **settings: str
) -> Iterator[ServiceUnderTest]:
    service = make(database, workers=workers, **settings)
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.close()
