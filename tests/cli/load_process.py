"""`muster load` in a process that can be killed, forked from one that has imported the command.

A command that starts from nothing takes a second of CPU to import what it needs.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path

from faults.load_command import run_command
from tests.tracing import untraced


@cache
def _get_context() -> ForkServerContext:
    # pytest, because a forked process imports the main module of the tests.
    multiprocessing.set_forkserver_preload(["faults.load_command", "muster.cli.load_url", "pytest"])
    with untraced():
        forkserver.ensure_running()
    return multiprocessing.get_context("forkserver")


class LoadProcess:
    """A running command. `output` is the file of what it says."""

    def __init__(self, arguments: list[str], database_url: str, output: Path) -> None:
        self._output = output
        output.touch()
        self._process = _get_context().Process(target=_run, args=(arguments, database_url, str(output)))
        self._process.start()

    def is_running(self) -> bool:
        return self._process.is_alive()

    def wait_for(self, text: str) -> None:
        """Until the command has said this."""
        deadline = time.monotonic() + 60
        while text not in self.read_output():
            assert self.is_running(), self.read_output()
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def read_output(self) -> str:
        return self._output.read_text()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def finish(self) -> int | None:
        """Waits for the end, and gives the exit code."""
        self._process.join(100)
        return self._process.exitcode


@contextmanager
def run_load(arguments: list[str], database_url: str, output: Path) -> Iterator[LoadProcess]:
    """A process that does not outlive the block."""
    process = LoadProcess(arguments, database_url, output)
    try:
        yield process
    finally:
        process.kill()


def _run(arguments: list[str], database_url: str, output: str) -> None:
    for name in [name for name in os.environ if name.startswith("MUSTER_")]:
        del os.environ[name]
    run_command(arguments, database_url, output)
