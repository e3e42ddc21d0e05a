"""What was saved: batches, customers and their history, communications; and the code lists."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec

from muster_client.responses import Decode, make_json_decoder
from muster_client.results import CustomerResult
from muster_client.retries import RetryingSender
from muster_client.steps import HttpRequest, Operation

T = TypeVar("T")
Page = tuple[list[T], str | None]

_PAGE_SIZE: Final = 1_000
_HISTORY_PAGE_SIZE: Final = 100  # each version is compared with the one before, so pages of histories are dear


class Communication(msgspec.Struct, rename="camel"):
    """An accepted communication number, and the version of the customer that it created. `accepted_at` is UTC."""

    communication_number: str
    customer_ext_id: str
    business_unit: str
    version: int
    batch_id: UUID
    accepted_at: datetime
    accepted_by: str

    def __repr__(self) -> str:
        # Without the identifiers and the document: records get into logs.
        return f"{type(self).__name__}(version={self.version}, batch_id={self.batch_id})"


class CustomerVersion(Communication, rename="camel"):
    """A customer as of now, or as of the requested moment.

    `document` is the customer as it was accepted; its numbers with a fraction are `Decimal`, so none loses a digit.
    """

    document: dict[str, Any]

    __repr__ = Communication.__repr__


class CustomerChange(Communication, rename="camel"):
    """A version of a customer.

    `changed` has JSON pointers to the differences from the version before; `""` is the whole document.
    """

    changed: tuple[str, ...]

    __repr__ = Communication.__repr__


class SavedBatch(msgspec.Struct, rename="camel"):
    """A batch of which customers were saved. `received_at` is UTC."""

    id: UUID
    received_at: datetime
    sender: str
    accepted: int
    rejected: int


class ClassifierCode(msgspec.Struct):
    """A code of a code list."""

    code: str
    title: str


class _BatchPage(msgspec.Struct):
    batches: list[SavedBatch]
    next: str | None = None


class _ResultPage(msgspec.Struct):
    results: list[CustomerResult]
    next: str | None = None


class _HistoryPage(msgspec.Struct):
    versions: list[CustomerChange]
    next: str | None = None


def make_decoder(content_type: type[T]) -> Decode[T]:
    """Decodes JSON; numbers with a fraction are `Decimal` where the type leaves them open."""
    return make_json_decoder(msgspec.json.Decoder(content_type, float_hook=Decimal))


_decode_communication: Final = make_decoder(Communication)
_decode_customer: Final = make_decoder(CustomerVersion)
_decode_history: Final = make_decoder(_HistoryPage)
_decode_batch: Final = make_decoder(SavedBatch)
_decode_batches: Final = make_decoder(_BatchPage)
_decode_results: Final = make_decoder(_ResultPage)
_decode_codes: Final = make_decoder(list[ClassifierCode])


def encode_segment(text: str) -> str:
    """Any text as one segment of a path. A segment `..` would be resolved before it is sent."""
    return quote(text, safe="").replace(".", "%2E")


def make_target(path: str, **query: object) -> str:
    """Path and query; parameters that are None are left out."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def get(sender: RetryingSender, target: str, decode: Decode[T]) -> Operation[T]:
    return (yield from sender.send(HttpRequest("GET", target), decode))


def get_communication(sender: RetryingSender, number: str) -> Operation[Communication]:
    return get(sender, f"/api/v1/communications/{encode_segment(number)}", _decode_communication)


def get_customer(
    sender: RetryingSender, ext_id: str, unit: str | None, at: datetime | None
) -> Operation[CustomerVersion]:
    if at is not None and at.tzinfo is None:
        raise ValueError("at takes a datetime with a time zone")
    moment = None if at is None else at.isoformat()
    target = make_target(f"/api/v1/customers/{encode_segment(ext_id)}", businessUnit=unit, at=moment)
    return get(sender, target, _decode_customer)


def get_history(
    sender: RetryingSender, ext_id: str, unit: str | None, cursor: str | None
) -> Operation[Page[CustomerChange]]:
    path = f"/api/v1/customers/{encode_segment(ext_id)}/history"
    page = yield from get(
        sender, make_target(path, businessUnit=unit, limit=_HISTORY_PAGE_SIZE, cursor=cursor), _decode_history
    )
    return page.versions, page.next


def get_batch(sender: RetryingSender, batch_id: UUID | str) -> Operation[SavedBatch]:
    return get(sender, f"/api/v1/batches/{encode_segment(str(batch_id))}", _decode_batch)


def get_batches(sender: RetryingSender, cursor: str | None) -> Operation[Page[SavedBatch]]:
    target = make_target("/api/v1/batches", limit=_PAGE_SIZE, cursor=cursor)
    page = yield from get(sender, target, _decode_batches)
    return page.batches, page.next


def get_results(sender: RetryingSender, batch_id: UUID | str, cursor: str | None) -> Operation[Page[CustomerResult]]:
    path = f"/api/v1/batches/{encode_segment(str(batch_id))}/results"
    page = yield from get(sender, make_target(path, limit=_PAGE_SIZE, cursor=cursor), _decode_results)
    return page.results, page.next


def get_codes(sender: RetryingSender, classifier: str) -> Operation[list[ClassifierCode]]:
    return get(sender, f"/classifier/{encode_segment(classifier)}", _decode_codes)


GetPage = Callable[[str | None], Operation[Page[T]]]
