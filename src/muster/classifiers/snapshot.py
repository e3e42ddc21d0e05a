"""The current classifiers, those of ISO and the installation's own, as a cached snapshot."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pycountry

from muster.classifiers.entries import ClassifierEntry, ClassifierStore

ISO_CLASSIFIERS: Final = ("country", "currency")
INSTALLATION_CLASSIFIERS: Final = (
    "relationType",
    "accountType",
    "activityType",
    "appealReasonType",
    "businessUnit",
    "serviceType",
    "legalForm",
    "incomeSourceType",
    "sourceOfWealth",
    "decisionGround",
    "operationType",
    "introductionSourceType",
    "paymentPurposeType",
    "riskManagementCategory",
    "turnoverType",
    "addressType",
)
CLASSIFIER_NAMES: Final = ISO_CLASSIFIERS + INSTALLATION_CLASSIFIERS

# A change must reach every worker within 5 seconds. A refresh costs one small query, so it can be more frequent.
REFRESH_SECONDS: Final = 1.0


def iso_entries() -> Sequence[ClassifierEntry]:
    """Countries by ISO 3166-1 alpha-2 and currencies by ISO 4217."""
    countries = (ClassifierEntry("country", country.alpha_2, country.name) for country in pycountry.countries)
    currencies = (ClassifierEntry("currency", currency.alpha_3, currency.name) for currency in pycountry.currencies)
    return sorted((*countries, *currencies), key=lambda entry: (entry.classifier, entry.code))


@dataclass(frozen=True)
class ClassifierSnapshot:
    """All classifiers at one moment: classifier -> code -> title."""

    revision: int
    titles: Mapping[str, Mapping[str, str]]

    @cached_property
    def codes(self) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(titles) for name, titles in self.titles.items()}

    @classmethod
    def from_entries(cls, revision: int, entries: Sequence[ClassifierEntry]) -> "ClassifierSnapshot":
        titles: dict[str, dict[str, str]] = {name: {} for name in CLASSIFIER_NAMES}
        for entry in (*iso_entries(), *entries):
            titles.setdefault(entry.classifier, {})[entry.code] = entry.title
        return cls(revision, titles)


class ClassifierCache:
    """Caches the snapshot. Looks for a newer one in the store after `refresh_seconds`. Threads may share it."""

    def __init__(
        self,
        store: ClassifierStore,
        clock: Callable[[], float] = time.monotonic,
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._snapshot: ClassifierSnapshot | None = None
        self._refreshed_at = 0.0
        self._lock = threading.Lock()

    def current(self) -> ClassifierSnapshot:
        """The snapshot. Raises the errors of the store when the snapshot has to be refreshed."""
        snapshot = self._snapshot
        if snapshot is not None and self._clock() - self._refreshed_at < self._refresh_seconds:
            return snapshot
        with self._lock:
            return self._refresh()

    def _refresh(self) -> ClassifierSnapshot:
        now, snapshot = self._clock(), self._snapshot
        is_stale = now - self._refreshed_at >= self._refresh_seconds  # another thread may have refreshed it
        if snapshot is None or (is_stale and self._store.revision() != snapshot.revision):
            snapshot = ClassifierSnapshot.from_entries(*self._store.entries())
        self._snapshot, self._refreshed_at = snapshot, now
        return snapshot
