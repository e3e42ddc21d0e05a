"""Reading a body within its time."""

import asyncio
from typing import Any, cast

import pytest

from muster.web.body import BodyTimeouts, read_body
from muster.web.problems import Problem
from muster.web.transport import HttpTransport


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
