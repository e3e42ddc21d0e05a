"""A client of the API of loads that repeats each request at any node until it is answered."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

LOADS: Final = "/api/v1/loads"
FINAL: Final = ("completed", "failed", "cancelled")
RETRYABLE_STATUSES: Final = (429, 500, 503)
DEADLINE_SECONDS: Final = 180.0  # for a request with all its retries, and for a load
ATTEMPT_TIMEOUT_SECONDS: Final = 20.0
RETRY_SECONDS: Final = 0.1
POLL_SECONDS: Final = 0.3


class Answer(NamedTuple):
    status: int
    content: bytes

    def to_json(self) -> Any:
        return json.loads(self.content)


class LoadsApi:
    """The requests of one load, each to any of these ports."""

    def __init__(self, ports: Sequence[int], token: str, random: Random, stop: threading.Event) -> None:
        """`stop` ends a request that is not answered."""
        self._ports = ports
        self._headers = {"Authorization": f"Bearer {token}"}
        self._random = random
        self._stop_requested = stop

    def request(
        self, method: str, path: str = "", content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            answer = self._send(method, path, content, headers or {})
            if answer is not None and answer.status not in RETRYABLE_STATUSES:
                return answer
            is_late = time.monotonic() > deadline or self._stop_requested.is_set()
            assert not is_late, f"{method} {LOADS}{path} gets no answer: {answer}"
            time.sleep(RETRY_SECONDS)

    def upload_parts(self, name: str, content: bytes, options: Mapping[str, Any], *, parts: int, key: str) -> str:
        """Sends the file in parts of their own sizes, in any order and some of them again; gives the id of the load."""
        sha256 = hashlib.sha256(content).hexdigest()
        body = json.dumps({"name": name, "options": options, "sha256": sha256}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}
        created = self.request("POST", "", body, headers)
        assert created.status == 201, created
        load_id = str(created.to_json()["id"])
        ends = [*sorted(self._random.sample(range(1, len(content)), parts - 1)), len(content)]
        pieces = dict(enumerate(map(lambda start, end: content[start:end], [0, *ends], ends), 1))
        numbers = [*pieces, *self._random.sample(list(pieces), self._random.randint(0, 1))]
        self._random.shuffle(numbers)
        for number in numbers:
            digest = base64.b64encode(hashlib.sha256(pieces[number]).digest()).decode()
            sent = self.request(
                "PUT", f"/{load_id}/parts/{number}", pieces[number], {"Content-Digest": f"sha-256=:{digest}:"}
            )
            assert sent.status == 204, sent
        started = self.request("POST", f"/{load_id}/start")
        assert started.status == 202, started
        return load_id

    def upload_whole(self, name: str, content: bytes, options: Mapping[str, Any], *, key: str) -> str:
        """Sends the file as one body until it has come; gives the id of its load."""
        query = {"start": "true", "name": name, **options}
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            headers = {"Idempotency-Key": f'"{key}"'}
            answer = self.request("POST", f"?{urlencode(query)}", content, headers)
            if answer.status == 202:
                load = answer.to_json()
                assert load["state"] != "receiving", "the answer says that the file has come, and the load waits for it"
                return str(load["id"])
            # A conflict with the request before, which may have been under way when its connection was lost.
            assert answer.status == 409, answer
            assert time.monotonic() < deadline, answer
            time.sleep(RETRY_SECONDS)

    def wait(self, load_id: str) -> dict[str, Any]:
        """The load when it has ended."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            answer = self.request("GET", f"/{load_id}")
            assert answer.status == 200, answer
            load: dict[str, Any] = answer.to_json()
            if load["state"] in FINAL:
                return load
            assert time.monotonic() < deadline, f"the load does not end: {load}"
            time.sleep(POLL_SECONDS)

    def _send(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> Answer | None:
        """None when the connection failed."""
        port = self._random.choice(self._ports)
        connection = HTTPConnection("127.0.0.1", port, timeout=ATTEMPT_TIMEOUT_SECONDS)
        try:
            connection.request(method, f"{LOADS}{path}", content, {**self._headers, **headers})
            response = connection.getresponse()
            return Answer(response.status, response.read())
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()
