"""The classifiers of the moment: ISO lists and the installation's own, as a snapshot that follows their changes."""

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

# A change must reach every worker within 5 seconds; the question costs one small query, so it can be asked more often.
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
    """Gives the current snapshot, at most `REFRESH_SECONDS` old."""

    def __init__(self, store: ClassifierStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._snapshot: ClassifierSnapshot | None = None
        self._asked = 0.0
        self._lock = threading.Lock()

    def current(self) -> ClassifierSnapshot:
        """Raises what the store raises when it is away and the snapshot is not fresh."""
        snapshot = self._snapshot
        if snapshot is not None and self._clock() - self._asked < REFRESH_SECONDS:
            return snapshot
        with self._lock:
            return self._renewed()

    def _renewed(self) -> ClassifierSnapshot:
        now = self._clock()
        snapshot = self._snapshot
        if snapshot is None or (now - self._asked >= REFRESH_SECONDS and self._store.revision() != snapshot.revision):
            snapshot = ClassifierSnapshot.from_entries(*self._store.entries())
        self._snapshot, self._asked = snapshot, now
        return snapshot
