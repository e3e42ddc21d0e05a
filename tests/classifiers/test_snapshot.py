"""The snapshot of the classifiers, and when the cache refreshes it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pycountry
import pytest

from muster.audit.events import Action, AuditEvent
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.iso import ISO_CLASSIFIERS, iso_entries, known_iso_entries
from muster.classifiers.snapshot import (
    CLASSIFIER_NAMES,
    INSTALLATION_CLASSIFIERS,
    REFRESH_SECONDS,
    ClassifierCache,
    ClassifierSnapshot,
)
from tests.classifiers.fakes import MemoryClassifierStore

LTD = ClassifierEntry("legalForm", "LTD", "Limited company")
EVENT = AuditEvent("admin", Action.CLASSIFIERS_IMPORTED)


@dataclass
class FakeClock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_snapshot_has_every_classifier_that_the_service_serves() -> None:
    snapshot = ClassifierCache(MemoryClassifierStore(), FakeClock()).current()
    assert set(snapshot.titles) == set(CLASSIFIER_NAMES) == {*ISO_CLASSIFIERS, *INSTALLATION_CLASSIFIERS}
    assert len(CLASSIFIER_NAMES) == 18


def test_countries_and_currencies_are_those_of_iso() -> None:
    titles = ClassifierCache(MemoryClassifierStore(), FakeClock()).current().titles
    assert titles["country"]["LT"] == "Lithuania"
    assert titles["currency"]["EUR"] == "Euro"
    assert {len(code) for code in titles["country"]} == {2}
    assert {len(code) for code in titles["currency"]} == {3}


def test_every_code_of_iso_stays_known_when_a_later_version_drops_it() -> None:
    """`iso_codes.csv` only grows: add the rows that are missing, and remove none."""
    known = {(entry.classifier, entry.code) for entry in known_iso_entries()}
    missing = [entry for entry in iso_entries() if (entry.classifier, entry.code) not in known]
    assert [f"{entry.classifier},{entry.code},{entry.title}" for entry in missing] == []
    assert len(known) == len(known_iso_entries())


def test_code_that_iso_has_dropped_is_retired_and_still_accepted() -> None:
    snapshot = ClassifierSnapshot.from_entries(1, [])
    assert "HRK" in snapshot.retired["currency"]  # the kuna of Croatia, which ended in 2023
    assert "HRK" in snapshot.codes["currency"]
    assert "HRK" not in snapshot.titles["currency"]
    assert not snapshot.retired["legalForm"]


def test_later_library_without_a_code_retires_it(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [country for country in pycountry.countries if country.alpha_2 != "LT"]
    monkeypatch.setattr(pycountry, "countries", left)
    snapshot = ClassifierSnapshot.from_entries(1, [])
    assert "LT" in snapshot.retired["country"]
    assert "LT" in snapshot.codes["country"]


def test_installation_adds_codes_to_those_of_iso() -> None:
    added = [ClassifierEntry("currency", "HRK", "Kuna"), ClassifierEntry("country", "XK", "Kosovo")]
    snapshot = ClassifierSnapshot.from_entries(1, [*added, ClassifierEntry("country", "LT", "Another title")])
    assert snapshot.titles["country"]["XK"] == "Kosovo"
    assert "HRK" not in snapshot.retired["currency"]
    assert snapshot.titles["country"]["LT"] == "Lithuania"
    assert list(snapshot.titles["country"]) == sorted(snapshot.titles["country"])


def test_change_shows_after_the_refresh_interval() -> None:
    store, clock = MemoryClassifierStore(), FakeClock()
    classifiers = ClassifierCache(store, clock)
    classifiers.current()
    store.write([LTD], replace=False, event=EVENT)
    clock.seconds += REFRESH_SECONDS / 2
    assert classifiers.current().codes["legalForm"] == frozenset()
    clock.seconds += REFRESH_SECONDS
    assert classifiers.current().codes["legalForm"] == {"LTD"}


def test_cache_without_refresh_interval_shows_a_change_at_once() -> None:
    store = MemoryClassifierStore()
    classifiers = ClassifierCache(store, refresh_seconds=0)
    classifiers.current()
    store.write([LTD], replace=False, event=EVENT)
    assert classifiers.current().codes["legalForm"] == {"LTD"}


def test_fresh_snapshot_costs_no_query_and_unchanged_one_reads_no_entries() -> None:
    store, clock = MemoryClassifierStore(), FakeClock()
    classifiers = ClassifierCache(store, clock)
    first = classifiers.current()
    for _ in range(10):
        classifiers.current()
    assert (store.revision_reads, store.entry_reads) == (0, 1)
    clock.seconds += REFRESH_SECONDS + 1
    assert classifiers.current() is first
    assert (store.revision_reads, store.entry_reads) == (1, 1)


def test_error_of_the_store_is_raised_and_the_next_call_tries_again() -> None:
    class UnavailableOnce(MemoryClassifierStore):
        def entries(self) -> tuple[int, Sequence[ClassifierEntry]]:
            if not self.entry_reads:
                self.entry_reads += 1
                raise ConnectionError
            return super().entries()

    classifiers = ClassifierCache(UnavailableOnce(), FakeClock())
    with pytest.raises(ConnectionError):
        classifiers.current()
    assert classifiers.current().revision == 1
