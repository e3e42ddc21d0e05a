"""Chunk sizes, extensions and trailers count as bytes; trailers never become headers."""

import psutil
import pytest

from tests.forked_server import ForkedServer
from tests.server.probe import GET, Connection, Probe, send_once

HEAD = b"POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
MIB = 1024 * 1024


def memory_of(server: ForkedServer) -> int:
    """Bytes that the worker holds."""
    assert send_once(server.port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 200
    (worker,) = psutil.Process(server.pid).children()
    resident: int = worker.memory_info().rss
    return resident


@pytest.mark.parametrize(
    ("begin", "endless"),
    [
        (b"2\r\nhi\r\n0\r\n", b"a:b\r\n" * 8192),
        (b"2\r\nhi\r\n0\r\na: ", b"b" * 65536),
        (b"1;a=", b"b" * 65536),
        (b"", (b"1;a=" + b"b" * 200 + b"\r\nx\r\n") * 300),
        (b"0", b"0" * 65536),
    ],
    ids=["trailers", "one trailer", "one extension", "extensions", "one size"],
)
def test_endless_framing_ends_the_connection_and_takes_no_memory(
    server: ForkedServer, begin: bytes, endless: bytes
) -> None:
    before = memory_of(server)
    with Connection(server.port) as connection:
        sent = connection.send(HEAD + begin).send_until_cut(endless, 64 * MIB)
    assert sent < 16 * MIB
    assert memory_of(server) - before < 30 * MIB


def test_chunks_of_one_byte_are_taken(server: ForkedServer) -> None:
    with Connection(server.port, timeout=30) as connection:
        assert connection.send(HEAD + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n").seen()["size"] == 50_000


def test_trailers_become_no_headers(server: ForkedServer) -> None:
    trailers = b"X-Forwarded-For: 9.9.9.9\r\nContent-Encoding: gzip\r\nX-Other: 1\r\n"
    with Connection(server.port) as connection:
        for request in (HEAD + b"2\r\nhi\r\n0\r\n" + trailers + b"\r\n", GET.replace(b"second", b"third")):
            seen = connection.send(request).seen()
            assert seen["client"] == "127.0.0.1"
            assert not {"x-forwarded-for", "content-encoding", "x-other"} & set(seen["headers"])


@pytest.mark.parametrize("trailer", [b"Authorization: Basic eDp5", b"Host: b", b"Content-Length: 5"])
def test_fields_that_must_not_be_trailers_are_refused(server: ForkedServer, trailer: bytes) -> None:
    assert send_once(server.port, HEAD + b"2\r\nhi\r\n0\r\n" + trailer + b"\r\n\r\n") == 400


@pytest.mark.parametrize("line", [b"-2\r\n", b"0x2\r\n", b"+2\r\n", b"2_0\r\n", b"\r\n", b"2\n", b"g\r\n"])
def test_invalid_chunk_size_ends_the_connection(server: ForkedServer, probe: Probe, line: bytes) -> None:
    with Connection(server.port) as connection:
        connection.send(HEAD + line + b"hi\r\n0\r\n\r\n" + GET)
        with pytest.raises((EOFError, OSError)):
            connection.seen()
    assert "/second" not in list(probe.paths)
