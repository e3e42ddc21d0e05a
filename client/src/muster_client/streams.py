"""Customers from an iterable, saved in batches of which several are in flight, with results in order."""

import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Event
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from muster_client.batches import (
    MAX_BATCH_BYTES,
    BatchEncoder,
    BatchOptions,
    BatchResult,
    EncodedBatch,
    check_key,
    save,
)
from muster_client.drivers import SyncDriver
from muster_client.errors import MusterError
from muster_client.results import CustomerResult
from muster_client.retries import RetryingSender
from muster_client.steps import Operation

C = TypeVar("C")
Item = tuple[int, C, CustomerResult]

NEVER_ITERATED: Final = "load() was never iterated, so no customer was sent; iterate it, or use save()"
NOT_CLOSED: Final = "load() was left before its end without being closed; use `with client.load(...) as results:`"


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """How customers are cut into batches, and how each is saved; see `Client.load`."""

    batch: int
    in_flight: int
    key: str | None
    options: BatchOptions

    def __post_init__(self) -> None:
        if self.batch < 1 or self.in_flight < 1:
            raise ValueError("batch and in_flight must be at least 1")
        check_key(self.key)
        check_key(self.make_key(10**12))

    def make_encoder(self) -> BatchEncoder[C]:
        return BatchEncoder(self.batch, MAX_BATCH_BYTES)

    def make_key(self, first_row: int) -> str | None:
        """The idempotency key of the batch that begins with this row; None for a random one."""
        return None if self.key is None else f"{self.key}/{first_row}"

    def save(self, sender: RetryingSender, batch: EncodedBatch[C]) -> Operation[BatchResult[C]]:
        try:
            return (yield from save(sender, batch, self.options, self.make_key(batch.first_row)))
        except MusterError as error:
            error.rows = batch.rows
            raise


def read_batches(customers: Iterable[C], encoder: BatchEncoder[C]) -> Iterator[EncodedBatch[C] | Exception]:
    """The customers in batches, and at last the error that ended them, if one did.

    The customers before the error are a batch too: an error belongs after the results of what precedes it.
    """
    failure: Exception | None = None
    try:
        for customer in customers:
            batch = encoder.add(customer)
            if batch is not None:
                yield batch
    except Exception as error:
        failure = error
    batch = encoder.finish()
    if batch is not None:
        yield batch
    if failure is not None:
        yield failure


class CustomerStream(Generic[C]):
    """The customers of `load()` with their results, in the order in which they were given.

    Iterating gives tuples of the row (the position of the customer, from 0), the customer and its result. The iterable
    is read in the thread that iterates. At most `in_flight` batches are held besides the one whose results are being
    given, so memory is bounded, and nothing is sent before the first customer is asked for.

    An error is raised in the place of the first result of the batch that failed; `rows` of a `MusterError` says which
    customers that batch has. Later batches may be in flight at that moment. An error of the iterable, and
    `InvalidCustomer`, are raised after the results of all customers before.

    Closing the stream early (`close`, the end of `with`, an error) waits until the requests in flight are answered:
    their customers may be saved, and their results are not given. No attempt is repeated then, and nothing else is
    read or sent. Saving the same customers again with the same `key` gives the results of what was saved.
    """

    def __init__(
        self, driver: SyncDriver, sender: RetryingSender, customers: Iterable[C], options: StreamOptions
    ) -> None:
        abandoned = self._abandoned = Event()

        def save_batch(batch: EncodedBatch[C]) -> BatchResult[C]:
            return driver.run(options.save(sender, batch), abandoned)

        self._start = partial(_iterate, save_batch, customers, options, abandoned)
        self._items: Generator[Item[C], None, None] | None = None
        self._is_closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item[C]:
        if self._is_closed:
            raise StopIteration
        if self._items is None:
            self._items = self._start()
        try:
            return next(self._items)
        except BaseException:  # StopIteration as well: nothing is left
            self._is_closed = True
            raise

    def close(self) -> None:
        """Ends the stream early; see the class for what that means."""
        self._is_closed = True
        self._abandoned.set()
        if self._items is not None:
            self._items.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not self._is_closed:
            message = NEVER_ITERATED if self._items is None else NOT_CLOSED
            try:
                warnings.warn(message, ResourceWarning, stacklevel=2, source=self)
            finally:
                self.close()


# No method: a generator that holds the stream would keep it from being collected when it is left.
def _iterate(
    save_batch: Callable[[EncodedBatch[C]], BatchResult[C]],
    customers: Iterable[C],
    options: StreamOptions,
    abandoned: Event,
) -> Generator[Item[C], None, None]:
    in_flight: deque[Future[BatchResult[C]]] = deque()
    failure: Exception | None = None
    executor = ThreadPoolExecutor(options.in_flight, thread_name_prefix="muster-load")
    try:
        for batch in read_batches(customers, options.make_encoder()):
            if isinstance(batch, Exception):
                failure = batch
                break
            oldest = in_flight.popleft().result() if len(in_flight) >= options.in_flight else ()
            in_flight.append(executor.submit(save_batch, batch))
            yield from oldest
            while len(in_flight) > 1 and in_flight[0].done():  # as early as possible, and one is always under way
                yield from in_flight.popleft().result()
        while in_flight:
            yield from in_flight.popleft().result()
    finally:
        abandoned.set()
        executor.shutdown(wait=True, cancel_futures=True)
    if failure is not None:
        raise failure
