"""Workers are replaced when they die, hang, or SIGHUP asks for it; SIGTTIN and SIGTTOU change their number."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.forked_server import ForkedServer, forked_server
from tests.server.probe import Connection, Probe
from tests.shared import SharedList

WORK = b"POST /wait?0.01 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"


class Log:
    """The events of a server."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def events(self, key: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [event for event in found if event["event"] == key]

    def wait_for(self, key: str, count: int = 1, seconds: float = 20) -> list[dict[str, Any]]:
        end = time.monotonic() + seconds
        while len(events := self.events(key)) < count:
            assert time.monotonic() < end, self.path.read_text()
            time.sleep(0.05)
        return events


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log")


@contextmanager
def two_workers(log: Log, **options: Any) -> Iterator[ForkedServer]:
    with forked_server(Probe, log.path, workers=2, **options) as server:
        log.wait_for("worker_started", 2)
        yield server


def get_workers(server: ForkedServer) -> set[int]:
    return {child.pid for child in psutil.Process(server.pid).children()}


class Load:
    """Clients on new and on kept connections, until the end of the block, where no request may have failed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._enough = threading.Event()
        self.responses = 0
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._send, args=(number % 2 == 0,)) for number in range(6)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()
        assert self.failures == []
        assert self.responses > 20

    def _send(self, keeps: bool) -> None:
        while not self._enough.is_set():
            try:
                with Connection(self._port, timeout=30) as connection:
                    self._send_on(connection, keeps)
            except Exception as error:
                self.failures.append(repr(error))
                time.sleep(0.1)

    def _send_on(self, connection: Connection, keeps: bool) -> None:
        while True:
            status, headers, content = connection.send(WORK).respond()
            assert (status, json.loads(content)["size"]) == (200, 2)
            self.responses += 1
            if not keeps or headers.get("connection") == "close" or self._enough.is_set():
                return


def test_killed_workers_are_replaced(log: Log) -> None:
    exits = SharedList[int]()
    with two_workers(log, on_worker_exit=exits.append) as server:
        workers = get_workers(server)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        died = log.wait_for("worker_died", 2)
        log.wait_for("worker_started", 4)
        assert {event["pid"] for event in died} == set(exits) == workers
        with Connection(server.port) as connection:
            assert connection.send(WORK).seen()["pid"] not in workers


@pytest.mark.parametrize("how", ["blocked", "stopped"])
def test_hanging_worker_is_replaced(log: Log, how: str) -> None:
    with two_workers(log, hang_seconds=2) as server:
        workers = get_workers(server)
        if how == "stopped":
            os.kill(min(workers), signal.SIGSTOP)
        else:
            Connection(server.port).send(b"GET /block?60 HTTP/1.1\r\nHost: a\r\n\r\n").__exit__()
        log.wait_for("worker_started", 3)
        assert len(get_workers(server) & workers) == 1


def test_sighup_replaces_all_workers_and_breaks_no_request(log: Log) -> None:
    with two_workers(log) as server:
        workers = get_workers(server)
        with Load(server.port):
            for count in (1, 2):
                server.signal(signal.SIGHUP)
                log.wait_for("workers_replaced", count)
        assert not get_workers(server) & workers
        assert log.events("worker_died") == []
        assert server.stop() == 0
    assert log.events("worker_died") == []


def test_workers_stay_when_a_new_one_would_not_start(log: Log, tmp_path: Path) -> None:
    obstacle = tmp_path / "obstacle"

    def make_app() -> Probe:
        if obstacle.exists():
            raise ValueError("a secret value")
        return Probe()

    with forked_server(make_app, log.path, workers=2) as server:
        log.wait_for("worker_started", 2)
        workers = get_workers(server)
        obstacle.touch()
        server.signal(signal.SIGHUP)
        log.wait_for("reload_failed")
        assert get_workers(server) >= workers
        obstacle.unlink()
        server.signal(signal.SIGHUP)
        log.wait_for("workers_replaced")
    assert "secret" not in log.path.read_text()


def test_service_whose_workers_do_not_start_ends_with_1(log: Log) -> None:
    def make_app() -> Probe:
        raise ValueError("a secret value")

    with forked_server(make_app, log.path, workers=2) as server:
        server.process.join(20)
        assert server.process.exitcode == 1
    assert "ValueError" in log.path.read_text()
    assert "secret" not in log.path.read_text()


def test_sigttin_adds_a_worker_and_sigttou_ends_one(log: Log) -> None:
    with two_workers(log) as server:
        server.signal(signal.SIGTTIN)
        log.wait_for("worker_started", 3)
        assert len(get_workers(server)) == 3
        server.signal(signal.SIGTTOU)
        until(lambda: len(get_workers(server)) == 2)
        assert log.events("worker_died") == []


def test_sighup_to_a_worker_does_not_end_it(log: Log) -> None:
    with two_workers(log) as server:
        workers = get_workers(server)
        for worker in workers:
            os.kill(worker, signal.SIGHUP)
        time.sleep(0.3)
        assert get_workers(server) == workers


def test_workers_end_when_the_main_process_is_killed(log: Log) -> None:
    with two_workers(log) as server:
        workers = get_workers(server)
        server.signal(signal.SIGKILL)
        until(lambda: not any(psutil.pid_exists(worker) for worker in workers))


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
