"""HAProxy with the configuration that the documentation shows."""

import re
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from benchmarks.service import find_free_port
from faults.service import LOG_CHARACTERS

CONFIGURATION: Final = Path(__file__).parents[1] / "docs" / "operations" / "haproxy.cfg"
EXECUTABLE: Final = shutil.which("haproxy", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
# The fields of the log format before and behind it are times and bytes.
_STATUS: Final = re.compile(r" (?:[-+\d]+/){4}[-+\d]+ (-?\d+) \d+ ")
_START_SECONDS: Final = 20.0
# What belongs to a machine. The rest of the file stays as it is.
_USER: Final = "    user haproxy\n    group haproxy\n"
_NODES: Final = ("10.0.0.11:8878", "10.0.0.12:8878")


class HaProxy:
    """A balancer in front of two nodes, with a master process, as systemd runs it."""

    def __init__(self, directory: Path, certificate: Path, nodes: Sequence[int], changes: Mapping[str, str]) -> None:
        """`nodes` are their ports, `certificate` a PEM file with certificate and key.

        `changes` replace texts of the documented configuration, to make times shorter.
        """
        self.port = find_free_port()
        self._admin = directory / "admin.sock"
        self._log = directory / "haproxy.log"
        replaced = {
            _USER: "",
            "/run/haproxy/admin.sock": str(self._admin),
            "log /dev/log local0": "log stdout format raw local0",
            "bind :443": f"bind 127.0.0.1:{self.port}",
            "/etc/haproxy/muster.pem": str(certificate),
            **{address: f"127.0.0.1:{port}" for address, port in zip(_NODES, nodes, strict=True)},
            **changes,
        }
        text = CONFIGURATION.read_text()
        for before, after in replaced.items():
            assert text.count(before) == 1, f"{before!r} is not once in {CONFIGURATION.name}"
            text = text.replace(before, after)
        self._file = directory / "haproxy.cfg"
        self._file.write_text(text)

    def start(self) -> None:
        assert EXECUTABLE is not None
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [EXECUTABLE, "-W", "-f", str(self._file)], stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def reload(self) -> None:
        """As `systemctl reload haproxy`; returns when a new process serves beside the one that ends."""
        before = self._list_workers()
        self._process.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + _START_SECONDS
        while self._list_workers() <= before:
            assert time.monotonic() < deadline, self.read_log()[-LOG_CHARACTERS:]
            time.sleep(0.02)

    def count_workers(self) -> int:
        return len(self._list_workers())

    def read_states(self) -> list[str]:
        """The states of the nodes, `UP` or `DOWN` in most cases."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._admin))
            connection.sendall(b"show stat\n")
            with connection.makefile() as answer:
                header, *rows = [line.split(",") for line in answer.read().removeprefix("# ").splitlines() if line]
        found = [dict(zip(header, row, strict=False)) for row in rows]
        return [row["status"] for row in found if row["svname"].startswith("node")]

    def wait_for(self, *states: str) -> None:
        """Waits until the nodes have these states."""
        deadline = time.monotonic() + _START_SECONDS
        while tuple(self._try_states()) != states:
            assert time.monotonic() < deadline, self.read_log()[-LOG_CHARACTERS:]
            time.sleep(0.02)

    def count_statuses(self) -> Counter[str]:
        """The responses that clients got, by status; `-1` is a connection that ended without one."""
        return Counter(_STATUS.findall(self.read_log()))

    def read_log(self) -> str:
        return self._log.read_text()

    def _try_states(self) -> list[str]:
        try:
            return self.read_states()
        except OSError:  # it starts
            return []

    def _list_workers(self) -> set[int]:
        return {child.pid for child in psutil.Process(self._process.pid).children()}


@contextmanager
def run_haproxy(
    directory: Path, certificate: Path, nodes: Sequence[int], changes: Mapping[str, str] | None = None
) -> Iterator[HaProxy]:
    proxy = HaProxy(directory, certificate, nodes, changes or {})
    proxy.start()
    try:
        proxy.wait_for(*["UP"] * len(nodes))
        yield proxy
    finally:
        proxy.stop()
