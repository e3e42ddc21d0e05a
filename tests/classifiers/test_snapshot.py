"""The snapshot of the classifiers, and how fresh it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import (
    CLASSIFIER_NAMES,
    INSTALLATION_CLASSIFIERS,
    ISO_CLASSIFIERS,
    REFRESH_SECONDS,
    ClassifierCache,
)


@dataclass
class MemoryClassifiers:
    content: list[ClassifierEntry] = field(default_factory=list)
    number: int = 1
    asked: int = 0
    read: int = 0

    def revision(self) -> int:
        self.asked += 1
        return self.number

    def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
        self.read += 1
        return self.number, tuple(self.content)

    def write(self, entries: Sequence[ClassifierEntry], *, replace: bool) -> None:
        assert not replace
        self.content.extend(entries)
        self.number += 1


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_snapshot_has_every_classifier_that_the_service_serves() -> None:
    snapshot = ClassifierCache(MemoryClassifiers(), Clock()).current()
    assert set(snapshot.titles) == set(CLASSIFIER_NAMES) == {*ISO_CLASSIFIERS, *INSTALLATION_CLASSIFIERS}
    assert len(CLASSIFIER_NAMES) == 18


def test_countries_and_currencies_are_those_of_iso() -> None:
    titles = ClassifierCache(MemoryClassifiers(), Clock()).current().titles
    assert titles["country"]["LT"] == "Lithuania"
    assert titles["currency"]["EUR"] == "Euro"
    assert {len(code) for code in titles["country"]} == {2}
    assert {len(code) for code in titles["currency"]} == {3}


def test_a_change_is_seen_when_the_snapshot_is_no_longer_fresh() -> None:
    store, clock = MemoryClassifiers(), Clock()
    classifiers = ClassifierCache(store, clock)
    classifiers.current()
    store.write([ClassifierEntry("legalForm", "LTD", "Limited company")], replace=False)
    clock.seconds += REFRESH_SECONDS / 2
    assert classifiers.current().codes["legalForm"] == frozenset()
    clock.seconds += REFRESH_SECONDS
    assert classifiers.current().codes["legalForm"] == {"LTD"}


def test_a_fresh_snapshot_asks_the_store_nothing_and_an_unchanged_one_reads_nothing() -> None:
    store, clock = MemoryClassifiers(), Clock()
    classifiers = ClassifierCache(store, clock)
    first = classifiers.current()
    for _ in range(10):
        classifiers.current()
    assert (store.asked, store.read) == (0, 1)
    clock.seconds += REFRESH_SECONDS + 1
    assert classifiers.current() is first
    assert (store.asked, store.read) == (1, 1)


def test_a_store_that_is_away_is_told_and_asked_again() -> None:
    class Away(MemoryClassifiers):
        def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
            if not self.read:
                self.read += 1
                raise ConnectionError
            return super().entries()

    classifiers = ClassifierCache(Away(), Clock())
    with pytest.raises(ConnectionError):
        classifiers.current()
    assert classifiers.current().revision == 1
