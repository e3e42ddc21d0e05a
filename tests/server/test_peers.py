"""Peers that close, stop reading or go away in the middle."""

import socket
import struct
import time
from collections.abc import Callable

import psutil
import pytest

from muster.server.limits import ConnectionLimits
from tests.forked_server import ForkedServer, forked_server
from tests.server.probe import GET, Connection, Probe

LARGE = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def count_connections(server: ForkedServer) -> int:
    """The server's ends of connections, those too that only the kernel still holds."""
    port = server.port
    states = {psutil.CONN_ESTABLISHED, psutil.CONN_CLOSE_WAIT, psutil.CONN_FIN_WAIT1}
    return sum(
        bool(found.laddr and found.laddr.port == port and found.status in states)
        for found in psutil.net_connections("tcp")
    )


def reset(connection: Connection) -> None:
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.__exit__()


@pytest.mark.parametrize(
    "request_bytes", [GET, b"POST /wait?0.3 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", GET + GET + GET]
)
def test_half_closed_sender_gets_its_responses(server: ForkedServer, request_bytes: bytes) -> None:
    with Connection(server.port) as connection:
        connection.send(request_bytes)
        connection.socket.shutdown(socket.SHUT_WR)
        for _ in range(max(1, request_bytes.count(b"GET"))):
            assert connection.seen()["complete"]
        assert connection.is_closed()


@pytest.mark.parametrize("framing", [b"Content-Length: 20\r\n\r\nhi", b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"])
def test_half_closed_sender_of_half_a_body_is_closed_at_once(
    server: ForkedServer, probe: Probe, framing: bytes
) -> None:
    with Connection(server.port, timeout=3) as connection:
        connection.send(b"POST /half HTTP/1.1\r\nHost: a\r\n" + framing)
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.is_closed()


@pytest.mark.parametrize("requests", [LARGE, LARGE * 3], ids=["one request", "pipelined requests"])
def test_peer_that_does_not_read_is_cut_off(requests: bytes) -> None:
    limits = ConnectionLimits(write_stall_seconds=0.5, check_seconds=0.05)
    probe = Probe()
    with forked_server(lambda: probe, limits=limits) as server, Connection(server.port, receive_buffer=4096) as peer:
        peer.send_until_cut(requests, len(requests))
        until(lambda: list(probe.paths))
        until(lambda: count_connections(server) == 0)


def test_slow_reader_is_not_cut_off() -> None:
    limits = ConnectionLimits(write_stall_seconds=0.5, check_seconds=0.05)
    with forked_server(Probe, limits=limits) as server, Connection(server.port, receive_buffer=65536) as peer:
        peer.send(LARGE)
        received = 0
        while received < 64 * 1024 * 1024:
            received += len(peer.socket.recv(1024 * 1024))
            time.sleep(0.005)


def test_application_gets_on_when_its_client_resets(server: ForkedServer, probe: Probe) -> None:
    connection = Connection(server.port).send(LARGE)
    until(lambda: "/large" in list(probe.paths))
    time.sleep(0.2)
    reset(connection)
    until(lambda: "finished /large" in list(probe.events), 3)


def test_request_whose_client_has_gone_is_finished(server: ForkedServer, probe: Probe) -> None:
    connection = Connection(server.port).send(b"GET /wait?0.5 HTTP/1.1\r\nHost: a\r\n\r\n")
    until(lambda: "/wait" in list(probe.paths))
    reset(connection)
    until(lambda: "finished /wait" in list(probe.events), 3)


def test_connection_closes_after_a_response_that_says_so(server: ForkedServer) -> None:
    with Connection(server.port, timeout=3) as connection:
        status, headers, _ = connection.send(b"GET /close HTTP/1.1\r\nHost: a\r\n\r\n" + GET).respond()
        assert (status, headers["connection"]) == (200, "close")
        assert connection.is_closed()


def test_idle_connection_is_kept_for_the_keep_alive_time() -> None:
    with forked_server(Probe, keep_alive=2) as server, Connection(server.port) as connection:
        for _ in range(2):
            connection.send(GET).respond()
            time.sleep(1)
        began = time.monotonic()
        assert connection.is_closed()
        assert 0.5 < time.monotonic() - began < 3
