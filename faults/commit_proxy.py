"""A TCP proxy in front of PostgreSQL that cuts connections around a commit.

It parses the protocol just far enough to find the messages that commit a batch.
Source: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

ENCRYPTION_REQUESTS: Final = {80877103, 80877104}  # SSLRequest and GSSENCRequest, in the place of a protocol version
READY_FOR_QUERY: Final = b"Z\0\0\0\5"
ENDS_OF_REQUEST: Final = b"QS"  # Query, Sync
CHUNK_BYTES: Final = 65_536

# The statements of muster that commit a batch: that of a transaction, and the one that may be a transaction of its own.
COMMIT: Final = b"COMMIT"
SINGLE_STATEMENT: Final = b"WITH numbered AS ("


class Cut(StrEnum):
    """What happens to the connections of client and server when the client commits."""

    COMMIT_DROPPED = "the client loses its connection; after a delay the server does too, without the commit"
    COMMIT_DELAYED = "the client loses its connection; after a delay the server gets the commit"
    AT_ONCE = "the server gets the commit, and both lose their connection at once"
    ANSWER_DROPPED = "the server commits; its answer is swallowed, and both lose their connection"


class CommitProxy:
    """Listens on a port of this machine. `choose_cut` is asked at every commit; None lets it pass."""

    def __init__(self, url: str, choose_cut: Callable[[], Cut | None], *, delay: float = 0.1) -> None:
        self._server = conninfo_to_dict(url)
        self.choose_cut = choose_cut
        self.delay = delay
        self.is_refusing = False  # whether new connections are closed at once
        self.cuts: Counter[Cut] = Counter()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The URL of the database behind the proxy."""
        user, password, name = (quote(str(self._server.get(key) or "")) for key in ("user", "password", "dbname"))
        return f"postgresql://{user}:{password}@127.0.0.1:{self._listener.getsockname()[1]}/{name}"

    def count(self, cut: Cut) -> None:
        with self._lock:
            self.cuts[cut] += 1

    def connect_to_server(self) -> socket.socket:
        host, port = str(self._server.get("host") or "/tmp"), int(self._server.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(Path(host, f".s.PGSQL.{port}")))
        except OSError:  # the server is down
            connection.close()
            raise
        return connection

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                if self.is_refusing:
                    client.close()
                    continue
                try:
                    server = self.connect_to_server()
                except OSError:
                    client.close()
                    continue
                ProxiedConnection(self, client, server).start()


class ProxiedConnection:
    """One connection of a client and the one to the server, with a thread for each direction."""

    def __init__(self, proxy: CommitProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._is_swallowing = threading.Event()

    def start(self) -> None:
        for pump in (self._pump_requests, self._pump_responses):
            threading.Thread(target=pump, daemon=True).start()

    def _pump_requests(self) -> None:
        with suppress(OSError):
            self._server.sendall(read_startup_message(self._client))
            watch = CommitWatch()
            held = b""
            for kind, content in read_messages(self._client):
                message = kind + struct.pack("!i", len(content) + 4) + content
                if not held and not watch.is_commit(kind, content):
                    self._server.sendall(message)
                    continue
                held += message
                if kind in ENDS_OF_REQUEST:
                    cut = self._proxy.choose_cut()
                    if cut is not None:
                        self._cut(cut, held)
                        return
                    self._server.sendall(held)
                    held = b""
        close(self._client, self._server)

    def _pump_responses(self) -> None:
        swallowed = b""
        with suppress(OSError):
            while chunk := self._server.recv(CHUNK_BYTES):
                if not self._is_swallowing.is_set():
                    self._client.sendall(chunk)
                    continue
                swallowed += chunk
                if READY_FOR_QUERY in swallowed:
                    break
        if not self._is_swallowing.is_set() or READY_FOR_QUERY in swallowed:
            close(self._client, self._server)

    def _cut(self, cut: Cut, commit: bytes) -> None:
        self._proxy.count(cut)
        self._is_swallowing.set()
        match cut:
            case Cut.COMMIT_DROPPED:
                close(self._client)
                time.sleep(self._proxy.delay)
                close(self._server)
            case Cut.COMMIT_DELAYED:
                close(self._client)
                time.sleep(self._proxy.delay)
                self._server.sendall(commit)
            case Cut.AT_ONCE:
                self._server.sendall(commit)
                close(self._client, self._server)
            case Cut.ANSWER_DROPPED:
                self._server.sendall(commit)


@contextmanager
def run_proxy(url: str, choose_cut: Callable[[], Cut | None] = lambda: None) -> Iterator[CommitProxy]:
    proxy = CommitProxy(url, choose_cut)
    try:
        yield proxy
    finally:
        proxy.close()


class CommitWatch:
    """Finds the messages of a connection that commit a batch."""

    def __init__(self) -> None:
        self._prepared: dict[bytes, bytes] = {}  # texts of prepared statements by name
        self._in_transaction = False

    def is_commit(self, kind: bytes, content: bytes) -> bool:
        match kind:
            case b"Q":
                text = content.rstrip(b"\0")
            case b"P":  # Parse: name and text
                name, text, *_ = content.split(b"\0", 2)
                self._prepared[name] = text
                return False
            case b"B":  # Bind: portal and name
                text = self._prepared.get(content.split(b"\0", 2)[1], b"")
            case _:
                return False
        if text.startswith((b"BEGIN", b"COMMIT", b"ROLLBACK")) and not text.startswith(b"ROLLBACK TO"):
            self._in_transaction = text.startswith(b"BEGIN")
        return text == COMMIT or (not self._in_transaction and text.strip().startswith(SINGLE_STATEMENT))


def read_startup_message(client: socket.socket) -> bytes:
    """The first message with parameters. Declines encryption, which clients ask for before it."""
    while True:
        header = read_exactly(client, 8)
        length, version = struct.unpack("!ii", header)
        if version not in ENCRYPTION_REQUESTS:
            return header + read_exactly(client, length - 8)
        client.sendall(b"N")


def read_messages(client: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each message, until the connection ends with an `OSError`."""
    while True:
        header = read_exactly(client, 5)
        (length,) = struct.unpack("!i", header[1:])
        yield header[:1], read_exactly(client, length - 4)


def read_exactly(connection: socket.socket, count: int) -> bytes:
    content = bytearray()
    while len(content) < count:
        chunk = connection.recv(min(count - len(content), CHUNK_BYTES))
        if not chunk:
            raise ConnectionResetError
        content += chunk
    return bytes(content)


def close(*connections: socket.socket) -> None:
    """Closes the connections, also while another thread reads from them."""
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
