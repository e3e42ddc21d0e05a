"""Batches: customers encoded once, sent as one request, and their results joined to them."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Generic, Literal, TypeVar
from urllib.parse import urlencode
from uuid import UUID, uuid4

import msgspec

from muster_client.encoding import encode_customer
from muster_client.errors import InvalidBatch
from muster_client.responses import get_batch_id, make_json_decoder
from muster_client.results import CustomerResult
from muster_client.retries import RetryingSender
from muster_client.steps import HttpRequest, HttpResponse, Operation

C = TypeVar("C")
Unknown = Literal["ignore", "reject"]
Accept = int | Literal["all"]

# The service takes 64 MiB by default. Smaller requests spread better over its workers.
MAX_BATCH_BYTES: Final = 16 * 1024 * 1024
MAX_KEY_HOURS: Final = 8_760  # the service takes no more
_VALIDATE: Final = "/amlyze-ws-rest/validate-batch-customers"
_SAVE: Final = "/amlyze-ws-rest/batch-customers"
_KEY: Final = re.compile(r"[!#-\[\]-~]{1,255}", re.ASCII)
_UNKNOWN: Final = "the service does not know whether the batch was saved; save it under the same key again"
_HEADERS: Final = {"Content-Type": "application/json"}


class _BatchContent(msgspec.Struct, rename="camel"):
    results: list[CustomerResult]
    time_elapsed_ms: int = 0


_decode_content: Final = make_json_decoder(msgspec.json.Decoder(_BatchContent))


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """The query of a batch request; see `Client.save`."""

    upsert: bool = False
    unknown: Unknown = "ignore"
    accept: Accept | None = None
    detail: bool = False

    def to_query(self) -> str:
        values = {
            "upsert": "true" if self.upsert else None,
            "unknown": None if self.unknown == "ignore" else self.unknown,
            "accept": None if self.accept in (None, 0) else str(self.accept),
            "detail": "full" if self.detail else None,
        }
        given = {name: value for name, value in values.items() if value is not None}
        return f"?{urlencode(given)}" if given else ""


class BatchResult(Generic[C]):
    """The results of a batch, each with its customer, in the order in which the customers were given.

    Iterating gives tuples of the row (the position of the customer, from 0), the customer and its result.
    """

    __slots__ = (
        "batch_id",
        "customers",
        "first_row",
        "idempotency_key",
        "is_replay",
        "results",
        "time_elapsed_ms",
        "warnings",
    )

    def __init__(
        self,
        batch: "EncodedBatch[C]",
        results: Sequence[CustomerResult],
        response: HttpResponse,
        time_elapsed_ms: int,
        key: str | None,
    ) -> None:
        self.customers: Sequence[C] = batch.customers
        """The customers as they were given."""
        self.results = results
        """One result for each customer."""
        self.first_row = batch.first_row
        """The row of the first customer: 0, except for batches of `load()`."""
        self.batch_id: UUID | None = get_batch_id(response)
        """The id under which `batches.get` finds the batch; None when nothing was saved."""
        self.is_replay = response.headers.get("idempotency-replayed") == "true"
        """Whether an earlier attempt, or an earlier program, had saved these customers under this key."""
        warnings = response.headers.get("muster-warnings", "0")
        self.warnings = int(warnings) if warnings.isascii() and warnings.isdigit() else 0
        """How many warnings the customers got; `detail=True` lists them at each result."""
        self.time_elapsed_ms = time_elapsed_ms
        """The milliseconds that the service took, without writing."""
        self.idempotency_key = key
        """The key of the save; None for a validation."""

    def __iter__(self) -> Iterator[tuple[int, C, CustomerResult]]:
        return zip(count(self.first_row), self.customers, self.results)

    def __len__(self) -> int:
        return len(self.results)

    @property
    def accepted(self) -> int:
        """How many customers were accepted."""
        return sum(result.is_accepted for result in self.results)

    @property
    def rejected(self) -> int:
        """How many customers were rejected."""
        return len(self.results) - self.accepted

    def iterate_rejected(self) -> Iterator[tuple[int, C, CustomerResult]]:
        """The rejected customers with their rows and results."""
        return (item for item in self if not item[2].is_accepted)

    def __repr__(self) -> str:
        return f"BatchResult(accepted={self.accepted}, rejected={self.rejected}, batch_id={self.batch_id})"


@dataclass(frozen=True, slots=True)
class EncodedBatch(Generic[C]):
    """Customers and their JSON. `first_row` is the position of the first one among all that were given."""

    first_row: int
    customers: list[C] = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def rows(self) -> range:
        return range(self.first_row, self.first_row + len(self.customers))


class BatchEncoder(Generic[C]):
    """Encodes each customer once, and cuts them into batches of at most so many customers and bytes."""

    def __init__(self, max_customers: int | None, max_bytes: int | None) -> None:
        if max_customers is not None and max_customers < 1:
            raise ValueError("batch must be at least 1")
        self._max_customers = max_customers or math.inf
        self._max_bytes = max_bytes or math.inf
        self._first_row = 0
        self._bytes = 0
        self._customers: list[C] = []
        self._encoded: list[bytes] = []

    def add(self, customer: C) -> EncodedBatch[C] | None:
        """Adds a customer, and gives the batch that this completes. Raises `InvalidCustomer`."""
        encoded = encode_customer(customer, self._first_row + len(self._customers))
        complete = None
        if self._customers and self._bytes + len(encoded) > self._max_bytes:
            complete = self.finish()
        self._customers.append(customer)
        self._encoded.append(encoded)
        self._bytes += len(encoded) + 1
        if complete is None and len(self._customers) >= self._max_customers:
            complete = self.finish()
        return complete

    def finish(self) -> EncodedBatch[C] | None:
        """The batch of the customers that are left; None when there are none."""
        if not self._customers:
            return None
        batch = EncodedBatch(self._first_row, self._customers, b'{"customers":[' + b",".join(self._encoded) + b"]}")
        self._first_row += len(self._customers)
        self._customers, self._encoded, self._bytes = [], [], 0
        return batch


def encode_batch(customers: Iterable[C]) -> EncodedBatch[C]:
    """One batch of all customers. Raises `InvalidCustomer`."""
    check_customers(customers)
    encoder: BatchEncoder[C] = BatchEncoder(None, None)
    for customer in customers:
        encoder.add(customer)
    return encoder.finish() or EncodedBatch(0, [], b'{"customers":[]}')


def validate(sender: RetryingSender, customers: Iterable[C], options: BatchOptions) -> Operation[BatchResult[C]]:
    return (yield from _process(sender, _VALIDATE, encode_batch(customers), options, None))


def save(
    sender: RetryingSender, batch: EncodedBatch[C], options: BatchOptions, key: str | None, key_hours: int | None = None
) -> Operation[BatchResult[C]]:
    """Saves a batch under one key, whatever happens to its attempts."""
    return (yield from _process(sender, _SAVE, batch, options, key or str(uuid4()), key_hours))


def _process(
    sender: RetryingSender,
    path: str,
    batch: EncodedBatch[C],
    options: BatchOptions,
    key: str | None,
    key_hours: int | None = None,
) -> Operation[BatchResult[C]]:
    headers = _HEADERS if key is None else {**_HEADERS, "Idempotency-Key": f'"{key}"'}
    if key_hours is not None:
        headers = {**headers, "Idempotency-Key-Hours": str(key_hours)}
    request = HttpRequest("POST", path + options.to_query(), batch.content, headers)

    def decode(response: HttpResponse) -> BatchResult[C]:
        content = _decode_content(response)
        if len(content.results) != len(batch.customers):
            raise msgspec.ValidationError
        return BatchResult(batch, content.results, response, content.time_elapsed_ms, key)

    return (yield from sender.send(request, decode, key=key, invalid=InvalidBatch, unknown=_UNKNOWN))


def check_customers(customers: object) -> None:
    """Raises `TypeError` for one customer in the place of several: its fields would be taken for customers."""
    if isinstance(customers, Mapping | str | bytes):
        raise TypeError("customers takes a list, or another iterable, of customers")


def check_key_hours(hours: int | None) -> None:
    """Raises `ValueError` for a time that the service does not take."""
    if hours is not None and not 1 <= hours <= MAX_KEY_HOURS:
        raise ValueError(f"key_hours takes 1 to {MAX_KEY_HOURS:,} hours")


def check_key(key: str | None) -> None:
    """Raises `ValueError` for a key that the service does not take."""
    if key is not None and not _KEY.fullmatch(key):
        raise ValueError("key takes 1 to 255 visible ASCII characters other than the quote and the backslash")
