"""Workers of one socket take about as many connections each."""

import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil

from tests.cli.commands import Muster, Running

Start = Callable[..., Running]
REQUEST = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


def two_workers(muster: Muster, start: Start) -> tuple[Running, int]:
    service = start("serve", "--port", "0", "--database", muster.url, "--workers", "2")
    port = service.port()
    for _ in range(2):
        service.line("worker_started")
    return service, port


def get_live(connection: socket.socket) -> bytes:
    connection.sendall(REQUEST)
    response = b""
    while not response.endswith(b"}"):
        response += connection.recv(1000)
    return response


def count_connections(service: Running, port: int, count: int) -> Counter[int]:
    """How many of the `count` connections to this port each worker has."""
    for _ in range(100):
        children = psutil.Process(service.process.pid).children(recursive=True)
        had = Counter(
            child.pid
            for child in children
            for found in child.net_connections("tcp")
            if found.status == "ESTABLISHED" and found.laddr.port == port
        )
        if had.total() == count:
            break
        time.sleep(0.05)
    return had


def test_open_connections_are_spread_over_the_workers(muster: Muster, start: Start) -> None:
    service, port = two_workers(muster, start)
    open_connections = []
    for _ in range(8):
        open_connections.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        assert get_live(open_connections[-1]).startswith(b"HTTP/1.1 200 ")
    had = count_connections(service, port, 8)
    assert len(had) == 2
    assert min(had.values()) >= 2, had
    for connection in open_connections:
        connection.close()


def test_300_connections_at_once_are_served(muster: Muster, start: Start) -> None:
    _, port = two_workers(muster, start)

    def connect(_: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            return get_live(connection)[:12]

    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(connect, range(300))) == {b"HTTP/1.1 200"}


def test_clients_that_reset_before_they_are_accepted_disturb_no_other(muster: Muster, start: Start) -> None:
    _, port = two_workers(muster, start)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stays:
        assert get_live(stays).startswith(b"HTTP/1.1 200 ")
        for _ in range(50):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, no good-bye
            connection.close()
        assert get_live(stays).startswith(b"HTTP/1.1 200 ")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as later:
            assert get_live(later).startswith(b"HTTP/1.1 200 ")
