"""The ledger of sent requests and their responses, and its comparison with the database."""

import json
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

from benchmarks.customers import build_example_customers, with_identifiers
from benchmarks.databases import Database
from faults.sql import run_sql, to_uuid

MAX_CUSTOMERS = 60
INVALID_SHARE = 0.05


@dataclass
class SentRequest:
    """One request, and the content of its first 200 response."""

    key: str
    body: bytes
    response: bytes = b""

    def numbers(self) -> list[str]:
        """The communication numbers of all customers."""
        return [customer["communicationNumber"] for customer in json.loads(self.body)["customers"]]

    def accepted(self) -> Iterator[tuple[str, str]]:
        """The communication number and the id of each accepted customer."""
        for result in json.loads(self.response)["results"]:
            if result["resultType"] == "REQUEST_ACCEPTED":
                yield result["communicationNumber"], result["customerExtId"]


@dataclass
class Ledger:
    """All requests of a run. `violations` describes everything that must never happen."""

    seed: int
    sent: list[SentRequest] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    replayed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def create_request(self) -> SentRequest:
        """A batch of one or more customers, of which some are invalid."""
        with self._lock:
            count = self._random.choice((1, 2, self._random.randint(1, MAX_CUSTOMERS)))
            customers = [self._create_customer() for _ in range(count)]
            request = SentRequest(str(uuid4()), json.dumps({"customers": customers}).encode())
            self.sent.append(request)
        return request

    def _create_customer(self) -> dict[str, Any]:
        name = f"{self._random.getrandbits(96):024x}"
        customer = with_identifiers(self._random.choice(build_example_customers("minimal")), name, f"c-{name}")
        return {**customer, "requester": None} if self._random.random() < INVALID_SHARE else customer

    def acknowledge(self, request: SentRequest, response: bytes, *, replayed: bool) -> None:
        """Records a 200 response. Once a customer is accepted, every response must be byte-identical to the first."""
        with self._lock:
            self.replayed += replayed
            if not request.response:
                request.response = response
            elif response != request.response and any(request.accepted()):
                self.violations.append(f"the request {request.key} got a different response than before")

    def add_violation(self, description: str) -> None:
        with self._lock:
            self.violations.append(description)

    @property
    def acknowledged(self) -> list[SentRequest]:
        return [request for request in self.sent if request.response]

    def count_lost(self, database: Database, others: Collection[str] = ()) -> int:
        """The number of acknowledged customers missing in the database. Other differences become violations.

        `others` are the communication numbers of customers that were not sent by these requests.
        """
        stored = StoredRecords.read(database)
        accepted = {pair for request in self.acknowledged for pair in request.accepted()}
        lost = sum(number not in stored.numbers or ext_id not in stored.customers for number, ext_id in accepted)
        is_complete = len(self.acknowledged) == len(self.sent)
        if is_complete and stored.numbers.keys() - {number for number, _ in accepted} - set(others):
            self.violations.append("the database has customers that no response accepts")
        if {batch: count for batch, count in stored.batches.items() if count} != Counter(stored.numbers.values()):
            self.violations.append("a batch is saved in part")
        return lost


@dataclass(frozen=True)
class StoredRecords:
    """The content of a database: numbers with their batches, customer ids, and the accepted count of each batch."""

    numbers: dict[str, UUID]
    customers: set[str]
    batches: dict[UUID, int]

    @classmethod
    def read(cls, database: Database) -> "StoredRecords":
        communications = run_sql(database, "SELECT communication_number, batch_id FROM communications")
        return cls(
            numbers={number: to_uuid(batch_id) for number, batch_id in communications},
            customers={ext_id for (ext_id,) in run_sql(database, "SELECT customer_ext_id FROM customers")},
            batches={
                to_uuid(batch_id): count for batch_id, count in run_sql(database, "SELECT id, accepted FROM batches")
            },
        )
