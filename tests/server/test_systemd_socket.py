"""A listening socket that systemd holds: services start and end on it, and no request is refused."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.cli.commands import COMMAND, Muster, Running

# Puts the socket where systemd puts it, and its own process id where systemd writes the one of the service.
AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
"""


class Host:
    """Holds a socket, and starts services on it."""

    def __init__(self, muster: Muster) -> None:
        self.muster = muster
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.started: list[Running] = []

    @property
    def port(self) -> int:
        port: int = self.socket.getsockname()[1]
        return port

    def start(self, *options: str, count: int = 1) -> Running:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
        process = subprocess.Popen(
            [sys.executable, "-c", AS_SYSTEMD, str(self.socket.fileno()), str(count), COMMAND, "serve", *options],
            pass_fds=(self.socket.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean | {"MUSTER_DATABASE": self.muster.url},
        )
        self.started.append(Running(process))
        return self.started[-1]


@pytest.fixture
def host(muster: Muster) -> Iterator[Host]:
    host = Host(muster)
    yield host
    for service in host.started:
        if service.process.poll() is None:
            service.process.kill()
        service.process.communicate()
    host.socket.close()


class Client:
    """Sends each request on a new connection, or keeps one until the service closes it."""

    def __init__(self, port: int, *, keeps: bool = False) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._keeps = keeps

    def status(self) -> int:
        self._connection.request("GET", "/health/live")
        response = self._connection.getresponse()
        response.read()
        if not self._keeps:
            self.close()
        return response.status

    def close(self) -> None:
        self._connection.close()


@pytest.mark.parametrize(
    ("keeps", "workers"), [(False, "2"), (True, "1")], ids=["a connection each, 2 workers", "one connection, 1 worker"]
)
def test_no_request_fails_while_one_service_ends_and_the_next_one_starts(host: Host, keeps: bool, workers: str) -> None:
    host.start("--workers", workers).line(f"listens on http://127.0.0.1:{host.port} ")
    answered: list[int] = []
    failed: list[Exception] = []
    enough = threading.Event()

    def send() -> None:
        sent = 0
        client = Client(host.port, keeps=keeps)
        while not enough.is_set():
            try:
                answered.append(client.status())
            except Exception as error:
                failed.append(error)
            sent += 1
            enough.wait(0.01)  # leaves the processor to the services
            if sent % 20 == 0:  # so kept connections are new ones now and then
                client.close()
        client.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    while not answered:
        enough.wait(0.05)
    code, err = host.started[-1].stop(signal.SIGTERM)
    assert code == 0
    assert "Forcing close" not in err
    host.start("--workers", workers).line("worker_started")
    before = len(answered)
    while len(answered) < before + 20 and not failed:
        enough.wait(0.05)
    enough.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert set(answered) == {200}


@pytest.mark.parametrize("count", [0, 2])
def test_more_or_fewer_sockets_than_one_is_one_line(host: Host, count: int) -> None:
    service = host.start(count=count)
    _, err = service.process.communicate(timeout=30)
    assert service.process.returncode == 1
    [line] = err.splitlines()
    assert json.loads(line)["message"] == (
        "systemd gave other sockets than one for TCP; its unit needs one ListenStream=PORT"
    )
