"""SIGTERM and Ctrl-C: requests are finished, idle connections get a moment for a last one."""

import os
import signal
import socket
import ssl
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from muster.server.tls_reload import Certificate
from tests.forked_server import forked_server
from tests.server.probe import GET, Connection, Probe


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_are_finished_and_idle_connections_may_send_a_last_one(number: signal.Signals) -> None:
    probe = Probe()
    with forked_server(lambda: probe) as server, Connection(server.port) as busy, Connection(server.port) as idle:
        assert idle.send(GET).status() == 200
        busy.send(b"GET /wait?2 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.2)
        os.killpg(server.pid, number)  # to all of its processes, as a terminal does
        time.sleep(0.1)
        assert idle.send(GET).status() == 200
        assert busy.status() == 200
        assert busy.is_closed()
        server.process.join(10)
        assert server.process.exitcode == 0
    assert list(probe.events).count("shutdown") == 1


def test_idle_connections_do_not_hold_it_up() -> None:
    with forked_server(Probe) as server, Connection(server.port) as used, Connection(server.port) as unused:
        assert used.send(GET).status() == 200
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 5
        assert used.is_closed()
        assert unused.is_closed()


def test_handshake_under_way_is_finished(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    with (
        forked_server(Probe, certificate=Certificate(str(cert), str(key))) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain,
    ):
        time.sleep(0.5)  # accepted
        server.signal(signal.SIGTERM)
        time.sleep(0.1)
        context = ssl.create_default_context(cafile=cert)
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(GET)
            assert secure.recv(100).startswith(b"HTTP/1.1 200 ")
        server.process.join(10)
        assert server.process.exitcode == 0


def connect_for_ever(port: int) -> None:
    while True:
        # The kernel resets one whose handshake is under way when the socket closes: nothing was sent on it yet.
        with suppress(ConnectionResetError):
            socket.create_connection(("127.0.0.1", port), timeout=10).close()


def test_connections_are_refused_while_requests_are_finished() -> None:
    """A balancer sends a refused connection to another node; one that is accepted and reset is a lost request."""
    probe = Probe()
    with forked_server(lambda: probe, workers=2) as server, Connection(server.port) as busy:
        assert busy.send(GET).status() == 200
        busy.send(b"POST /unfinished HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
        while "/unfinished" not in probe.paths:
            pass
        server.signal(signal.SIGTERM)
        with pytest.raises(ConnectionRefusedError):
            connect_for_ever(server.port)
        assert busy.send(b"x").status() == 200


def test_connections_that_wait_to_be_accepted_are_answered() -> None:
    with forked_server(Probe) as server, Connection(server.port) as first:
        assert first.send(GET).status() == 200
        first.send(b"GET /block?1 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.2)
        with ExitStack() as stack:
            waiting = [stack.enter_context(Connection(server.port)) for _ in range(5)]
            for connection in waiting:
                connection.send(GET)
            server.signal(signal.SIGTERM)
            assert [connection.status() for connection in waiting] == [200] * 5
        server.process.join(10)
        assert server.process.exitcode == 0


def test_a_draining_service_takes_requests_until_a_second_signal() -> None:
    with forked_server(Probe, drain_seconds=600) as server, Connection(server.port) as kept:
        assert not kept.send(GET).seen()["stopping"]
        server.signal(signal.SIGTERM)
        while not kept.send(GET).seen()["stopping"]:
            pass
        with Connection(server.port) as later:
            assert later.send(GET).status() == 200
        server.signal(signal.SIGTERM)
        server.process.join(10)
        assert server.process.exitcode == 0


def test_a_drain_ends_by_itself() -> None:
    with forked_server(Probe, drain_seconds=1) as server, Connection(server.port) as kept:
        assert kept.send(GET).status() == 200
        assert server.stop() == 0
        assert kept.is_closed()
