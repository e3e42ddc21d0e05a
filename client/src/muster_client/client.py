"""The synchronous client."""

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from muster_client import batches
from muster_client.batches import (
    Accept,
    BatchOptions,
    BatchResult,
    Unknown,
    check_customers,
    check_key,
    check_key_hours,
)
from muster_client.connection import Token, make_http_options
from muster_client.drivers import SyncDriver
from muster_client.load_resources import Loads
from muster_client.resources import Batches, Classifiers, Communications, Customers
from muster_client.retries import RetryingSender, RetryPolicy
from muster_client.streams import CustomerStream, StreamOptions

C = TypeVar("C", bound=Mapping[str, Any])


class Client:
    """A client of a muster service. Safe to use from several threads; close it, or use it in `with`.

    `url` is the address of the service, with the path under which a gateway serves it, if any. `token` is a Bearer
    token, or a function that is asked for one at each request; `auth` is a user with a password. `timeout` is how long
    to wait for the network each time, in seconds; `retry` says how long failed requests are repeated. `verify` is an
    `ssl.SSLContext` with the certificates to trust, and with a client certificate where the service asks for one.

    `transport`, `clock` and `sleep` replace the network and the time, in tests.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float = 60.0,
        retry: RetryPolicy | None = None,
        verify: ssl.SSLContext | bool = True,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._url, options = make_http_options(url, token, auth, verify=verify, transport=transport)
        self._driver = SyncDriver(httpx.Client(**options), sleep)
        self._sender = RetryingSender(retry or RetryPolicy(), timeout, clock)
        self.batches = Batches(self._driver, self._sender)
        """The saved batches."""
        self.customers = Customers(self._driver, self._sender)
        """The saved customers and their history."""
        self.communications = Communications(self._driver, self._sender)
        """The accepted communication numbers."""
        self.classifiers = Classifiers(self._driver, self._sender)
        """The code lists."""
        self.loads = Loads(self._driver, self._sender)
        """Files that the service takes in."""

    def validate(
        self,
        customers: Iterable[C],
        *,
        upsert: bool = False,
        unknown: Unknown = "ignore",
        accept: Accept | None = None,
        detail: bool = False,
    ) -> BatchResult[C]:
        """Judges the customers as `save` would, in one request, and saves nothing. The options are those of `save`."""
        options = BatchOptions(upsert, unknown, accept, detail)
        return self._driver.run(batches.validate(self._sender, customers, options))

    def save(
        self,
        customers: Iterable[C],
        *,
        key: str | None = None,
        key_hours: int | None = None,
        upsert: bool = False,
        unknown: Unknown = "ignore",
        accept: Accept | None = None,
        detail: bool = False,
    ) -> BatchResult[C]:
        """Saves the customers in one request and one transaction, and says of each whether it was accepted.

        A request whose response is lost is repeated under the same idempotency key, so no customer is saved twice. With
        a `key` of your own, the same call of another program, or of this one after a restart, gives the same results.
        `key_hours` makes the service know the key for longer than it would, for migrations that take days.

        `upsert`: a customer without `action` is an UPDATE when it is known, and a CREATE otherwise. `unknown="reject"`
        rejects customers with unknown fields. `accept` is the percentage of the customers that must be accepted for
        any to be saved, or "all". `detail` lists all errors and warnings of each customer.

        Raises `MusterError`; after `OutcomeUnknown`, save the same customers under its `idempotency_key` again.
        """
        check_key(key)
        check_key_hours(key_hours)
        options = BatchOptions(upsert, unknown, accept, detail)
        batch = batches.encode_batch(customers)
        return self._driver.run(batches.save(self._sender, batch, options, key, key_hours))

    def load(
        self,
        customers: Iterable[C],
        *,
        batch: int = 1_000,
        in_flight: int = 2,
        key: str | None = None,
        upsert: bool = False,
        unknown: Unknown = "ignore",
        detail: bool = False,
    ) -> CustomerStream[C]:
        """Saves customers from an iterable of any length; iterate the result for `(row, customer, result)`.

        Results come in order. At most `in_flight` requests of at most `batch` customers and 16 MiB run at the same
        time; several of them may be saved in another order, so load files in which a customer occurs more than once
        with `in_flight=1`. Nothing happens before the result is iterated; see `CustomerStream`.

        With a `key`, the batch that begins at row 2000 is saved under `{key}/2000`. Then a program that died can load
        the same customers with the same options again: what was saved is not saved twice. The service knows the keys
        for a day, unless its operator has set another time. The other options are those of `save`.
        """
        check_customers(customers)
        options = BatchOptions(upsert, unknown, None, detail)
        return CustomerStream(self._driver, self._sender, customers, StreamOptions(batch, in_flight, key, options))

    def close(self) -> None:
        """Closes the connections."""
        self._driver.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._url)!r})"
