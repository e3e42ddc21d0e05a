"""The server of `muster serve`, in a process forked from the test: what the test has imported is paid for once."""

import gc
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import gunicorn.workers.gasgi  # noqa: F401  # gunicorn loads it by its name, in each of the processes that are forked here

from muster.observability.log_configuration import configure_logging
from muster.server.application import Service, run
from tests.tracing import stop_tracing


@dataclass
class ForkedServer:
    """A running server: its main process and its port."""

    process: ForkProcess
    port: int

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def stop(self) -> int | None:
        """Shuts down gracefully; gives the exit code."""
        self.signal(signal.SIGTERM)
        self.process.join(45)
        return self.process.exitcode


@contextmanager
def forked_server(make_app: Callable[[], Any], log: Path | None = None, **options: Any) -> Iterator[ForkedServer]:
    """Serves until the end of the block, where a server that still runs is killed: a graceful shutdown takes 2 s.

    Requests wait in the listening socket until the worker serves. Events go to the file `log`, as JSON. `options` are
    those of `Service`.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        port = listener.getsockname()[1]
        process = multiprocessing.get_context("fork").Process(target=_serve, args=(make_app, listener, log, options))
        process.start()
    assert process.pid is not None
    with suppress(OSError):  # the child does it as well; the first one wins
        os.setpgid(process.pid, process.pid)
    server = ForkedServer(process, port)
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        process.join()


def _serve(make_app: Callable[[], Any], listener: socket.socket, log: Path | None, options: dict[str, Any]) -> None:
    with suppress(OSError):
        os.setpgid(0, 0)
    stop_tracing()
    if log is not None:
        configure_logging("json", log.open("ab", buffering=0))
    gc.freeze()  # the connections of the test are not this process's to close
    sys.exit(run(Service(make_app, listener, **options)))
