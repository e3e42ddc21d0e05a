"""Workers of one socket take about as many connections each."""

import shutil
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.forked_server import ForkedServer
from tests.serving import serving

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def service(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedServer]:
    """Two workers, for all tests of the module."""
    database = tmp_path_factory.mktemp("fair") / "muster.db"
    shutil.copy(_migrated_sqlite, database)
    with serving(f"sqlite:///{database}", workers=2) as api:
        deadline = time.monotonic() + 30
        while api.read_log().count('"worker_started"') < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield api.server


def get_live(connection: socket.socket) -> bytes:
    connection.sendall(REQUEST)
    response = b""
    while not response.endswith(b"}"):
        response += connection.recv(1000)
    return response


def count_connections(service: ForkedServer, count: int) -> Counter[int]:
    """How many of the `count` connections each worker has."""
    for _ in range(100):
        children = psutil.Process(service.pid).children(recursive=True)
        had = Counter(
            child.pid
            for child in children
            for found in child.net_connections("tcp")
            if found.status == "ESTABLISHED" and found.laddr.port == service.port
        )
        if had.total() == count:
            break
        time.sleep(0.05)
    return had


def test_open_connections_are_spread_over_the_workers(service: ForkedServer) -> None:
    port = service.port
    open_connections = []
    for _ in range(8):
        open_connections.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        assert get_live(open_connections[-1]).startswith(b"HTTP/1.1 200 ")
    had = count_connections(service, 8)
    assert len(had) == 2
    assert min(had.values()) >= 2, had
    for connection in open_connections:
        connection.close()


def test_300_connections_at_once_are_served(service: ForkedServer) -> None:
    port = service.port

    def connect(_: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            return get_live(connection)[:12]

    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(connect, range(300))) == {b"HTTP/1.1 200"}


def test_clients_that_reset_before_they_are_accepted_disturb_no_other(service: ForkedServer) -> None:
    port = service.port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stays:
        assert get_live(stays).startswith(b"HTTP/1.1 200 ")
        for _ in range(50):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, no good-bye
            connection.close()
        assert get_live(stays).startswith(b"HTTP/1.1 200 ")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as later:
            assert get_live(later).startswith(b"HTTP/1.1 200 ")
