"""What a stranger can't do to the server with half a request."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from muster.cli import protocol
from muster.cli.background import serving
from muster.cli.server import listen
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
    with serving(app, Settings(), listener), socket.create_connection(address, timeout=10) as connection:
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
        for _ in range(protocol.HEAD_MOST // 1000 + 1):
            connection.sendall(b"x" * 1000)
        assert b" 431 " in connection.recv(1000)


def test_headers_below_the_limit_are_taken_in_any_pieces() -> None:
    with connected() as connection:
        for _ in range(3):
            connection.sendall(REQUEST[:-2] + b"x: " + b"x" * (protocol.HEAD_MOST - 1000))
            connection.sendall(b"\r\n\r\n")
            assert b" 204 " in connection.recv(1000)
