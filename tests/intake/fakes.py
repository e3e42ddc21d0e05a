"""A store of customers in memory that implements the port, and builders of intakes and batches."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from muster.classifiers.snapshot import ClassifierCache
from muster.intake.checker_cache import CheckerCache
from muster.intake.customer_store import Batch, CommitOutcome, ConflictError, CustomerStore, Known, LostCommitError
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse
from muster.intake.large_body import ResponseBody
from muster.intake.service import KEY_LIFETIME, Intake, IntakeResult
from muster.intake.write_plan import CustomerKey
from tests.classifiers.fakes import MemoryClassifierStore
from tests.samples import make_entries


@dataclass
class MemoryStore:
    """`faster_batches` are written before the batches that are saved, one before each: they win the race.

    With `commit_outcome`, the answers to all commits are lost.
    """

    numbers: set[str] = field(default_factory=set)
    versions: dict[CustomerKey, int] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    faster_batches: list[Batch] = field(default_factory=list)
    lookups: int = 0
    commit_outcome: CommitOutcome | None = None
    locked_keys: set[tuple[str, str]] = field(default_factory=set)
    responses: dict[tuple[str, str], tuple[datetime, StoredResponse]] = field(default_factory=dict)

    @contextmanager
    def session(self) -> Iterator["MemoryStore"]:
        yield self

    def look_up(self, numbers: Collection[str], customers: Collection[CustomerKey]) -> Known:
        self.lookups += 1
        versions = {key: self.versions[key] for key in customers if key in self.versions}
        return Known(frozenset(self.numbers.intersection(numbers)), versions)

    @contextmanager
    def claim(self, key: IdempotencyKey) -> Iterator[StoredResponse | None]:
        name = key.sender, key.key
        if name in self.locked_keys:
            raise KeyInProgressError
        self.locked_keys.add(name)
        stored = self.responses.get(name)
        try:
            yield stored[1] if stored and stored[0] >= key.valid_from else None
        finally:
            self.locked_keys.discard(name)

    def save(self, batch: Batch, response: ResponseBody) -> None:
        if self.faster_batches:
            self._write(self.faster_batches.pop(0))
        if self.commit_outcome is not CommitOutcome.NOT_SAVED:
            self._write(batch)
            if key := batch.idempotency_key:
                counts = len(batch.plan.accepted), len(batch.rejected)
                stored = StoredResponse(key.fingerprint, batch.id, *counts, response, batch.warnings)
                self.responses[key.sender, key.key] = batch.received_at, stored
        if self.commit_outcome:
            raise LostCommitError(batch.id)

    def find_outcome(self, batch_id: UUID) -> CommitOutcome:
        assert self.commit_outcome is not None
        return self.commit_outcome

    def _write(self, batch: Batch) -> None:
        numbers, versions = set(self.numbers), dict(self.versions)
        for customer in sorted(batch.plan.accepted, key=attrgetter("version")):
            if customer.communication_number in numbers or versions.get(customer.key, 0) != customer.version - 1:
                raise ConflictError
            numbers.add(customer.communication_number)
            versions[customer.key] = customer.version
        self.numbers, self.versions = numbers, versions
        self.batches.append(batch)


@dataclass(frozen=True)
class FakeSender:
    name: str = "feed"
    business_units: tuple[str, ...] = ()


def make_intake(
    store: CustomerStore,
    *units: str,
    max_customers: int = 100,
    key_lifetime: timedelta = KEY_LIFETIME,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Intake:
    """An intake for an installation with these business units, or with the one of a new installation."""
    return Intake(store, make_checkers(units), max_customers=max_customers, key_lifetime=key_lifetime, now=now)


@cache
def make_checkers(units: tuple[str, ...]) -> CheckerCache:
    return CheckerCache(ClassifierCache(MemoryClassifierStore(make_entries(*units))))


def make_body(*customers: Any) -> bytes:
    return json.dumps({"customers": customers}).encode()


def get_results(result: IntakeResult) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(bytes(result.body))["results"]
    return results


def get_codes(result: IntakeResult) -> list[str | None]:
    """The errorCode of each customer, None for an accepted one."""
    return [found.get("errorCode") for found in get_results(result)]
