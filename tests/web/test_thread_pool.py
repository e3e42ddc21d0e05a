import asyncio
import threading

import pytest

from muster.web.thread_pool import PoolLoad, PoolSaturatedError, ThreadPool


def test_work_gives_what_it_gives_and_raises_what_it_raises():
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


def test_one_request_more_than_threads_and_queue_is_turned_away_at_once():
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


def test_who_has_a_place_is_served_however_many_are_turned_away():
    async def scenario() -> None:
        pool = ThreadPool(1, 0)
        with pool.place() as place:
            assert await place.run(lambda: 1) == 1
            with pytest.raises(PoolSaturatedError):
                pool.place()
            assert await place.run(lambda: 2) == 2
        assert await pool.run(lambda: 3) == 3
        await pool.close()

    asyncio.run(scenario())


def test_a_cancelled_request_leaves_its_work_running_and_its_place_taken_until_then():
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
            pool.place()
        opened.set()
        await pool.close()
        assert done.is_set()
        with pool.place():
            pass

    asyncio.run(scenario())


def test_closing_waits_for_running_and_waiting_work():
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


def test_its_load_tells_who_works_who_waits_and_who_only_has_a_place():
    async def scenario() -> None:
        pool, entered, opened = ThreadPool(1, 5), threading.Event(), threading.Event()
        assert pool.load() == PoolLoad(0, 0, 0)

        def work() -> None:
            entered.set()
            opened.wait(10)

        tasks = [asyncio.create_task(pool.run(work)) for _ in range(3)]
        while not entered.is_set():
            await asyncio.sleep(0.01)
        with pool.place():
            assert pool.load() == PoolLoad(busy=1, waiting=2, taken=4)
        # Work that is cancelled before it began waits no longer.
        tasks[2].cancel()
        await asyncio.wait([tasks[2]])
        assert pool.load() == PoolLoad(busy=1, waiting=1, taken=2)
        opened.set()
        await asyncio.gather(*tasks[:2])
        await pool.close()
        assert pool.load() == PoolLoad(0, 0, 0)

    asyncio.run(scenario())
