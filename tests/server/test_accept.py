"""Workers share the connections out among themselves."""

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
        service.line("Application startup complete")
    return service, port


def ask(connection: socket.socket) -> bytes:
    connection.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(1000)
    return answer


def workers_of(service: Running, port: int, count: int) -> Counter[int]:
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


def test_connections_that_stay_are_shared_out(muster: Muster, start: Start) -> None:
    service, port = two_workers(muster, start)
    kept = []
    for _ in range(8):
        kept.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        assert ask(kept[-1]).startswith(b"HTTP/1.1 200 ")
    had = workers_of(service, port, 8)
    assert len(had) == 2
    assert min(had.values()) >= 2, had
    for connection in kept:
        connection.close()


def test_a_crowd_is_let_in(muster: Muster, start: Start) -> None:
    _, port = two_workers(muster, start)

    def come(_: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            return ask(connection)[:12]

    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(come, range(300))) == {b"HTTP/1.1 200"}


def test_who_leaves_before_being_let_in_costs_the_others_nothing(muster: Muster, start: Start) -> None:
    _, port = two_workers(muster, start)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stays:
        assert ask(stays).startswith(b"HTTP/1.1 200 ")
        for _ in range(50):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, no good-bye
            connection.close()
        assert ask(stays).startswith(b"HTTP/1.1 200 ")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as later:
            assert ask(later).startswith(b"HTTP/1.1 200 ")
