"""A bounded pool of threads for the blocking work of requests."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class _Job:
    """A piece of work. `owner` is whose threads it counts as; None for nobody's."""

    work: Callable[[], Any]
    owner: Hashable
    future: Future[Any] = field(default_factory=Future)


class ThreadPool:
    """A pool of `threads` threads that admits `threads` + `max_queued` requests.

    With `max_threads_per_owner`, work of one owner beyond it waits until other work of this owner has ended, even if
    threads are idle. So one user, however many slow requests it sends, leaves threads to the others, and the work of
    two such users can't keep that of a third one from being the next.

    The limit counts requests (slots), not pieces of work. A request with a slot can run any number of pieces without
    being refused halfway, and the authentication of new requests can't displace a batch that was received completely.
    """

    def __init__(self, threads: int, max_queued: int, *, max_threads_per_owner: int | None = None) -> None:
        self.threads = threads
        self._max_threads_per_owner = max_threads_per_owner or threads
        self.slots = threads + max_queued
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="muster")
        self._lock = threading.Lock()
        self._slots_in_use = 0
        self._unfinished = 0  # pieces of work
        self._busy = 0
        self._submitted: Counter[Hashable] = Counter()  # jobs of owners that the executor has
        self._waiting: dict[Hashable, deque[_Job]] = {}  # jobs that it gets when others of their owner have ended

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

    def submit(self, work: Callable[[], T], owner: Hashable = None) -> Future[T]:
        """Queues a piece of work for the holder of a slot."""
        job = _Job(work, owner)
        job.future.add_done_callback(self._finish)  # called for work that is cancelled before it starts, too
        with self._lock:
            self._unfinished += 1
            if owner is not None and self._submitted[owner] >= self._max_threads_per_owner:
                self._waiting.setdefault(owner, deque()).append(job)
                return job.future
            self._submitted[owner] += 1
        self._executor.submit(self._work, job)
        return job.future

    def release(self) -> None:
        """Returns a slot to the pool."""
        with self._lock:
            self._slots_in_use -= 1

    def _work(self, job: _Job) -> None:
        following: _Job | None = job
        while following is not None:
            self._run(following)
            following = self._submit_following(following.owner)

    def _run(self, job: _Job) -> None:
        if not job.future.set_running_or_notify_cancel():
            return
        with self._lock:
            self._busy += 1
        result, failure = None, None
        try:
            result = job.work()
        except BaseException as error:
            failure = error
        with self._lock:
            self._busy -= 1
        if failure is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(failure)

    def _submit_following(self, owner: Hashable) -> _Job | None:
        """Hands the next job of the owner to the executor; gives it back if the pool is closing."""
        with self._lock:
            jobs = self._waiting.get(owner)
            if not jobs:
                self._submitted[owner] -= 1
                if not self._submitted[owner]:
                    del self._submitted[owner]
                return None
            job = jobs.popleft()
            if not jobs:
                del self._waiting[owner]
        try:
            self._executor.submit(self._work, job)
        except RuntimeError:
            return job
        return None

    def _finish(self, _: Future[Any]) -> None:
        with self._lock:
            self._unfinished -= 1


class Slot:
    """One request's slot in a pool. It is released when the request has left its `with` block and its work is done."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool
        self._work: Future[Any] | None = None
        self._get_owner: Callable[[], Hashable] = lambda: None
        self._release_callbacks: list[Callable[[], object]] = [pool.release]

    def on_release(self, callback: Callable[[], object]) -> None:
        """Adds a callback for the release of the slot; any thread may call it."""
        self._release_callbacks.append(callback)

    def set_owner(self, get_owner: Callable[[], Hashable]) -> None:
        """Says whose work it is. Called before each piece, since requests begin before their user is known."""
        self._get_owner = get_owner

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
        future = self._work = self._pool.submit(work, self._get_owner())
        return await asyncio.wrap_future(future)
