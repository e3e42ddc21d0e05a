"""Runs services as subprocesses, each on a free loopback port."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.error import HTTPError
from urllib.request import urlopen

from benchmarks.client import Address

ROOT: Final = Path(__file__).parents[1]

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 40.0
_LOG_BYTES: Final = 3_000


@dataclass(frozen=True, slots=True)
class Service:
    """A running service. `count_rows` counts the customers in its database."""

    address: Address
    pid: int
    workers: int
    count_rows: Callable[[], int]


@contextmanager
def start_service(
    command: Sequence[str | Path], *, port: int, ready_path: str, variables: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Runs the command until `ready_path` responds with 2xx, and yields the process id.

    The service has its own process group: Ctrl-C reaches only the benchmark, which then stops everything in order.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(variables or {})}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_until_ready(process, f"http://127.0.0.1:{port}{ready_path}", log)
            yield process.pid
        finally:
            _stop(process)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str, log: IO[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(url, timeout=1).close()
        except HTTPError as error:
            error.close()
        except OSError:
            pass
        else:
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not become ready:\n{_read_log_tail(log)}")


def _read_log_tail(log: IO[bytes]) -> str:
    log.seek(max(log.seek(0, os.SEEK_END) - _LOG_BYTES, 0))
    return log.read().decode(errors="replace")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
