"""The endpoints of loads, as the service will have them, in memory."""

import base64
import hashlib
import re
from typing import Any
from uuid import uuid4

import httpx
import msgspec

from tests.client.fakes import make_problem, make_result

_PATH = re.compile(r"/api/v1/loads(?:/([0-9a-f-]{36})(?:/(\w+)(?:/(\d+))?)?)?")


class FakeLoads:
    """Loads whose files are CSV: each line is a row, and one with `bad` is refused.

    `failures` are raised, or sent, in the place of the responses of the next requests, which are processed before.
    """

    def __init__(self) -> None:
        self.loads: dict[str, dict[str, Any]] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.keys: dict[str, str] = {}
        self.requests: list[httpx.Request] = []
        self.failures: list[httpx.Response | httpx.RequestError | None] = []
        self.polls_until_done = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        response = self._respond(request)
        failure = self.failures.pop(0) if self.failures else None
        if isinstance(failure, httpx.RequestError):
            raise failure
        return failure or response

    def file(self, load_id: object) -> bytes:
        parts = self.parts[str(load_id)]
        assert sorted(parts) == list(range(1, len(parts) + 1))
        return b"".join(parts[number] for number in sorted(parts))

    def _respond(self, request: httpx.Request) -> httpx.Response:
        match = _PATH.fullmatch(request.url.path)
        assert match
        load_id, action, number = match.groups()
        if load_id is None:
            return self._create(request) if request.method == "POST" else self._list(request)
        if load_id not in self.loads:
            return make_problem(404)
        match request.method, action:
            case "GET", None:
                return self._get(load_id)
            case "GET", "parts":
                described = [
                    {"number": number, "size": len(part), "sha256": hashlib.sha256(part).hexdigest()}
                    for number, part in sorted(self.parts[load_id].items())
                ]
                return httpx.Response(200, json={"parts": described})
            case "PUT", "parts":
                return self._put_part(load_id, int(number), request)
            case "POST", "start":
                return self._start(load_id)
            case "POST", "cancel":
                self.loads[load_id]["state"] = "cancelled"
                return httpx.Response(200, json=self.loads[load_id])
            case "GET", "refused":
                lines = [line for line in self.file(load_id).splitlines(keepends=True) if b"bad" in line]
                return httpx.Response(200, content=b"".join(lines), headers={"Content-Type": "text/csv"})
            case "GET", "results":
                results = [make_result({"customerExtId": f"c-{row}"}) for row in range(self.file(load_id).count(b"\n"))]
                lines = [msgspec.json.encode(result) + b"\n" for result in results]
                return httpx.Response(200, content=b"".join(lines), headers={"Content-Type": "application/x-ndjson"})
        return make_problem(405)

    def _create(self, request: httpx.Request) -> httpx.Response:
        body, key = msgspec.json.decode(request.content), request.headers["Idempotency-Key"]
        if key in self.keys:
            return httpx.Response(201, json=self.loads[self.keys[key]], headers={"Idempotency-Replayed": "true"})
        load_id = self.keys[key] = str(uuid4())
        self.loads[load_id] = {"id": load_id, "name": body["name"], "state": "receiving", "options": body["options"]}
        self.loads[load_id]["sha256"] = body.get("sha256")
        self.parts[load_id] = {}
        location = {"Location": f"/api/v1/loads/{load_id}"}
        return httpx.Response(201, json=self.loads[load_id], headers=location)

    def _list(self, request: httpx.Request) -> httpx.Response:
        if key := request.url.params.get("idempotencyKey"):
            found = self.keys.get(f'"{key}"')
            return httpx.Response(200, json={"loads": [self.loads[found]] if found else [], "next": None})
        start, limit = int(request.url.params.get("cursor", 0)), 2
        newest = list(reversed(self.loads.values()))
        following = str(start + limit) if len(newest) > start + limit else None
        return httpx.Response(200, json={"loads": newest[start : start + limit], "next": following})

    def _get(self, load_id: str) -> httpx.Response:
        load = self.loads[load_id]
        if load["state"] == "running":
            if self.polls_until_done == 0:
                self._complete(load_id)
            self.polls_until_done -= 1
        is_final = load["state"] in ("completed", "failed", "cancelled")
        return httpx.Response(200, json=load, headers={} if is_final else {"Retry-After": "3"})

    def _put_part(self, load_id: str, number: int, request: httpx.Request) -> httpx.Response:
        digest = base64.b64encode(hashlib.sha256(request.content).digest()).decode()
        if request.headers["Content-Digest"] != f"sha-256=:{digest}:" or len(request.content) > 8 * 1024 * 1024:
            return make_problem(400)
        self.parts[load_id][number] = request.content
        return httpx.Response(204)

    def _start(self, load_id: str) -> httpx.Response:
        load = self.loads[load_id]
        if sorted(self.parts[load_id]) != list(range(1, len(self.parts[load_id]) + 1)):
            return make_problem(409)
        if load["state"] == "receiving":
            load["state"] = "running"
        return httpx.Response(202, json=load)

    def _complete(self, load_id: str) -> None:
        lines = self.file(load_id).splitlines()
        refused = sum(b"bad" in line for line in lines)
        state = {"state": "failed", "problem": "the file is HTML"} if b"<html>" in lines else {"state": "completed"}
        codes = [{"code": "C016.I01", "count": refused, "description": "x", "firstRow": 2, "cell": "A2"}]
        self.loads[load_id] |= {"rows": len(lines), "accepted": len(lines) - refused, "refused": refused, **state}
        self.loads[load_id] |= {"hasRefused": refused > 0, "codes": codes if refused else []}
