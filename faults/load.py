"""Clients that send batches, and send each again under its key until they have an answer."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse

from benchmarks.posting import SAVE
from faults.ledger import Ledger, Sent

CLIENTS = 4
# Each so many requests, an answered one is sent once more.
AGAIN_EVERY = 7
PATIENCE = 90.0  # seconds until an answer, over all tries
_TRY_SECONDS = 30.0
_PAUSE = 0.02
# The answers to a request that may be sent again as it is.
_LATER = (409, 500, 503)


class Client(threading.Thread):
    """Sends one request after the other until it is told to stop, and then waits for the answer to its last."""

    def __init__(self, port: int, token: str, ledger: Ledger, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._ledger = ledger
        self._stopped = stop
        self._connection: HTTPConnection | None = None

    def run(self) -> None:
        count = 0
        while not self._stopped.is_set():
            sent = self._ledger.new()
            self._until_answered(sent)
            count += 1
            if count % AGAIN_EVERY == 0:
                self._until_answered(sent)
        self._disconnect()

    def _until_answered(self, sent: Sent) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._post(sent)
            if answer is not None and answer[0] == 200:
                self._ledger.answered(sent, answer[1], replayed=answer[2])
                return
            if answer is not None and answer[0] not in _LATER:
                self._ledger.refuse(f"the request {sent.key} was answered with {answer[0]}")
                return
            time.sleep(_PAUSE)
        self._ledger.refuse(f"the request {sent.key} got no answer")

    def _post(self, sent: Sent) -> tuple[int, bytes, bool] | None:
        """Status, body, and whether it was given before; None when the connection broke."""
        try:
            if self._connection is None:
                self._connection = HTTPConnection("127.0.0.1", self._port, timeout=_TRY_SECONDS)
            self._connection.request("POST", SAVE, sent.body, {**self._headers, "Idempotency-Key": sent.key})
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
def load(port: int, token: str, ledger: Ledger) -> Iterator[None]:
    """Clients that send all the while; afterwards each has the answer to its last request, or gave up."""
    stop = threading.Event()
    clients = [Client(port, token, ledger, stop) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        stop.set()
        for client in clients:
            client.join(2 * PATIENCE)
