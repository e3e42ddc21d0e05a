"""A store in memory that keeps the promises of the port, and classifiers that never change."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from muster.classifiers.snapshot import ClassifierSnapshot
from muster.intake.customer_store import Batch, ConflictError, CustomerKey, Known
from muster.intake.idempotency import IdempotencyKey, KeyInProgressError, StoredResponse


@dataclass
class MemoryStore:
    """`before_save` runs before every write: what happens there is another request that was faster."""

    numbers: set[str] = field(default_factory=set)
    versions: dict[CustomerKey, int] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    before_save: list[Batch] = field(default_factory=list)
    looked_up: int = 0
    held: set[tuple[str, str]] = field(default_factory=set)
    kept: dict[tuple[str, str], tuple[datetime, StoredResponse]] = field(default_factory=dict)

    @contextmanager
    def session(self) -> Iterator["MemoryStore"]:
        yield self

    def look_up(self, numbers: Collection[str], customers: Collection[CustomerKey]) -> Known:
        self.looked_up += 1
        versions = {key: self.versions[key] for key in customers if key in self.versions}
        return Known(frozenset(self.numbers.intersection(numbers)), versions)

    @contextmanager
    def claim(self, once: IdempotencyKey) -> Iterator[StoredResponse | None]:
        name = once.sender, once.key
        if name in self.held:
            raise KeyInProgressError
        self.held.add(name)
        at, kept = self.kept.get(name, (datetime.min.replace(tzinfo=UTC), None))
        try:
            yield kept if at >= once.valid_from else None
        finally:
            self.held.discard(name)

    def save(self, batch: Batch, answer: Callable[[], bytes]) -> bytes:
        if self.before_save:
            self._write(self.before_save.pop(0))
        self._write(batch)
        body, once = answer(), batch.idempotency_key
        if once:
            kept = StoredResponse(once.fingerprint, batch.id, len(batch.accepted), len(batch.rejected), body)
            self.kept[once.sender, once.key] = batch.received_at, kept
        return body

    def _write(self, batch: Batch) -> None:
        numbers, versions = set(self.numbers), dict(self.versions)
        for arrival in batch.accepted:
            if arrival.communication_number in numbers or versions.get(arrival.key, 0) != arrival.version - 1:
                raise ConflictError
            numbers.add(arrival.communication_number)
            versions[arrival.key] = arrival.version
        self.numbers, self.versions = numbers, versions
        self.batches.append(batch)


@dataclass
class FixedClassifiers:
    snapshot: ClassifierSnapshot

    def current(self) -> ClassifierSnapshot:
        return self.snapshot


@dataclass(frozen=True)
class SomeSender:
    name: str = "feed"
    business_units: tuple[str, ...] = ()
