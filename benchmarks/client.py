"""A minimal HTTP client. It shares the machine with the service, so it sends prepared bytes and parses little."""

import re
import selectors
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LAST_CHUNK: Final = b"0\r\n\r\n"
_TIMEOUT_SECONDS: Final = 120.0  # seconds
_CHUNK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Host and port of a service, and a valid Bearer token."""

    port: int
    token: str
    host: str = "127.0.0.1"

    def build_request(self, path: str, body: bytes) -> bytes:
        """A complete POST request."""
        header = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return header.encode() + body


class Connection:
    """A persistent HTTP/1.1 connection, for one request at a time."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection((address.host, address.port), _TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self.socket.getsockname()[1]
        self._buffer = memoryview(bytearray(_CHUNK_BYTES))
        self._to_send = memoryview(b"")
        self._response = _Response()

    def send(self, request: bytes) -> bytes:
        """Sends a request and returns the body of the response. Raises RuntimeError when its status is not 2xx."""
        self.begin(request)
        while self.has_unsent:
            self.send_some()
        while not self.receive_some():
            pass
        return self.read_body()

    def begin(self, request: bytes) -> None:
        self._to_send, self._response = memoryview(request), _Response()

    @property
    def has_unsent(self) -> bool:
        """Whether a part of the request is still unsent."""
        return bool(self._to_send)

    def send_some(self) -> None:
        """Sends as much as the socket accepts."""
        self._to_send = self._to_send[self.socket.send(self._to_send) :]

    def receive_some(self) -> bool:
        """Receives available bytes; True once the response is complete."""
        count = self.socket.recv_into(self._buffer)
        if not count:
            raise RuntimeError("the connection was closed before the response was complete")
        return self._response.take(self._buffer[:count])

    def read_body(self) -> bytes:
        """The body of the complete response. Raises RuntimeError when its status is not 2xx."""
        return self._response.body()

    def close(self) -> None:
        self.socket.close()


class _Response:
    """A response that is being received."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._body_start = 0
        self._length: int | None = None

    def take(self, chunk: memoryview) -> bool:
        self._received += chunk
        if not self._body_start:
            self._read_header()
        if self._length is None:
            return self._body_start > 0 and self._received.endswith(_LAST_CHUNK)
        return len(self._received) - self._body_start >= self._length

    def body(self) -> bytes:
        """The received body; chunk sizes of a chunked body are left in it."""
        body = bytes(memoryview(self._received)[self._body_start :])
        if self._received[9:10] != b"2":
            raise RuntimeError(f"the response was {self._received[9:12].decode()} {body[:300].decode()}")
        return body

    def _read_header(self) -> None:
        end = self._received.find(b"\r\n\r\n")
        if end >= 0:
            self._body_start = end + 4
            length = _LENGTH.search(self._received, 0, end)
            self._length = int(length[1]) if length else None


def send_all(connections: Sequence[Connection], requests: Iterable[bytes]) -> list[bytes]:
    """Sends all requests and returns the response bodies; each connection sends its next request after a response.

    One thread serves all connections. A thread for each connection took three times the CPU time, which the service on
    the same machine then lacks.
    """
    responses: list[bytes] = []
    pending = iter(requests)
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            connection.socket.setblocking(False)
            selector.register(connection.socket, selectors.EVENT_WRITE, connection)
            _begin_next(connection, pending, selector)
        while selector.get_map():
            for key, _ in _wait_for_events(selector):
                connection = key.data
                if connection.has_unsent:
                    connection.send_some()
                    if not connection.has_unsent:
                        selector.modify(connection.socket, selectors.EVENT_READ, connection)
                elif connection.receive_some():
                    responses.append(connection.read_body())
                    _begin_next(connection, pending, selector)
    return responses


def _begin_next(connection: Connection, pending: Iterator[bytes], selector: selectors.BaseSelector) -> None:
    request = next(pending, None)
    if request is None:
        selector.unregister(connection.socket)
        return
    connection.begin(request)
    selector.modify(connection.socket, selectors.EVENT_WRITE, connection)


def _wait_for_events(selector: selectors.BaseSelector) -> list[tuple[selectors.SelectorKey, int]]:
    ready = selector.select(_TIMEOUT_SECONDS)
    if not ready:
        raise RuntimeError(f"no response within {_TIMEOUT_SECONDS:.0f} seconds")
    return ready
