import asyncio
import tracemalloc

import pytest

from muster.web.body import read_body
from muster.web.problems import Problem
from muster.web.request_context import RequestContext

CHUNK = 256 * 1024


def exchange_of(messages) -> RequestContext:
    async def receive():
        return next(messages)

    async def send(message) -> None:
        raise AssertionError("nothing is sent")

    return RequestContext(
        {"type": "http", "scheme": "http", "method": "POST", "path": "/", "headers": []}, receive, send
    )


def chunks(count: int, size: int = CHUNK):
    for left in range(count - 1, -1, -1):
        yield {"type": "http.request", "body": b"x" * size, "more_body": left > 0}


def test_64_mib_cost_little_more_than_their_size():
    async def measured() -> tuple[int, int]:
        body = await read_body(exchange_of(chunks(256)), 64 * 1024 * 1024)
        return len(body), tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        length, peak = asyncio.run(measured())
    finally:
        tracemalloc.stop()
    assert length == 64 * 1024 * 1024
    assert peak < 1.2 * length


def test_one_chunk_is_given_as_it_came():
    message = {"type": "http.request", "body": b"abc", "more_body": False}
    assert asyncio.run(read_body(exchange_of(iter([message])), 3)) is message["body"]


def test_empty_chunks_are_nothing():
    messages = iter([{"type": "http.request", "body": part, "more_body": True} for part in (b"", b"a", b"", b"b")])
    last = iter([{"type": "http.request"}])
    both = (message for source in (messages, last) for message in source)
    assert asyncio.run(read_body(exchange_of(both), 2)) == b"ab"


def test_the_limit_is_exact():
    assert len(asyncio.run(read_body(exchange_of(chunks(3, 10)), 30))) == 30
    with pytest.raises(Problem) as raised:
        asyncio.run(read_body(exchange_of(chunks(3, 10)), 29))
    assert raised.value.status == 413


def test_a_client_that_went_away_is_a_body_broken_off():
    messages = iter([{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}])
    with pytest.raises(Problem) as raised:
        asyncio.run(read_body(exchange_of(messages), 10))
    assert raised.value.status == 400
