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
    """All slots of a pool are in use."""


@dataclass(frozen=True, slots=True)
class PoolLoad:
    """The load of a pool at one moment: working threads, requests that wait for a thread, and slots in use."""

    busy: int
    waiting: int
    slots_in_use: int


class ThreadPool:
    """A pool of `threads` threads that admits `threads` + `max_queued` requests.

    The limit counts requests (slots), not pieces of work. A request with a slot can run any number of pieces without
    being refused halfway, and the authentication of new requests can't displace a batch that was received completely.
    """

    def __init__(self, threads: int, max_queued: int) -> None:
        self.threads = threads
        self.slots = threads + max_queued
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="muster")
        self._lock = threading.Lock()
        self._slots_in_use = 0
        self._unfinished = 0  # pieces of work
        self._busy = 0

    def acquire(self) -> "Slot":
        """A slot, for use in a `with` statement. Raises `PoolSaturatedError` at once when there is none."""
        with self._lock:
            if self._slots_in_use == self.slots:
                raise PoolSaturatedError
            self._slots_in_use += 1
        return Slot(self)

    async def run(self, work: Callable[[], T]) -> T:
        """Runs one piece of work in a slot of its own. Raises what `work` raises, and `PoolSaturatedError`."""
        with self.acquire() as slot:
            return await slot.run(work)

    async def close(self) -> None:
        """Returns when all running and waiting work is done."""
        await asyncio.to_thread(self._executor.shutdown)

    def read_load(self) -> PoolLoad:
        with self._lock:
            return PoolLoad(self._busy, max(self._unfinished - self._busy, 0), self._slots_in_use)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Queues a piece of work for the holder of a slot."""
        future = self._executor.submit(self._work, work)
        with self._lock:
            self._unfinished += 1
        future.add_done_callback(self._finish)  # called for work that is cancelled before it starts, too
        return future

    def release(self) -> None:
        """Returns a slot to the pool."""
        with self._lock:
            self._slots_in_use -= 1

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
    """One request's slot in a pool. It is released when the request has left its `with` block and its work is done."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool
        self._work: Future[Any] | None = None
        self._release_callbacks: list[Callable[[], object]] = [pool.release]

    def on_release(self, callback: Callable[[], object]) -> None:
        """Adds a callback for the release of the slot; any thread may call it."""
        self._release_callbacks.append(callback)

    def __enter__(self) -> "Slot":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # A request can be cancelled, a running thread can't: the slot is free only when the thread is.
        if self._work is None:
            self._release()
        else:
            self._work.add_done_callback(lambda _: self._release())

    def _release(self) -> None:
        for callback in self._release_callbacks:
            callback()

    async def run(self, work: Callable[[], T]) -> T:
        """Runs a piece of work and returns its result. Cancellation does not stop work that has started."""
        future = self._work = self._pool.submit(work)
        return await asyncio.wrap_future(future)
