"""The rest of a refused body is read and discarded, within bounds that no way of sending gets around."""

import socket
import time

import pytest

from muster.web.transport import LingerLimits
from tests.web.fakes import application
from tests.web.server import Wire, serving

MIB = 1024 * 1024
# What the kernel's buffers of both ends may hold beside what the server has read.
BUFFERS = 8 * MIB


def send_until_cut(wire: Wire, data: bytes, most: int) -> int:
    """Sends the data again and again. Gives the bytes that were sent when the server closed, or `most`."""
    sent = 0
    try:
        while sent < most:
            wire.socket.sendall(data)
            sent += len(data)
    except OSError:
        pass
    return sent


@pytest.mark.parametrize(
    "chunks",
    [b"1\r\nx\r\n" * 10_000, (b"1;" + b"e" * 40 + b"\r\nx\r\n") * 1_000, b"10000\r\n" + b"x" * 65_536 + b"\r\n"],
    ids=["of 1 byte", "with extensions", "of 64 KiB"],
)
def test_limit_is_of_bytes_on_the_wire(chunks: bytes) -> None:
    limits = LingerLimits(max_bytes=MIB // 4)
    with serving(application(linger=limits)) as port, Wire(port) as wire:
        wire.head(b"Transfer-Encoding: chunked", authorization=None).send(chunks)
        assert wire.answer()[0] == 401
        assert send_until_cut(wire, chunks, 64 * MIB) < limits.max_bytes + BUFFERS


def test_limit_holds_for_a_body_with_a_length() -> None:
    limits = LingerLimits(max_bytes=2 * MIB)
    with serving(application(linger=limits)) as port, Wire(port) as wire:
        wire.head(b"Content-Length: %d" % (64 * MIB), authorization=None)
        assert wire.answer()[0] == 401
        assert send_until_cut(wire, b" " * 65_536, 64 * MIB) < limits.max_bytes + BUFFERS


@pytest.mark.parametrize(
    ("head", "piece"), [(b"Content-Length: 1000000", b" "), (b"Transfer-Encoding: chunked", b"1\r\n \r\n")]
)
def test_slow_body_ends_at_the_time_limit_although_it_keeps_coming(head: bytes, piece: bytes) -> None:
    limits = LingerLimits(max_seconds=0.5, idle_seconds=60)
    with serving(application(linger=limits)) as port, Wire(port) as wire:
        assert wire.head(head, authorization=None).answer()[0] == 401
        pieces = 0
        while pieces < 400 and not is_closed(wire):
            send_until_cut(wire, piece, len(piece))
            pieces += 1
            time.sleep(0.05)
    assert pieces < 400  # which take 20 seconds


def test_silent_client_is_closed_after_the_idle_time() -> None:
    limits = LingerLimits(max_seconds=600, idle_seconds=0.2)
    with serving(application(linger=limits)) as port, Wire(port) as wire:
        assert wire.head(b"Content-Length: 1000000", authorization=None).answer()[0] == 401
        assert wire.is_closed()


def is_closed(wire: Wire) -> bool:
    wire.socket.setblocking(False)
    try:
        return wire.socket.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        wire.socket.settimeout(20)


def test_client_that_keeps_sending_keeps_no_others_waiting() -> None:
    with serving(application(linger=LingerLimits(max_bytes=64 * MIB))) as port, Wire(port) as busy:
        busy.head(b"Transfer-Encoding: chunked", authorization=None)
        assert busy.answer()[0] == 401
        busy.send(b"1\r\nx\r\n" * 10_000)
        with Wire(port) as other:
            assert other.head(path="/health/live", method="GET", authorization=None).answer()[0] == 200
        busy.socket.shutdown(socket.SHUT_RDWR)
