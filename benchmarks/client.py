"""A light client: it shares the machine with what it measures, so it sends bytes as prepared and parses very little."""

import re
import socket
from dataclasses import dataclass
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PATIENCE: Final = 120.0  # seconds
_PIECE: Final = 64 * 1024


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
    """HTTP/1.1 on one socket that is kept."""

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection((address.host, address.port), _PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]

    def send(self, request: bytes) -> bytes:
        """The body of the answer to a whole request. Raises RuntimeError when it is no success."""
        self._socket.sendall(request)
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._receive(_PIECE)
        length = _LENGTH.search(got, 0, end)
        body = self._whole(got[end + 4 :], int(length[1])) if length else self._chunks(got[end + 4 :])
        if got[9:10] != b"2":
            raise RuntimeError(f"the answer was {got[9:12].decode()} {body[:300].decode()}")
        return body

    def close(self) -> None:
        self._socket.close()

    def _whole(self, begun: bytes, length: int) -> bytes:
        pieces, missing = [begun], length - len(begun)
        while missing:
            pieces.append(self._receive(missing))
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _chunks(self, begun: bytes) -> bytes:
        """A chunked body as it came, with the lengths of its chunks."""
        while not begun.endswith(b"0\r\n\r\n"):
            begun += self._receive(_PIECE)
        return begun

    def _receive(self, most: int) -> bytes:
        got = self._socket.recv(min(most, 16 * _PIECE))
        if not got:
            raise RuntimeError("the connection was closed before the answer")
        return got
