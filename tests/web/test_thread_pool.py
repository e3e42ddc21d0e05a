import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from muster.web.thread_pool import PoolLoad, PoolSaturatedError, ThreadPool


def test_work_returns_its_result_or_raises_its_exception() -> None:
    def fail() -> None:
        raise KeyError("x")

    async def scenario() -> None:
        pool = ThreadPool(1, 0)
        assert await pool.run(lambda: 42) == 42
        with pytest.raises(KeyError):
            await pool.run(fail)
        assert await pool.run(threading.current_thread) is not threading.main_thread()
        await pool.close()

    asyncio.run(scenario())


def test_request_over_threads_and_queue_is_refused_at_once() -> None:
    async def scenario() -> None:
        pool, opened = ThreadPool(2, 1), threading.Event()
        waiting = [asyncio.create_task(pool.run(opened.wait)) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(PoolSaturatedError):
            await pool.run(lambda: None)
        opened.set()
        assert await asyncio.gather(*waiting) == [True] * 3
        assert await pool.run(lambda: 1) == 1
        await pool.close()

    asyncio.run(scenario())


def test_holder_of_a_slot_is_served_while_others_are_refused() -> None:
    async def scenario() -> None:
        pool = ThreadPool(1, 0)
        with pool.acquire() as slot:
            assert await slot.run(lambda: 1) == 1
            with pytest.raises(PoolSaturatedError):
                pool.acquire()
            assert await slot.run(lambda: 2) == 2
        assert await pool.run(lambda: 3) == 3
        await pool.close()

    asyncio.run(scenario())


def test_cancelled_request_holds_its_slot_until_its_work_ends() -> None:
    async def scenario() -> None:
        pool, entered, opened, done = ThreadPool(1, 0), threading.Event(), threading.Event(), threading.Event()

        def work() -> None:
            entered.set()
            opened.wait(10)
            done.set()

        request = asyncio.create_task(pool.run(work))
        while not entered.is_set():
            await asyncio.sleep(0.01)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        with pytest.raises(PoolSaturatedError):
            pool.acquire()
        opened.set()
        await pool.close()
        assert done.is_set()
        with pool.acquire():
            pass

    asyncio.run(scenario())


def test_close_waits_for_running_and_queued_work() -> None:
    async def scenario() -> None:
        pool, opened, done = ThreadPool(1, 5), threading.Event(), []

        def work() -> None:
            opened.wait(10)
            done.append(1)

        tasks = [asyncio.create_task(pool.run(work)) for _ in range(3)]
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().call_later(0.1, opened.set)
        await pool.close()
        assert done == [1, 1, 1]
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_load_counts_busy_threads_waiting_requests_and_slots() -> None:
    async def scenario() -> None:
        pool, entered, opened = ThreadPool(1, 5), threading.Event(), threading.Event()
        assert pool.read_load() == PoolLoad(0, 0, 0)

        def work() -> None:
            entered.set()
            opened.wait(10)

        tasks = [asyncio.create_task(pool.run(work)) for _ in range(3)]
        while not entered.is_set():
            await asyncio.sleep(0.01)
        with pool.acquire():
            assert pool.read_load() == PoolLoad(busy=1, waiting=2, slots_in_use=4)
        # Work that is cancelled before it starts no longer waits.
        tasks[2].cancel()
        await asyncio.wait([tasks[2]])
        assert pool.read_load() == PoolLoad(busy=1, waiting=1, slots_in_use=2)
        opened.set()
        await asyncio.gather(*tasks[:2])
        await pool.close()
        assert pool.read_load() == PoolLoad(0, 0, 0)

    asyncio.run(scenario())


def test_one_owner_leaves_a_thread_to_others() -> None:
    pool, opened, order = ThreadPool(2, 8, max_threads_per_owner=1), threading.Event(), list[str]()
    first, *others = (partial(opened.wait, 10), partial(order.append, "a"), partial(order.append, "b"))
    anna: list[Future[Any]] = [pool.submit(first, "anna"), *(pool.submit(work, "anna") for work in others)]
    assert pool.submit(lambda: "bert", "bert").result(10) == "bert"
    assert pool.submit(lambda: "nobody").result(10) == "nobody"
    assert pool.read_load() == PoolLoad(busy=1, waiting=2, slots_in_use=0)

    opened.set()
    for future in anna:
        future.result(10)
    assert order == ["a", "b"]
    asyncio.run(pool.close())


def test_work_of_an_owner_that_fails_or_is_cancelled_makes_room_for_the_next() -> None:
    pool, opened = ThreadPool(2, 8, max_threads_per_owner=1), threading.Event()
    first = pool.submit(lambda: 1 / opened.wait(0), "anna")
    blocking = pool.submit(opened.wait, "anna")
    cancelled, last = pool.submit(lambda: "never", "anna"), pool.submit(lambda: "last", "anna")
    assert cancelled.cancel()
    opened.set()
    with pytest.raises(ZeroDivisionError):
        first.result(10)
    assert (blocking.result(10), last.result(10)) == (True, "last")
    asyncio.run(pool.close())
    assert pool.read_load() == PoolLoad(busy=0, waiting=0, slots_in_use=0)


def test_close_waits_for_work_that_waits_for_its_owner_too() -> None:
    pool, entered, opened = ThreadPool(2, 8, max_threads_per_owner=1), threading.Event(), threading.Event()
    works: list[Callable[[], Any]] = [entered.set, opened.wait, lambda: True]
    futures: list[Future[Any]] = [pool.submit(work, "anna") for work in works]
    assert entered.wait(10)

    async def scenario() -> None:
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0.05)
        opened.set()
        await closing

    asyncio.run(scenario())
    assert [future.result(0) for future in futures] == [None, True, True]
