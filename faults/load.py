"""Clients that send batches, and retry each under its idempotency key until it succeeds."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse

from benchmarks.load_generator import SAVE
from faults.ledger import Ledger, SentRequest

CLIENTS = 4
REPLAY_INTERVAL = 7  # every seventh request is sent again after its success
REQUEST_TIMEOUT_SECONDS = 90.0  # for a request with all its retries
ATTEMPT_TIMEOUT_SECONDS = 30.0
RETRY_DELAY_SECONDS = 0.02
RETRYABLE_STATUSES = (409, 500, 503)


class LoadClient(threading.Thread):
    """Sends one request after the other until `stop` is set, and completes the last one."""

    def __init__(self, port: int, token: str, ledger: Ledger, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._ledger = ledger
        self._stop_requested = stop
        self._connection: HTTPConnection | None = None

    def run(self) -> None:
        count = 0
        while not self._stop_requested.is_set():
            request = self._ledger.create_request()
            self._send_with_retries(request)
            count += 1
            if count % REPLAY_INTERVAL == 0:
                self._send_with_retries(request)
        self._disconnect()

    def _send_with_retries(self, request: SentRequest) -> None:
        deadline = time.monotonic() + REQUEST_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            response = self._send(request)
            if response is not None:
                status, content, replayed = response
                if status == 200:
                    self._ledger.acknowledge(request, content, replayed=replayed)
                    return
                if status not in RETRYABLE_STATUSES:
                    self._ledger.add_violation(f"the request {request.key} got the status {status}")
                    return
            time.sleep(RETRY_DELAY_SECONDS)
        self._ledger.add_violation(f"the request {request.key} got no response")

    def _send(self, request: SentRequest) -> tuple[int, bytes, bool] | None:
        """The status, the content and whether the response is a replay; None when the connection failed."""
        try:
            if self._connection is None:
                self._connection = HTTPConnection("127.0.0.1", self._port, timeout=ATTEMPT_TIMEOUT_SECONDS)
            self._connection.request("POST", SAVE, request.body, {**self._headers, "Idempotency-Key": request.key})
            response: HTTPResponse = self._connection.getresponse()
            return response.status, response.read(), response.getheader("Idempotency-Replayed") == "true"
        except (OSError, HTTPException):
            self._disconnect()
            return None

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@contextmanager
def generate_load(port: int, token: str, ledger: Ledger, *, count: int = CLIENTS) -> Iterator[None]:
    """Runs clients during the block; at its end, each completes its last request or times out."""
    stop = threading.Event()
    clients = [LoadClient(port, token, ledger, stop) for _ in range(count)]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        stop.set()
        for client in clients:
            client.join(2 * REQUEST_TIMEOUT_SECONDS)
