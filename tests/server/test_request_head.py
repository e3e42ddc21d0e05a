"""Bounds and form of a request's head."""

import time

import pytest

from muster.server.limits import ConnectionLimits
from tests.forked_server import ForkedServer, forked_server
from tests.server.probe import GET, Connection, Probe, send_once

MAX = ConnectionLimits().max_head_bytes
CHUNKED = b"POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
BEFORE = {"first": b"", "later": GET, "after a chunked body": CHUNKED}


def head_of(size: int) -> bytes:
    """A request without a body, of so many bytes."""
    return GET[:-2] + b"x: " + b"x" * (size - len(GET) - 5) + b"\r\n\r\n"


def fields(count: int, size: int = 1) -> bytes:
    return b"".join(b"x-%d: %s\r\n" % (number, b"v" * size) for number in range(count))


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("segment", [1000, MAX + 1])
@pytest.mark.parametrize(("size", "status"), [(MAX, 200), (MAX + 1, 431), (2 * MAX, 431)])
def test_head_may_have_64_kib(server: ForkedServer, before: str, segment: int, size: int, status: int) -> None:
    with Connection(server.port) as connection:
        if BEFORE[before]:
            assert connection.send(BEFORE[before]).status() == 200
        head = head_of(size)
        for at in range(0, MAX + 1, segment):
            connection.send(head[at : at + segment])
        assert connection.status() == status


@pytest.mark.parametrize(
    ("count", "size", "status"), [(99, 1, 200), (100, 1, 431), (12, 5000, 200), (12, 6000, 431), (50, 6000, 431)]
)
def test_head_may_have_100_fields(server: ForkedServer, count: int, size: int, status: int) -> None:
    assert send_once(server.port, GET[:-2] + fields(count, size) + b"\r\n") == status


def test_large_body_does_not_count_for_the_head_behind_it(server: ForkedServer) -> None:
    body = b"POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
    with Connection(server.port) as connection:
        connection.send(body + head_of(MAX) + GET)
        assert [connection.status() for _ in range(3)] == [200] * 3


def test_refusal_waits_for_the_response_to_the_request_before(server: ForkedServer) -> None:
    with Connection(server.port) as connection:
        connection.send(b"GET /wait?0.3 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        assert [connection.status(), connection.status()] == [200, 400]
        assert connection.is_closed()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: HTTP/1.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"\x16\x03\x01\x00\xa5garbage\r\n\r\n", 400),
        (b"\r\n\r\n" + GET, 200),
    ],
)
def test_missing_or_doubled_host_and_wrong_versions_and_line_ends_are_refused(
    server: ForkedServer, request_bytes: bytes, status: int
) -> None:
    assert send_once(server.port, request_bytes) == status


@pytest.mark.parametrize(
    ("framing", "status"),
    [
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"Content-Length: +2\r\n\r\nab", 400),
        (b"Content-Length: \r\n\r\nab", 400),
        (b"Content-Length: 99999999999999999999\r\n\r\nab", 400),
        (b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 400),
    ],
)
def test_ambiguous_framing_is_refused(server: ForkedServer, framing: bytes, status: int) -> None:
    assert send_once(server.port, b"POST / HTTP/1.1\r\nHost: a\r\n" + framing) == status


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nx: "], ids=["nothing", "half a head"])
def test_head_that_does_not_end_in_time_ends_the_connection(before: str, begun: bytes) -> None:
    limits = ConnectionLimits(head_seconds=0.3, check_seconds=0.05)
    with forked_server(Probe, limits=limits, keep_alive=1) as server, Connection(server.port) as connection:
        if BEFORE[before]:
            assert connection.send(BEFORE[before]).status() == 200
        connection.send(begun)
        assert connection.is_closed()


def test_head_that_comes_a_byte_now_and_then_ends_the_connection() -> None:
    limits = ConnectionLimits(head_seconds=0.5, check_seconds=0.05)
    with forked_server(Probe, limits=limits) as server, Connection(server.port) as connection:
        connection.send(GET).respond()
        began = time.monotonic()
        while connection.send_until_cut(b"x", 1):
            assert time.monotonic() < began + 10
            time.sleep(0.05)
