"""What a stranger can't do to the server with half a request."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from muster.server import protocol
from muster.server.background import run_in_background
from muster.server.run import listen
from muster.settings import Settings

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@contextmanager
def connected() -> Iterator[socket.socket]:
    """A connection to a server of its own."""
    listener = listen("127.0.0.1", 0)
    address = listener.getsockname()
    with run_in_background(app, Settings(), listener), socket.create_connection(address, timeout=10) as connection:
        yield connection


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nx: "], ids=["nothing", "half of a header"])
def test_who_does_not_finish_a_request_is_cut_off(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with connected() as connection:
        connection.sendall(sent)
        assert connection.recv(1000) == b""


def test_who_does_not_finish_the_next_request_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with connected() as connection:
        connection.sendall(REQUEST)
        assert b" 204 " in connection.recv(1000)
        connection.sendall(REQUEST[:10])
        assert connection.recv(1000) == b""


@pytest.mark.parametrize("already", [b"", REQUEST], ids=["first", "later"])
def test_headers_in_many_pieces_are_counted_together(already: bytes) -> None:
    with connected() as connection:
        if already:
            connection.sendall(already)
            assert b" 204 " in connection.recv(1000)
        connection.sendall(REQUEST[:-2] + b"x: ")
        for _ in range(protocol.MAX_HEAD_BYTES // 1000 + 1):
            connection.sendall(b"x" * 1000)
        assert b" 431 " in connection.recv(1000)


def test_headers_below_the_limit_are_taken_in_any_pieces() -> None:
    with connected() as connection:
        for _ in range(3):
            connection.sendall(REQUEST[:-2] + b"x: " + b"x" * (protocol.MAX_HEAD_BYTES - 1000))
            connection.sendall(b"\r\n\r\n")
            assert b" 204 " in connection.recv(1000)


def head_of(size: int) -> bytes:
    """A request without a body, of so many bytes."""
    return REQUEST[:-2] + b"x: " + b"x" * (size - len(REQUEST) - 5) + b"\r\n\r\n"


@pytest.mark.parametrize("already", [b"", REQUEST], ids=["first", "later"])
@pytest.mark.parametrize(
    ("size", "status"), [(protocol.MAX_HEAD_BYTES, b" 204 "), (protocol.MAX_HEAD_BYTES + 1, b" 431 ")]
)
def test_a_head_in_one_piece_has_the_same_limit(already: bytes, size: int, status: bytes) -> None:
    with connected() as connection:
        if already:
            connection.sendall(already)
            assert b" 204 " in connection.recv(1000)
        connection.sendall(head_of(size))
        assert status in connection.recv(1000)


def test_a_large_body_does_not_count_for_the_head_behind_it() -> None:
    """All at once, as a client does that waits for no answer."""
    body = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n" + b"x" * 200_000
    with connected() as connection:
        connection.sendall(body + head_of(protocol.MAX_HEAD_BYTES - 1000) + REQUEST)
        answers = b""
        while answers.count(b" 204 ") < 3 and b" 431 " not in answers:
            answers += connection.recv(1000)
        assert b" 431 " not in answers


@pytest.mark.parametrize(("sent", "status"), [(head_of(protocol.MAX_HEAD_BYTES + 1), 431), (b"a secret\r\n\r\n", 400)])
def test_what_is_refused_before_the_application_is_an_event_without_anything_of_it(sent: bytes, status: int) -> None:
    with structlog.testing.capture_logs() as events, connected() as connection:
        connection.sendall(sent)
        assert b" %d " % status in connection.recv(1000)
    assert [event for event in events if event["event"] == "refused"] == [
        {"event": "refused", "log_level": "info", "status": status}
    ]
    assert "secret" not in str(events)
