"""`AsyncClient.load`: as `streams.py`, with tasks in the place of threads."""

import asyncio
import warnings
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable
from functools import partial
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from muster_client.batches import BatchEncoder, BatchResult, EncodedBatch
from muster_client.drivers import AsyncDriver
from muster_client.retries import RetryingSender
from muster_client.streams import NEVER_ITERATED, NOT_CLOSED, Item, StreamOptions, read_batches

C = TypeVar("C")


class AsyncCustomerStream(Generic[C]):
    """As `CustomerStream`, for `async for`; the customers may come from an asynchronous iterable.

    Closing it early (`aclose`, the end of `async with`, an error) waits until the requests in flight are answered.
    Cancelling the task that iterates cancels them: their customers may be saved or not.
    """

    def __init__(
        self,
        driver: AsyncDriver,
        sender: RetryingSender,
        customers: Iterable[C] | AsyncIterable[C],
        options: StreamOptions,
    ) -> None:
        abandoned = self._abandoned = asyncio.Event()

        async def save_batch(batch: EncodedBatch[C]) -> BatchResult[C]:
            return await driver.run(options.save(sender, batch), abandoned)

        self._start = partial(_iterate, save_batch, customers, options, abandoned)
        self._items: AsyncGenerator[Item[C], None] | None = None
        self._is_closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item[C]:
        if self._is_closed:
            raise StopAsyncIteration
        if self._items is None:
            self._items = self._start()
        try:
            return await anext(self._items)
        except BaseException:  # StopAsyncIteration as well: nothing is left
            self._is_closed = True
            raise

    async def aclose(self) -> None:
        """Ends the stream early; see the class for what that means."""
        self._is_closed = True
        self._abandoned.set()
        if self._items is not None:
            await self._items.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not self._is_closed:
            self._abandoned.set()  # the event loop closes the generator
            message = NEVER_ITERATED if self._items is None else NOT_CLOSED.replace("with client", "async with client")
            warnings.warn(message, ResourceWarning, stacklevel=2, source=self)


# No method: a generator that holds the stream would keep it from being collected when it is left.
async def _iterate(
    save_batch: Callable[[EncodedBatch[C]], Coroutine[Any, Any, BatchResult[C]]],
    customers: Iterable[C] | AsyncIterable[C],
    options: StreamOptions,
    abandoned: asyncio.Event,
) -> AsyncGenerator[Item[C], None]:
    in_flight: deque[asyncio.Task[BatchResult[C]]] = deque()
    failure: Exception | None = None
    try:
        async for batch in _read_batches(customers, options.make_encoder()):
            if isinstance(batch, Exception):
                failure = batch
                break
            oldest = await _take(in_flight) if len(in_flight) >= options.in_flight else ()
            in_flight.append(asyncio.create_task(save_batch(batch)))
            for item in oldest:
                yield item
            while len(in_flight) > 1 and in_flight[0].done():  # as early as possible, and one is always under way
                for item in await _take(in_flight):
                    yield item
        while in_flight:
            for item in await _take(in_flight):
                yield item
    except asyncio.CancelledError:
        for task in in_flight:
            task.cancel()
        raise
    finally:
        abandoned.set()
        await asyncio.gather(*in_flight, return_exceptions=True)
    if failure is not None:
        raise failure


async def _take(in_flight: "deque[asyncio.Task[BatchResult[C]]]") -> BatchResult[C]:
    """The results of the oldest batch, which stays in flight until they are there."""
    results = await in_flight[0]
    in_flight.popleft()
    return results


async def _read_batches(
    customers: Iterable[C] | AsyncIterable[C], encoder: BatchEncoder[C]
) -> AsyncIterator[EncodedBatch[C] | Exception]:
    """As `read_batches`. A synchronous iterable is read in the event loop, and should not block."""
    if not isinstance(customers, AsyncIterable):
        for batch in read_batches(customers, encoder):
            yield batch
            await asyncio.sleep(0)  # requests in flight go on, also when no results are waited for
        return
    failure: Exception | None = None
    try:
        async for customer in customers:
            complete = encoder.add(customer)
            if complete is not None:
                yield complete
    except Exception as error:
        failure = error
    rest = encoder.finish()
    if rest is not None:
        yield rest
    if failure is not None:
        yield failure
