"""The service under test: two workers, killed and started again on the same port."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil  # type: ignore[import-untyped]  # it has none

from benchmarks.databases import MUSTER, Database
from benchmarks.service import free_port

_START_SECONDS = 60.0


class Running:
    """`muster serve` on one port. `before` are words to put before the command."""

    def __init__(self, database: Database, *, workers: int = 2, before: Sequence[str] = ()) -> None:
        self.port = free_port()
        serve = [str(MUSTER), "serve", "--port", str(self.port), "--workers", str(workers)]
        self._command = [*before, *serve]
        self._environment = {**os.environ, "MUSTER_DATABASE": database.url, "MUSTER_LOG_FORMAT": "json"}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `running`
        self.process = self._started()

    def workers(self) -> list[psutil.Process]:
        """The processes that serve."""
        return [child for child in psutil.Process(self.process.pid).children() if _is_worker(child)]

    def kill(self) -> None:
        """All of its processes at once, as when the power fails."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        self.process = self._started()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with suppress(URLError, OSError):
                urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=1).close()
                return
            time.sleep(0.02)
        raise AssertionError(f"the service did not get ready: {self.told()}")

    def told(self) -> str:
        """The end of what it wrote."""
        return self._written()[-3_000:]

    def events(self) -> Iterator[dict[str, Any]]:
        """The events of its log, from its start."""
        for line in self._written().splitlines():
            with suppress(ValueError):  # a line of something else, or one that is half written
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event

    def _written(self) -> str:
        return Path(f"/proc/self/fd/{self._log.fileno()}").read_text(errors="replace")

    def close(self) -> None:
        self.kill()
        self._log.close()

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command, env=self._environment, stdout=self._log, stderr=self._log, start_new_session=True
        )


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it has ended meanwhile
        return False


@contextmanager
def running(database: Database, **how: object) -> Iterator[Running]:
    service = Running(database, **how)  # type: ignore[arg-type]  # the words of `Running`
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.close()
