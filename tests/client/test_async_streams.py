"""`AsyncClient.load`: as `Client.load`, and what cancelling means."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

import httpx
import pytest

from muster_client import AsyncClient, InvalidBatch, RetryPolicy
from tests.client.fakes import TOKEN, URL, FakeClock, FakeService, accept_all, make_problem, numbered

Handler = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


def run(service: Handler, use: Callable[[AsyncClient], Coroutine[None, None, None]]) -> None:
    async def connect_and_use() -> None:
        clock = FakeClock()
        transport = httpx.MockTransport(service)
        policy = RetryPolicy(deadline=60.0)
        async with AsyncClient(
            URL, token=TOKEN, retry=policy, transport=transport, clock=clock, sleep=clock.sleep_async
        ) as client:
            await asyncio.wait_for(use(client), 60)

    asyncio.run(connect_and_use())


class HeldService:
    """Holds each request until it is released, and counts those that run."""

    def __init__(self) -> None:
        self.released = asyncio.Semaphore(0)
        self.arrived = asyncio.Semaphore(0)
        self.running = 0
        self.most = 0
        self.answered = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.running += 1
        self.most = max(self.most, self.running)
        self.arrived.release()
        try:
            await self.released.acquire()
        finally:
            self.running -= 1
        self.answered += 1
        return accept_all(request)

    def release(self, count: int) -> None:
        for _ in range(count):
            self.released.release()


async def generate(count: int) -> AsyncIterator[dict[str, Any]]:
    for customer in numbered(count):
        await asyncio.sleep(0)
        yield customer


@pytest.mark.parametrize("in_flight", [1, 2, 5])
@pytest.mark.parametrize("batch", [1, 7, 100])
def test_every_customer_comes_once_in_order_with_its_own_result(batch: int, in_flight: int) -> None:
    async def use(client: AsyncClient) -> None:
        for customers in (generate(40), numbered(40)):
            items = [item async for item in client.load(customers, batch=batch, in_flight=in_flight)]
            assert [row for row, _, _ in items] == list(range(40))
            assert all(result.communication_number == customer["communicationNumber"] for _, customer, result in items)

    run(FakeService(), use)


def test_as_many_requests_run_as_are_allowed_and_no_more() -> None:
    service = HeldService()

    async def use(client: AsyncClient) -> None:
        async def consume() -> int:
            return len([item async for item in client.load(generate(40), batch=2, in_flight=3)])

        task = asyncio.create_task(consume())
        for _ in range(3):
            await service.arrived.acquire()
        service.release(100)
        assert await task == 40

    run(service, use)
    assert service.most == 3


def test_errors_are_raised_after_the_results_before_them() -> None:
    async def broken() -> AsyncIterator[dict[str, Any]]:
        async for customer in generate(15):
            yield customer
        raise ZeroDivisionError

    async def use(client: AsyncClient) -> None:
        rows: list[int] = []
        with suppress(ZeroDivisionError):
            async for row, _, _ in client.load(broken(), batch=10):
                rows.append(row)
            pytest.fail("the error of the iterable is raised")
        assert rows == list(range(15))

    run(FakeService(), use)


def test_refused_batch_names_its_rows() -> None:
    async def use(client: AsyncClient) -> None:
        stream = client.load(numbered(30), batch=10, in_flight=1)
        rows = [(await anext(stream))[0] for _ in range(10)]
        assert rows == list(range(10))
        with pytest.raises(InvalidBatch) as caught:
            await anext(stream)
        assert caught.value.rows == range(10, 20)
        assert [item async for item in stream] == []

    run(FakeService([accept_all, make_problem(400)]), use)


def test_closing_waits_for_the_requests_in_flight_and_sends_no_more() -> None:
    service = HeldService()

    async def use(client: AsyncClient) -> None:
        async with client.load(numbered(100), batch=1, in_flight=2) as stream:
            service.release(1)
            await anext(stream)
            await service.arrived.acquire()
            await service.arrived.acquire()
            service.release(98)
        assert service.running == 0
        assert service.answered <= 4

    run(service, use)


def test_closing_does_not_wait_for_the_end_of_a_pause() -> None:
    paused = make_problem(503, **{"Retry-After": "5000"})
    transport, retry = httpx.MockTransport(FakeService([accept_all, paused])), RetryPolicy(deadline=1e6)

    async def use() -> None:
        client = AsyncClient(URL, token=TOKEN, transport=transport, retry=retry)
        async with client, client.load(numbered(100), batch=1) as stream:
            await anext(stream)

    asyncio.run(use())


def test_cancelling_cancels_the_requests_in_flight() -> None:
    service = HeldService()

    async def use(client: AsyncClient) -> None:
        async def consume() -> None:
            async for _ in client.load(numbered(100), batch=1, in_flight=2):
                pass

        task = asyncio.create_task(consume())
        await service.arrived.acquire()
        await service.arrived.acquire()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()
        assert (service.running, service.answered) == (0, 0)

    run(service, use)


def test_load_that_is_never_iterated_or_left_in_the_middle_warns() -> None:
    async def use(client: AsyncClient) -> None:
        with pytest.warns(ResourceWarning, match="never iterated"):
            client.load(numbered(1))
        with pytest.warns(ResourceWarning, match="async with client"):
            await anext(client.load(numbered(100), batch=1))

    run(FakeService(), use)
