"""A light client: it shares the machine with what it measures, so it sends bytes as prepared and parses very little."""

import re
import selectors
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LAST_CHUNK: Final = b"0\r\n\r\n"
_PATIENCE: Final = 120.0  # seconds
_PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service listens, and the token that it takes."""

    port: int
    token: str
    host: str = "127.0.0.1"

    def request(self, path: str, body: bytes) -> bytes:
        """A whole POST request."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class Connection:
    """HTTP/1.1 on one socket that is kept: one request at a time."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection((address.host, address.port), _PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self.socket.getsockname()[1]
        self._piece = memoryview(bytearray(_PIECE))
        self._to_send = memoryview(b"")
        self._answer = _Answer()

    def send(self, request: bytes) -> bytes:
        """The body of the answer to a whole request. Raises RuntimeError when it is no success."""
        self.begin(request)
        while self.sending:
            self.send_on()
        while not self.receive_on():
            pass
        return self.answer()

    def begin(self, request: bytes) -> None:
        self._to_send, self._answer = memoryview(request), _Answer()

    @property
    def sending(self) -> bool:
        """Whether there is more of the request to send."""
        return bool(self._to_send)

    def send_on(self) -> None:
        """Sends what the socket takes."""
        self._to_send = self._to_send[self.socket.send(self._to_send) :]

    def receive_on(self) -> bool:
        """Receives what has come; True when that is the whole answer."""
        count = self.socket.recv_into(self._piece)
        if not count:
            raise RuntimeError("the connection was closed before the answer")
        return self._answer.take(self._piece[:count])

    def answer(self) -> bytes:
        """The body of the answer that is whole. Raises RuntimeError when it is no success."""
        return self._answer.body()

    def close(self) -> None:
        self.socket.close()


class _Answer:
    """An answer while it comes in."""

    def __init__(self) -> None:
        self._got = bytearray()
        self._start = 0  # of the body
        self._length: int | None = None

    def take(self, piece: memoryview) -> bool:
        self._got += piece
        if not self._start:
            self._read_head()
        if self._length is None:
            return self._start > 0 and self._got.endswith(_LAST_CHUNK)
        return len(self._got) - self._start >= self._length

    def body(self) -> bytes:
        """A chunked one has the lengths of its chunks in it."""
        body = bytes(memoryview(self._got)[self._start :])
        if self._got[9:10] != b"2":
            raise RuntimeError(f"the answer was {self._got[9:12].decode()} {body[:300].decode()}")
        return body

    def _read_head(self) -> None:
        end = self._got.find(b"\r\n\r\n")
        if end >= 0:
            self._start = end + 4
            length = _LENGTH.search(self._got, 0, end)
            self._length = int(length[1]) if length else None


def exchanged(connections: Sequence[Connection], requests: Iterable[bytes]) -> list[bytes]:
    """The bodies of all answers; each connection sends the next request when it has its answer.

    One thread looks after all connections. A thread for each took three times the processor time, which is time that
    the service on the same machine does not have.
    """
    answers: list[bytes] = []
    waiting = iter(requests)
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            connection.socket.setblocking(False)
            selector.register(connection.socket, selectors.EVENT_WRITE, connection)
            _begin_next(connection, waiting, selector)
        while selector.get_map():
            for key, _ in _ready(selector):
                connection = key.data
                if connection.sending:
                    connection.send_on()
                    if not connection.sending:
                        selector.modify(connection.socket, selectors.EVENT_READ, connection)
                elif connection.receive_on():
                    answers.append(connection.answer())
                    _begin_next(connection, waiting, selector)
    return answers


def _begin_next(connection: Connection, waiting: Iterator[bytes], selector: selectors.BaseSelector) -> None:
    request = next(waiting, None)
    if request is None:
        selector.unregister(connection.socket)
        return
    connection.begin(request)
    selector.modify(connection.socket, selectors.EVENT_WRITE, connection)


def _ready(selector: selectors.BaseSelector) -> list[tuple[selectors.SelectorKey, int]]:
    ready = selector.select(_PATIENCE)
    if not ready:
        raise RuntimeError(f"no answer came within {_PATIENCE:.0f} seconds")
    return ready
