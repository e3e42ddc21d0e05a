"""Clients that send requests by chance over connections of their own, and look at what comes back."""

import json
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from random import Random
from typing import Final
from urllib.request import urlopen

from fuzzing.requests import Request, Requests

CLIENTS: Final = 3
# Seconds until an answer that must come, and until one that need not.
_PATIENCE: Final = 60.0
_GLANCE: Final = 0.2
_PROBE_EVERY: Final = 100
_MOST_TOLD: Final = 20
# What the server and the edge may say to any request; the document tells the rest.
_ANYWHERE: Final = frozenset({400, 404, 405, 408, 413, 431})
_ERROR_KEYS: Final = {"timestamp", "status", "error", "path", "message"}


@dataclass
class Seen:
    """What came back. `wrong` has what must not happen, in words."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, status: int | None, wrong: str | None, request: Request) -> None:
        with self._lock:
            self.sent += 1
            if status is not None:
                self.statuses[status] += 1
            if wrong is not None and len(self.wrong) < _MOST_TOLD:
                self.wrong.append(f"{wrong}: {request.shown}")


def run(port: int, token: str, seconds: float, seed: int) -> Seen:
    """Sends for so many seconds with several clients."""
    seen, end = Seen(), time.monotonic() + seconds
    clients = [
        threading.Thread(
            target=_Client(port, Requests(token, Random(seed + number)), seen).until, args=(end,), daemon=True
        )
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join(seconds + 3 * _PATIENCE)
        if client.is_alive():
            seen.wrong.append("a client hangs")
    return seen


class _Client:
    def __init__(self, port: int, requests: Requests, seen: Seen) -> None:
        self._port = port
        self._requests = requests
        self._seen = seen
        self._socket: socket.socket | None = None

    def until(self, end: float) -> None:
        count = 0
        while time.monotonic() < end:
            if count % _PROBE_EVERY == 0:
                urlopen(f"http://127.0.0.1:{self._port}/health/live", timeout=_PATIENCE).close()
            request = self._requests.next()
            status, wrong = self._exchange(request)
            self._seen.answered(status, wrong, request)
            count += 1
        self._disconnect()

    def _exchange(self, request: Request) -> tuple[int | None, str | None]:
        """The status of the answer, None when there is none, and what is wrong with it."""
        if not request.complete:
            self._disconnect()
        fresh = self._socket is None
        connection = self._connected()
        connection.settimeout(_PATIENCE if request.complete else _GLANCE)
        try:
            connection.sendall(request.content)
            answer = HTTPResponse(connection, method=request.method)
            answer.begin()
            body = answer.read()
        except (OSError, HTTPException) as error:
            self._disconnect()
            # A connection that was kept may have been closed meanwhile.
            told = f"no answer ({type(error).__name__})" if request.complete and fresh else None
            return None, told
        if answer.will_close or not request.complete:
            self._disconnect()
        return answer.status, _fault_of(request, answer, body)

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
        return self._socket

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def _fault_of(request: Request, answer: HTTPResponse, body: bytes) -> str | None:
    """What is wrong with an answer; None for a right one."""
    status, media_type = answer.status, answer.headers.get("content-type", "")
    if status >= 500:
        return f"the status {status}"
    if request.statuses is not None and status not in request.statuses | _ANYWHERE:
        return f"the status {status}, which the document does not know"
    if not media_type.startswith("application/json") or request.method == "HEAD":
        return (
            None if status < 400 or request.method == "HEAD" or not request.complete else f"{media_type} with {status}"
        )
    try:
        told = json.loads(body)
    except ValueError:
        return "a body that is no JSON"
    is_error = isinstance(told, dict) and told.keys() == _ERROR_KEYS and told["status"] == status
    return None if status < 400 or is_error else f"a {status} of another shape"
