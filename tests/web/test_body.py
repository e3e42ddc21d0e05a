import asyncio
import tracemalloc
from collections.abc import Iterator
from typing import Any, cast

import pytest
from litestar.types import Message

from muster.web.body import BodyTimeouts, read_body
from muster.web.problems import Problem
from muster.web.transport import HttpTransport

CHUNK = 256 * 1024


def build_transport(messages: Iterator[dict[str, Any]]) -> HttpTransport:
    """A transport that receives these messages."""

    async def receive() -> Any:
        return next(messages)

    async def send(message: Message) -> None:
        raise AssertionError("nothing is sent")

    scope: Any = {"type": "http", "scheme": "http", "method": "POST", "path": "/", "headers": []}
    return HttpTransport(scope, receive, send)


def chunks(count: int, size: int = CHUNK) -> Iterator[dict[str, Any]]:
    for remaining in range(count - 1, -1, -1):
        yield {"type": "http.request", "body": b"x" * size, "more_body": remaining > 0}


def test_body_of_64_mib_takes_little_more_memory_than_its_size() -> None:
    async def measured() -> tuple[int, int]:
        body = await read_body(build_transport(chunks(256)), 64 * 1024 * 1024, BodyTimeouts())
        return len(body), tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        length, peak = asyncio.run(measured())
    finally:
        tracemalloc.stop()
    assert length == 64 * 1024 * 1024
    assert peak < 1.2 * length


def test_body_of_one_chunk_is_not_copied() -> None:
    message: dict[str, Any] = {"type": "http.request", "body": b"abc", "more_body": False}
    assert asyncio.run(read_body(build_transport(iter([message])), 3, BodyTimeouts())) is message["body"]


def test_empty_chunks_are_skipped() -> None:
    bodies: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": True} for part in (b"", b"a", b"", b"b")
    ]
    assert (
        asyncio.run(read_body(build_transport(iter([*bodies, {"type": "http.request"}])), 2, BodyTimeouts())) == b"ab"
    )


def test_limit_is_exact() -> None:
    assert len(asyncio.run(read_body(build_transport(chunks(3, 10)), 30, BodyTimeouts()))) == 30
    with pytest.raises(Problem) as raised:
        asyncio.run(read_body(build_transport(chunks(3, 10)), 29, BodyTimeouts()))
    assert raised.value.status == 413


def test_disconnect_is_400() -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.disconnect"},
    ]
    with pytest.raises(Problem) as raised:
        asyncio.run(read_body(build_transport(iter(messages)), 10, BodyTimeouts()))
    assert raised.value.status == 400


class LateTransport:
    """Gives a chunk when the time is over, in place of the cancellation."""

    async def receive(self) -> dict[str, Any]:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return {"type": "http.request", "body": b"{", "more_body": True}
        raise AssertionError("the time was not bounded")


def test_chunk_that_comes_with_the_end_of_the_time_is_408() -> None:
    with pytest.raises(Problem) as caught:
        asyncio.run(read_body(cast(HttpTransport, LateTransport()), 100, BodyTimeouts(idle_seconds=0.01)))
    assert caught.value.status == 408
