"""A real server on a free port, and a client that speaks bytes."""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from muster.web.app import Application
from tests.forked_server import forked_server
from tests.web.fakes import ANNA, SAVE

BASIC = b"Basic " + base64.b64encode(":".join(ANNA).encode())


@contextmanager
def serving(app: Application) -> Iterator[int]:
    """Serves the application, as `muster serve` does, and gives the port."""
    with forked_server(lambda: app) as server:
        yield server.port


class Wire:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def head(
        self, *lines: bytes, path: str = SAVE, authorization: bytes | None = BASIC, method: str = "POST"
    ) -> "Wire":
        head = [f"{method} {path} HTTP/1.1".encode(), b"Host: muster", b"Content-Type: application/json", *lines]
        if authorization is not None:
            head.append(b"Authorization: " + authorization)
        self.socket.sendall(b"\r\n".join([*head, b"", b""]))
        return self

    def send(self, data: bytes) -> "Wire":
        self.socket.sendall(data)
        return self

    def post(self, body: bytes, *lines: bytes) -> "Wire":
        return self.head(b"Content-Length: %d" % len(body), *lines).send(body)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case) and body of the next answer."""
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return status, headers, self._file.read(int(headers.get("content-length", 0)))

    def is_closed(self) -> bool:
        return self._file.read(1) == b""
