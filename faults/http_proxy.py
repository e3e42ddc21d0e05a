"""A TCP proxy in front of the service that cuts connections at any byte, of a request or of a response."""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from random import Random
from typing import Final, NamedTuple

from faults.commit_proxy import CHUNK_BYTES, close

MAX_REQUEST_BYTES: Final = 40_000  # about the size of the largest request of these tests
MAX_RESPONSE_BYTES: Final = 12_000


class Direction(StrEnum):
    REQUEST = "request"
    RESPONSE = "response"


class CutPoint(NamedTuple):
    """The connection is cut when so many bytes have passed in this direction since it was opened."""

    direction: Direction
    byte: int


class HttpProxy:
    """Listens on a port of this machine. `choose_cut` is asked for each connection; None lets it live."""

    def __init__(self, port: int, choose_cut: Callable[[], CutPoint | None]) -> None:
        self._server_port = port
        self.choose_cut = choose_cut
        self.cuts: Counter[Direction] = Counter()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._server_port))
                except OSError:
                    close(client)
                    continue
                cut = self.choose_cut()
                for direction, source, target in (
                    (Direction.REQUEST, client, server),
                    (Direction.RESPONSE, server, client),
                ):
                    limit = cut.byte if cut is not None and cut.direction is direction else None
                    pump = threading.Thread(target=self._pump, args=(direction, source, target, limit), daemon=True)
                    pump.start()

    def _pump(self, direction: Direction, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while limit is None or passed < limit:
                chunk = source.recv(CHUNK_BYTES if limit is None else min(CHUNK_BYTES, limit - passed))
                if not chunk:
                    break
                target.sendall(chunk)
                passed += len(chunk)
            else:
                with self._lock:
                    self.cuts[direction] += 1
        close(source, target)


@contextmanager
def run_http_proxy(port: int, choose_cut: Callable[[], CutPoint | None]) -> Iterator[HttpProxy]:
    proxy = HttpProxy(port, choose_cut)
    try:
        yield proxy
    finally:
        proxy.close()


class RandomCuts:
    """Cuts every connection at a random byte, small numbers as likely as large ones. Thread-safe, like its `Random`."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def __call__(self) -> CutPoint:
        direction = self._random.choice(list(Direction))
        most = MAX_REQUEST_BYTES if direction is Direction.REQUEST else MAX_RESPONSE_BYTES
        return CutPoint(direction, int(most ** self._random.random()) - 1)
