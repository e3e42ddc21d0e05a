"""The attributes of `Client` that read what was saved."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from muster_client import records
from muster_client.drivers import SyncDriver
from muster_client.records import (
    ClassifierCode,
    Communication,
    CustomerChange,
    CustomerVersion,
    GetPage,
    SavedBatch,
)
from muster_client.results import CustomerResult
from muster_client.retries import RetryingSender

T = TypeVar("T")


class Resource:
    """The base of the attributes of `Client`."""

    def __init__(self, driver: SyncDriver, sender: RetryingSender) -> None:
        self._driver = driver
        self._sender = sender

    def iterate_pages(self, get_page: GetPage[T]) -> Iterator[T]:
        """The items of all pages; each page is read when its first item is asked for."""
        items, cursor = self._driver.run(get_page(None))
        yield from items
        while cursor is not None:
            items, cursor = self._driver.run(get_page(cursor))
            yield from items


class Batches(Resource):
    """The saved batches that this user may see."""

    def list(self) -> Iterator[SavedBatch]:
        """All batches, newest first. Pages are read as they are needed."""
        return self.iterate_pages(lambda cursor: records.get_batches(self._sender, cursor))

    def get(self, batch_id: UUID | str) -> SavedBatch:
        """One batch. Raises `NotFound`."""
        return self._driver.run(records.get_batch(self._sender, batch_id))

    def results(self, batch_id: UUID | str) -> Iterator[CustomerResult]:
        """The results of a batch, in the order of the customers, as they are kept. Raises `NotFound`."""
        return self.iterate_pages(lambda cursor: records.get_results(self._sender, batch_id, cursor))


class Customers(Resource):
    """The saved customers that this user may read. Each read is in the audit log of the service."""

    def get(
        self, customer_ext_id: str, *, business_unit: str | None = None, at: datetime | None = None
    ) -> CustomerVersion:
        """A customer as of now or, with `at` (with a time zone), as of that moment. Raises `NotFound`."""
        return self._driver.run(records.get_customer(self._sender, customer_ext_id, business_unit, at))

    def history(self, customer_ext_id: str, *, business_unit: str | None = None) -> Iterator[CustomerChange]:
        """The versions of a customer, newest first, with what each changed. Raises `NotFound`."""
        return self.iterate_pages(
            lambda cursor: records.get_history(self._sender, customer_ext_id, business_unit, cursor)
        )


class Communications(Resource):
    """The accepted communication numbers that this user may see."""

    def get(self, communication_number: str) -> Communication:
        """Who sent the customer with this number, when, and in which batch. Raises `NotFound`."""
        return self._driver.run(records.get_communication(self._sender, communication_number))


class Classifiers(Resource):
    """The code lists of the installation."""

    def get(self, name: str) -> list[ClassifierCode]:
        """The codes of one list, such as `country`. Raises `NotFound`."""
        return self._driver.run(records.get_codes(self._sender, name))
