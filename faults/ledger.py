"""What was sent and what was answered, and whether the database agrees."""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg

from benchmarks.data import examples, named
from benchmarks.databases import Database

MOST_CUSTOMERS = 60


@dataclass
class Sent:
    """One request, with the body of its first answer."""

    key: str
    body: bytes
    answer: bytes = b""

    def accepted(self) -> Iterator[tuple[str, str]]:
        """Number and id of the customers that the answer accepts."""
        for result in json.loads(self.answer)["results"]:
            if result["resultType"] == "REQUEST_ACCEPTED":
                yield result["communicationNumber"], result["customerExtId"]


@dataclass
class Ledger:
    """All requests of a run. `wrong` has what must never happen, in words."""

    seed: int
    sent: list[Sent] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    replayed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def new(self) -> Sent:
        """A batch of one or many, in which now and then a customer is not sound."""
        with self._lock:
            count = self._random.choice((1, 2, self._random.randint(1, MOST_CUSTOMERS)))
            customers = [self._customer() for _ in range(count)]
            made = Sent(str(uuid4()), json.dumps({"customers": customers}).encode())
            self.sent.append(made)
        return made

    def _customer(self) -> dict[str, Any]:
        name = f"{self._random.getrandbits(96):024x}"
        customer = named(self._random.choice(examples("minimal")), name, f"c-{name}")
        return {**customer, "requester": None} if self._random.random() < 0.05 else customer

    def answered(self, sent: Sent, answer: bytes, *, replayed: bool) -> None:
        """Every answer to a request is the first one, byte for byte."""
        with self._lock:
            self.replayed += replayed
            if not sent.answer:
                sent.answer = answer
            elif answer != sent.answer:
                self.wrong.append(f"the request {sent.key} got another answer than before")

    def refuse(self, what: str) -> None:
        with self._lock:
            self.wrong.append(what)

    @property
    def acknowledged(self) -> list[Sent]:
        return [sent for sent in self.sent if sent.answer]

    def lost(self, database: Database) -> int:
        """How many acknowledged customers are not there. What else is wrong with the database goes to `wrong`."""
        found = Stored.of(database)
        accepted = {pair for sent in self.acknowledged for pair in sent.accepted()}
        lost = sum(number not in found.numbers or ext_id not in found.customers for number, ext_id in accepted)
        if len(self.acknowledged) == len(self.sent) and found.numbers.keys() - {number for number, _ in accepted}:
            self.wrong.append("customers are there that no answer accepts")
        written = Counter(found.numbers.values())
        if {batch: count for batch, count in found.batches.items() if count} != written:
            self.wrong.append("a batch is there by half")
        return lost


@dataclass(frozen=True)
class Stored:
    """What a database holds: the batch of each number, the ids of customers, how many each batch accepted."""

    numbers: dict[str, UUID]
    customers: set[str]
    batches: dict[UUID, int]

    @classmethod
    def of(cls, database: Database) -> "Stored":
        def rows(query: str) -> list[Any]:
            if database.url.startswith("sqlite"):
                with closing(sqlite3.connect(database.file)) as connection:
                    return connection.execute(query).fetchall()
            with psycopg.connect(database.url) as connected:
                return connected.execute(query.encode()).fetchall()

        def batch(value: Any) -> UUID:
            return value if isinstance(value, UUID) else UUID(value)

        return cls(
            {number: batch(its) for number, its in rows("SELECT communication_number, batch_id FROM communications")},
            {ext_id for (ext_id,) in rows("SELECT customer_ext_id FROM customers")},
            {batch(its): count for its, count in rows("SELECT id, accepted FROM batches")},
        )
