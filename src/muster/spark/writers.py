"""Writers: save a chunk of customers under an idempotency key, in a database or by a service."""

import os
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Protocol, TypeVar

import msgspec

from muster.bootstrap.intake import make_intake
from muster.bootstrap.senders import LoadSender
from muster.intake.customer_store import LostCommitError
from muster.intake.idempotency import KeyInProgressError
from muster.intake.request import BatchOptions
from muster.intake.service import Intake
from muster.settings import Settings
from muster.spark.executor import Secret, get_storage
from muster.storage import StorageUnavailableError
from muster_client import Client, RetryPolicy
from muster_client.results import CustomerResult

T = TypeVar("T")

# A chunk is repeated for so long: while another attempt of its task holds the key, and while the database or the
# service is away. Then the task fails, and Spark repeats it.
RETRY_SECONDS: Final = 600.0
_FIRST_PAUSE_SECONDS: Final = 0.25
_MAX_PAUSE_SECONDS: Final = 10.0


class _BatchContent(msgspec.Struct):
    """The part of a response that a report needs."""

    results: list[CustomerResult]


_decode_content: Final = msgspec.json.Decoder(_BatchContent).decode
_decode_customer: Final = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True)
class WriteOptions:
    """How chunks are saved. A key is valid for `key_hours` from its first request on."""

    upsert: bool
    reject_unknown: bool
    key_hours: int


class Writer(Protocol):
    """Can be pickled; `options` decide the response, beside the customers."""

    @property
    def options(self) -> WriteOptions: ...

    def save(self, documents: Sequence[bytes], key: str) -> Sequence[CustomerResult]:
        """Saves customers in one transaction, and gives their results, those of the first time if it is repeated."""
        ...


@dataclass(frozen=True)
class DatabaseWriter:
    """Saves into a database, in the name of a user."""

    database: Secret
    sender: LoadSender
    options: WriteOptions

    def save(self, documents: Sequence[bytes], key: str) -> Sequence[CustomerResult]:
        content = b'{"customers":[' + b",".join(documents) + b"]}"
        options = BatchOptions(
            save=True,
            detail=True,
            idempotency_key=key,
            upsert=self.options.upsert,
            reject_unknown=self.options.reject_unknown,
            key_lifetime=timedelta(hours=self.options.key_hours),
        )
        intake = _get_intake(self.database.value, os.getpid())
        result = repeat(lambda: intake.process(content, self.sender, options))
        return _decode_content(bytes(result.body)).results


@lru_cache(2)
def _get_intake(url: str, process: int) -> Intake:
    return make_intake(Settings.read({}, database=url), get_storage(Secret(url)))


def repeat(
    save: Callable[[], T],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> T:
    """Repeats what may succeed later. Raises the last error when the time is over.

    Under a key, repeating saves nothing twice.
    """
    deadline, pause = clock() + RETRY_SECONDS, _FIRST_PAUSE_SECONDS
    while True:
        try:
            return save()
        except (KeyInProgressError, LostCommitError, StorageUnavailableError):
            if clock() + pause > deadline:
                raise
        sleep(pause)
        pause = min(2 * pause, _MAX_PAUSE_SECONDS)


@dataclass(frozen=True)
class ServiceWriter:
    """Saves by a service, in the name of the user of the token. `ca_file` has certificates to trust."""

    url: str
    token: Secret
    ca_file: str | None
    options: WriteOptions

    def save(self, documents: Sequence[bytes], key: str) -> Sequence[CustomerResult]:
        client = _get_client(self.url, self.token.value, self.ca_file, os.getpid())
        saved = client.save(
            [_decode_customer(document) for document in documents],
            key=key,
            key_hours=self.options.key_hours,
            upsert=self.options.upsert,
            unknown="reject" if self.options.reject_unknown else "ignore",
            detail=True,
        )
        return saved.results


def close_clients() -> None:
    """Closes the connections to services that this process has."""
    for client in _clients:
        client.close()
    _clients.clear()
    _get_client.cache_clear()


_clients: Final[list[Client]] = []


@lru_cache(2)
def _get_client(url: str, token: str, ca_file: str | None, process: int) -> Client:
    verify: Any = ssl.create_default_context(cafile=ca_file) if ca_file else True
    client = Client(url, token=token, retry=RetryPolicy(deadline=RETRY_SECONDS), verify=verify)
    _clients.append(client)
    return client
