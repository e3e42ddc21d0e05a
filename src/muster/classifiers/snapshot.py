"""The current classifiers, those of ISO and the installation's own, as a cached snapshot."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from muster.classifiers.entries import ClassifierEntry, ClassifierStore
from muster.classifiers.iso import ISO_CLASSIFIERS, iso_entries, known_iso_entries
from muster.customer.value_readers import RetiredCode

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


@dataclass(frozen=True)
class ClassifierSnapshot:
    """All classifiers at one moment.

    `titles` has the current codes: classifier -> code -> title. `retired` has the codes of ISO that an earlier version
    knew, and that neither ISO nor the installation has now.
    """

    revision: int
    titles: Mapping[str, Mapping[str, str]]
    retired: Mapping[str, frozenset[str]]

    @cached_property
    def codes(self) -> Mapping[str, frozenset[str]]:
        """The codes that are accepted: the current ones, and the retired ones as `RetiredCode`."""
        return {
            name: frozenset((*titles, *map(RetiredCode, self.retired[name]))) for name, titles in self.titles.items()
        }

    @classmethod
    def from_entries(cls, revision: int, entries: Sequence[ClassifierEntry]) -> "ClassifierSnapshot":
        """The snapshot of the installation's own `entries` and of those of ISO, which win where both have a code."""
        titles: dict[str, dict[str, str]] = {name: {} for name in CLASSIFIER_NAMES}
        for entry in (*entries, *iso_entries()):
            titles.setdefault(entry.classifier, {})[entry.code] = entry.title
        retired: dict[str, set[str]] = {name: set() for name in titles}
        for entry in known_iso_entries():
            if entry.code not in titles[entry.classifier]:
                retired[entry.classifier].add(entry.code)
        # Sorted again, because the installation's own codes stand before those of ISO.
        titles |= {name: dict(sorted(titles[name].items())) for name in ISO_CLASSIFIERS}
        return cls(revision, titles, {name: frozenset(codes) for name, codes in retired.items()})


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
