"""An ASGI application that responds with what it saw of a request, and a client of raw sockets."""

import asyncio
import json
import os
import socket
import time
from typing import Any

from tests.shared import SharedList

GET = b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n"
# A body that is a request of its own to a server that loses its place.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


class Probe:
    """`/large` sends 64 MiB, `/wait?S` responds after S seconds, `/block?S` blocks the worker, `/close` disconnects."""

    def __init__(self) -> None:
        self.paths = SharedList[str]()
        self.events = SharedList[str]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        self.paths.append(scope["path"])
        seconds = float(scope["query_string"] or 0)
        size, is_complete = await _read(receive)
        if scope["path"] == "/large":
            await self._send_large(send)
            return
        if scope["path"] == "/wait":
            await asyncio.sleep(seconds)
        elif scope["path"] == "/block":
            time.sleep(seconds)
        elif scope["path"] == "/fail":
            raise ValueError("a secret value")
        seen = {
            "path": scope["path"],
            "size": size,
            "complete": is_complete,
            "client": scope["client"][0],
            "scheme": scope["scheme"],
            "headers": [name.decode() for name, _ in scope["headers"]],
            "pid": os.getpid(),
            "stopping": scope["extensions"]["muster.connection"]["is_stopping"](),
        }
        content = json.dumps(seen).encode()
        headers = [(b"content-length", str(len(content)).encode())]
        if scope["path"] == "/close":
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})
        self.events.append(f"finished {scope['path']}")

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            kind = (await receive())["type"].removeprefix("lifespan.")
            self.events.append(kind)
            await send({"type": f"lifespan.{kind}.complete"})
            if kind == "shutdown":
                return

    async def _send_large(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1024):
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        self.events.append("finished /large")


async def _read(receive: Any) -> tuple[int, bool]:
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return size, False
        size += len(message["body"])
        if not message["more_body"]:
            return size, True


class Connection:
    """One connection of raw bytes."""

    def __init__(self, port: int, *, receive_buffer: int | None = None, timeout: float = 10) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, *segments: bytes) -> "Connection":
        for number, segment in enumerate(segments):
            if number:
                time.sleep(0.01)
            self.socket.sendall(segment)
        return self

    def respond(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and content of the next response."""
        first = self._file.readline()
        if not first:
            raise EOFError
        headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return int(first.split()[1]), headers, self._file.read(int(headers.get("content-length", 0)))

    def status(self) -> int:
        return self.respond()[0]

    def seen(self) -> dict[str, Any]:
        """What the application saw of the request."""
        status, _, content = self.respond()
        assert status == 200, content
        seen: dict[str, Any] = json.loads(content)
        return seen

    def is_closed(self) -> bool:
        """Whether the server has ended the connection, waiting up to the timeout."""
        try:
            return self._file.read(1) == b""
        except ConnectionError:
            return True

    def send_until_cut(self, segment: bytes, most: int) -> int:
        """Sends the segment again and again; gives the bytes that the server took."""
        sent = 0
        try:
            while sent < most:
                self.socket.sendall(segment)
                sent += len(segment)
        except OSError:
            pass
        return sent


def send_once(port: int, request: bytes) -> int:
    """The status of the response on a connection of its own; 0 when there is none."""
    with Connection(port) as connection:
        try:
            return connection.send(request).status()
        except (OSError, EOFError):
            return 0
