"""A store in memory that keeps the promises of the port, and classifiers that never change."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from muster.classifiers.source import Snapshot
from muster.intake.ports import Batch, Conflict, CustomerKey, Known


@dataclass
class MemoryStore:
    """`before_save` runs before every write: what happens there is another request that was faster."""

    numbers: set[str] = field(default_factory=set)
    versions: dict[CustomerKey, int] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    before_save: list[Batch] = field(default_factory=list)
    looked_up: int = 0

    @contextmanager
    def session(self) -> Iterator["MemoryStore"]:
        yield self

    def look_up(self, numbers: Collection[str], customers: Collection[CustomerKey]) -> Known:
        self.looked_up += 1
        versions = {key: self.versions[key] for key in customers if key in self.versions}
        return Known(frozenset(self.numbers.intersection(numbers)), versions)

    def save(self, batch: Batch) -> None:
        if self.before_save:
            self._write(self.before_save.pop(0))
        self._write(batch)

    def _write(self, batch: Batch) -> None:
        numbers, versions = set(self.numbers), dict(self.versions)
        for arrival in batch.arrivals:
            if arrival.communication_number in numbers or versions.get(arrival.key, 0) != arrival.version - 1:
                raise Conflict
            numbers.add(arrival.communication_number)
            versions[arrival.key] = arrival.version
        self.numbers, self.versions = numbers, versions
        self.batches.append(batch)


@dataclass
class FixedClassifiers:
    snapshot: Snapshot

    def current(self) -> Snapshot:
        return self.snapshot


@dataclass(frozen=True)
class SomeSender:
    name: str = "feed"
    business_units: tuple[str, ...] = ()
