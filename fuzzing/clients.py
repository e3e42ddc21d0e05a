"""Clients that send random requests over connections of their own, and check the responses."""

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

from fuzzing.requests import RawRequest, RequestGenerator

CLIENTS: Final = 3
# How long to wait for a response that must come, and for one that may not come.
_TIMEOUT_SECONDS: Final = 60.0
_OPTIONAL_TIMEOUT_SECONDS: Final = 0.2
_REQUESTS_PER_PROBE: Final = 100
_MAX_FAILURES: Final = 20
# Any request may get these from the server itself (501: an unsupported transfer coding).
_SERVER_STATUSES: Final = frozenset({400, 404, 405, 408, 413, 431, 501})
_ERROR_KEYS: Final = {"timestamp", "status", "error", "path", "message"}


@dataclass
class ResponseLog:
    """Counts the responses of all clients. `failures` describes the wrong ones."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, request: RawRequest, status: int | None, failure: str | None) -> None:
        with self._lock:
            self.sent += 1
            if status is not None:
                self.statuses[status] += 1
            if failure is not None and len(self.failures) < _MAX_FAILURES:
                self.failures.append(f"{failure}: {request.excerpt}")


def run(port: int, token: str, seconds: float, seed: int) -> ResponseLog:
    """Sends random requests with several clients for `seconds`."""
    log, end = ResponseLog(), time.monotonic() + seconds
    clients = [_Client(port, RequestGenerator(token, Random(seed + number)), log) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.run_until, args=(end,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 3 * _TIMEOUT_SECONDS)
        if thread.is_alive():
            log.failures.append("a client hangs")
    return log


class _Client:
    def __init__(self, port: int, requests: RequestGenerator, log: ResponseLog) -> None:
        self._port = port
        self._requests = requests
        self._log = log
        self._socket: socket.socket | None = None

    def run_until(self, end: float) -> None:
        count = 0
        while time.monotonic() < end:
            if count % _REQUESTS_PER_PROBE == 0:
                urlopen(f"http://127.0.0.1:{self._port}/health/live", timeout=_TIMEOUT_SECONDS).close()
            request = self._requests.generate()
            status, failure = self._send(request)
            self._log.add(request, status, failure)
            count += 1
        self._disconnect()

    def _send(self, request: RawRequest) -> tuple[int | None, str | None]:
        """The status of the response, None when there is none, and what is wrong with it."""
        if not request.is_valid:
            self._disconnect()
        is_new = self._socket is None
        connection = self._connect()
        connection.settimeout(_TIMEOUT_SECONDS if request.is_valid else _OPTIONAL_TIMEOUT_SECONDS)
        try:
            connection.sendall(request.content)
            response = HTTPResponse(connection, method=request.method)
            response.begin()
            body = response.read()
        except (OSError, HTTPException) as error:
            self._disconnect()
            # The server may close a kept-alive connection at any time.
            must_respond = request.is_valid and is_new
            return None, f"no response ({type(error).__name__})" if must_respond else None
        if response.will_close or not request.is_valid:
            self._disconnect()
        return response.status, _find_failure(request, response, body)

    def _connect(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=_TIMEOUT_SECONDS)
        return self._socket

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def _find_failure(request: RawRequest, response: HTTPResponse, body: bytes) -> str | None:
    """What is wrong with a response; None when it is right."""
    status, media_type = response.status, response.headers.get("content-type", "")
    if status >= 500 and (status != 501 or request.is_valid):  # 501: an unsupported transfer coding
        return f"the status {status}"
    if request.statuses is not None and status not in request.statuses | _SERVER_STATUSES:
        return f"the status {status}, which the OpenAPI document does not have"
    if request.method == "HEAD":
        return None
    if not media_type.startswith("application/json"):
        # The server refuses two Content-Type headers by itself, with a 400 in plain text.
        return f"{media_type} with {status}" if status > 400 and request.is_valid else None
    try:
        content = json.loads(body)
    except ValueError:
        return "a body that is not JSON"
    is_error = isinstance(content, dict) and content.keys() == _ERROR_KEYS and content["status"] == status
    return None if status < 400 or is_error else f"a {status} of another shape"
