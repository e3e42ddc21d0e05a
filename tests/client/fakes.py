"""A service and a clock for tests of the client, without network and without waiting."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from muster_client import Client, RetryPolicy

URL = "https://muster.example"
TOKEN = "mst_0123456789abcdefghijklmnop"
Reply = httpx.Response | httpx.RequestError | Callable[[httpx.Request], httpx.Response]


class FakeClock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


@dataclass
class FakeService:
    """Gives the replies one after the other, the last one for ever; without replies it accepts every customer."""

    replies: list[Reply] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if not self.replies:
            return accept_all(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, httpx.RequestError):
            raise reply
        return reply if isinstance(reply, httpx.Response) else reply(request)

    @property
    def keys(self) -> list[str | None]:
        return [request.headers.get("Idempotency-Key") for request in self.requests]

    def read_customers(self) -> list[list[Any]]:
        """The customers of each request."""
        return [msgspec.json.decode(request.content)["customers"] for request in self.requests]


def accept_all(request: httpx.Request) -> httpx.Response:
    customers = msgspec.json.decode(request.content)["customers"]
    return make_response([make_result(customer) for customer in customers])


def make_response(results: list[dict[str, Any]], **headers: str) -> httpx.Response:
    content = {"resultType": "REQUEST_ACCEPTED", "results": results, "timeElapsedMs": 1}
    return httpx.Response(200, json=content, headers=headers)


def make_result(customer: dict[str, Any], error: str | None = None) -> dict[str, Any]:
    result = {
        "resultType": "REQUEST_ACCEPTED" if error is None else "REQUEST_REJECTED",
        "communicationNumber": customer.get("communicationNumber"),
        "customerExtId": customer.get("customerExtId"),
        "businessUnit": "MAIN",
        "timeElapsedMs": 0,
    }
    return result if error is None else {**result, "errorCode": error, "errorDescription": "What is wrong"}


def make_problem(status: int, message: str = "what is wrong", **headers: str) -> httpx.Response:
    content = {"timestamp": "2024-05-26T16:49:50.237+00:00", "status": status, "error": "", "path": "/"}
    return httpx.Response(status, json={**content, "message": message}, headers=headers)


def make_failure(**headers: str) -> httpx.Response:
    content = {"errorCode": "500", "errorDescription": "Processing failed", "timeElapsedMs": 1}
    return httpx.Response(500, json=content, headers=headers)


@contextmanager
def connect(service: Callable[[httpx.Request], httpx.Response], **options: Any) -> Iterator[tuple[Client, FakeClock]]:
    """A client of the service, and its clock."""
    clock = FakeClock()
    given = {"token": TOKEN, "retry": RetryPolicy(deadline=60.0), **options}
    with Client(URL, transport=httpx.MockTransport(service), clock=clock, sleep=clock.sleep, **given) as client:
        yield client, clock


def numbered(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Customers that only have a number."""
    return [{"communicationNumber": f"n-{number}"} for number in range(first, first + count)]
