"""A bounded pool of threads for the blocking work of requests."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")


class PoolSaturatedError(Exception):
    """Every place is taken."""


@dataclass(frozen=True, slots=True)
class PoolLoad:
    """How full a pool is: threads at work, requests that wait for one, and places that are taken."""

    busy: int
    waiting: int
    taken: int


class ThreadPool:
    """`threads` threads, and places for `threads` + `queue` requests.

    What is counted are places and not pieces of work: whoever has a place runs all of its pieces without being turned
    away, so nobody is refused after half of the work, and authenticating newcomers can't push out a batch that has
    already been received.
    """

    def __init__(self, threads: int, queue: int) -> None:
        self.threads = threads
        self.places = threads + queue
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="muster")
        self._lock = threading.Lock()
        self._taken = 0
        self._unfinished = 0  # pieces of work
        self._busy = 0

    def place(self) -> "Slot":
        """A place, to be used in a `with`. Raises `PoolSaturatedError` at once when there is none."""
        with self._lock:
            if self._taken == self.places:
                raise PoolSaturatedError
            self._taken += 1
        return Slot(self)

    async def run(self, work: Callable[[], T]) -> T:
        """What one piece of work gives or raises. Raises `PoolSaturatedError` when there is no place for it."""
        with self.place() as place:
            return await place.run(work)

    async def close(self) -> None:
        """Returns when all work that was begun or waits is done."""
        await asyncio.to_thread(self._executor.shutdown)

    def load(self) -> PoolLoad:
        """How full it is now."""
        with self._lock:
            return PoolLoad(self._busy, max(self._unfinished - self._busy, 0), self._taken)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Has a piece of work done for the holder of a place."""
        future = self._executor.submit(self._work, work)
        with self._lock:
            self._unfinished += 1
        future.add_done_callback(self._finish)  # also when it is cancelled before it began
        return future

    def release(self) -> None:
        """Gives a place back."""
        with self._lock:
            self._taken -= 1

    def _work(self, work: Callable[[], T]) -> T:
        with self._lock:
            self._busy += 1
        try:
            return work()
        finally:
            with self._lock:
                self._busy -= 1

    def _finish(self, _: Future[Any]) -> None:
        with self._lock:
            self._unfinished -= 1


class Slot:
    """One request's place in a pool; given back when the request is over and its last piece of work is too."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool
        self._work: Future[Any] | None = None
        self._when_free: list[Callable[[], object]] = [pool.release]

    def when_free(self, call: Callable[[], object]) -> None:
        """To be called when the place is free, by whatever thread."""
        self._when_free.append(call)

    def __enter__(self) -> "Slot":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # A request can be cancelled, a running thread can't: its place is free only when the thread is.
        if self._work is None:
            self._free()
        else:
            self._work.add_done_callback(lambda _: self._free())

    def _free(self) -> None:
        for call in self._when_free:
            call()

    async def run(self, work: Callable[[], T]) -> T:
        """What the work gives or raises. Cancelling leaves work that has begun to run to its end."""
        future = self._work = self._pool.submit(work)
        return await asyncio.wrap_future(future)
