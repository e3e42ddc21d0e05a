"""The Python client saves customers through cut connections; what it says is compared with the database."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import uuid4

from benchmarks.customers import build_example_customers, with_identifiers
from faults.http_proxy import HttpProxy
from muster_client import Client, RetryPolicy

INVALID_SHARE: Final = 0.05
MAX_BATCH: Final = 60
# Of a file, and of its chunks.
MAX_ROWS: Final = 2_000
CHUNK_ROWS: Final = 50
# Short pauses: the test is over when there were enough cuts.
RETRY: Final = RetryPolicy(deadline=120.0, first_pause=0.005, max_pause=0.05)


@dataclass
class SavedCustomers:
    """What the client said of the customers that it was given."""

    accepted: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    invalid: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    replayed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, customer: dict[str, Any], *, is_accepted: bool) -> None:
        with self._lock:
            (self.accepted if is_accepted else self.rejected).add(customer["communicationNumber"])
            if customer["requester"] is None:
                self.invalid.add(customer["communicationNumber"])

    def count_replay(self) -> None:
        with self._lock:
            self.replayed += 1

    def compare(self, run_sql: Callable[[str], Sequence[Sequence[Any]]]) -> dict[str, int]:
        """How many accepted customers are lost, and how many were saved twice or without being told so.

        A second save of a customer would be rejected, as its number is taken, or be a second version.
        """
        stored = {number for (number,) in run_sql("SELECT communication_number FROM communications")}
        [(versions,)] = run_sql("SELECT count(*) FROM customer_history")
        return {
            "lost": len(self.accepted - stored),
            "twice": len(self.rejected - self.invalid) + int(versions),
            "untold": len(stored - self.accepted),
        }


class SavingClient(threading.Thread):
    """Saves batches of its own size with `save` and `load`, in turn, until `stop` is set. `pause` is in seconds."""

    def __init__(
        self, client: Client, seed: int, saved: SavedCustomers, stop: threading.Event, *, pause: float = 0
    ) -> None:
        super().__init__(daemon=True)
        self._random = Random(seed)
        self._saved = saved
        self._stop_requested = stop
        self._client = client
        self._pause = pause

    def run(self) -> None:
        try:
            with self._client:
                while not self._stop_requested.wait(self._pause):
                    self._save()
                    self._load()
        except Exception as error:
            self._saved.errors.append(f"{type(error).__name__}: {error}")

    def _save(self) -> None:
        result = self._client.save(self._create_customers(), upsert=True)
        for _, customer, outcome in result:
            self._saved.add(customer, is_accepted=outcome.is_accepted)
        if result.is_replay:
            self._saved.count_replay()

    def _load(self) -> None:
        customers = self._create_customers() + self._create_customers()
        with self._client.load(iter(customers), batch=self._random.randint(1, MAX_BATCH), upsert=True) as results:
            for row, customer, outcome in results:
                assert customer is customers[row]
                self._saved.add(customer, is_accepted=outcome.is_accepted)

    def _create_customers(self) -> list[dict[str, Any]]:
        count = self._random.choice((1, 2, self._random.randint(1, MAX_BATCH)))
        return [self._create_customer() for _ in range(count)]

    def _create_customer(self) -> dict[str, Any]:
        customer = create_customer(self._random)
        return {**customer, "requester": None} if self._random.random() < INVALID_SHARE else customer


def create_customer(random: Random) -> dict[str, Any]:
    """A new customer, without an action, so that a second save would be a second version."""
    name = uuid4().hex
    customer = with_identifiers(random.choice(build_example_customers("minimal")), name, f"c-{name}")
    del customer["action"]
    return customer


class LoadingClient(threading.Thread):
    """Uploads one file after the other and waits for each load, until `stop` is set."""

    def __init__(self, client: Client, seed: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._random = Random(seed)
        self._client = client
        self._stop_requested = stop
        self.saved = SavedCustomers()
        self.loads = 0

    def run(self) -> None:
        try:
            with self._client:
                while not self._stop_requested.is_set():
                    self._load()
        except Exception as error:
            self.saved.errors.append(f"{type(error).__name__}: {error}")

    def _load(self) -> None:
        customers = [create_customer(self._random) for _ in range(self._random.randint(1, MAX_ROWS))]
        file = io.BytesIO(b"".join(json.dumps(customer).encode() + b"\n" for customer in customers))
        job = self._client.loads.upload(file, name="customers.ndjson", batch=CHUNK_ROWS, upsert=True)
        load = job.wait()
        if (load.state, load.accepted) != ("completed", len(customers)):
            self.saved.errors.append(f"a load of {len(customers)} rows {load.state} with {load.accepted} accepted")
        self.saved.accepted |= {customer["communicationNumber"] for customer in customers}
        self.loads += 1

    @classmethod
    @contextmanager
    def running(cls, client: Client, seed: int) -> Iterator["LoadingClient"]:
        """Runs during the block; at its end, the last load is completed."""
        stop = threading.Event()
        loading = cls(client, seed, stop)
        loading.start()
        try:
            yield loading
        finally:
            stop.set()
            loading.join(2 * RETRY.deadline)


@contextmanager
def save_continuously(
    make_client: Callable[[], Client], clients: int, seed: int, *, pause: float = 0
) -> Iterator[SavedCustomers]:
    """Saves by several clients during the block; at its end, each completes what it has begun."""
    saved, stop = SavedCustomers(), threading.Event()
    running = [SavingClient(make_client(), seed + number, saved, stop, pause=pause) for number in range(clients)]
    for client in running:
        client.start()
    try:
        yield saved
    finally:
        stop.set()
        for client in running:
            client.join(2 * RETRY.deadline)


def save_until_cut(proxy: HttpProxy, token: str, cuts: int, clients: int, seed: int) -> SavedCustomers:
    """Saves through the proxy until it has cut so many connections; then all requests are completed without cuts."""
    url = f"http://127.0.0.1:{proxy.port}"
    with save_continuously(lambda: Client(url, token=token, retry=RETRY, timeout=30.0), clients, seed) as saved:
        while proxy.cuts.total() < cuts and not saved.errors:
            time.sleep(0.02)
        proxy.choose_cut = lambda: None
    return saved
