"""The counts of one batch: its customers by business unit, and its rejected ones by code."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date
from typing import Any

from muster.intake.customer_store import MORE_VIOLATIONS, Batch, RejectedCustomer
from muster.storage.text import sanitize_text

NO_UNIT = ""  # a rejected customer without a known business unit


class BatchCounts:
    """Counts the accepted customers at once, and the rejected ones while their rows are made.

    Making a rejected customer is expensive (`intake/decision.py`), so it is made once for both. Customers of the same
    unit and codes are counted together: a batch has few such kinds, so that a rejected customer takes 1 µs.
    """

    def __init__(self, batch: Batch) -> None:
        self.day: date = batch.received_at.astimezone(UTC).date()
        self.sender = batch.sender
        self._accepted = Counter([customer.business_unit for customer in batch.plan.accepted])
        self._kinds: dict[tuple[str | None, tuple[str, ...]], int] = {}
        self._unknown_rejected = 0

    def watch(self, rejected: Iterable[RejectedCustomer]) -> Iterator[RejectedCustomer]:
        """Yields the rejected customers, and counts each."""
        for rejection in rejected:
            self.add_rejected(rejection.business_unit, [code for code, _ in rejection.violations])
            yield rejection

    def add_accepted(self, unit: str, count: int) -> None:
        self._accepted[unit] += count

    def add_rejected(self, unit: str | None, codes: Iterable[str]) -> None:
        """Counts a rejected customer; the first of `codes` is its `errorCode`."""
        kind = unit, tuple(codes)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1

    def add_unknown_rejected(self, count: int) -> None:
        """Counts rejected customers of which only the number is known."""
        self._unknown_rejected += count

    def list_units(self) -> list[tuple[Any, ...]]:
        """Rows of `batch_units` without the batch: business unit, day, sender, accepted, rejected."""
        rejected = Counter({NO_UNIT: self._unknown_rejected})
        for (unit, _), count in self._kinds.items():
            rejected[_to_stored_unit(unit)] += count
        units = sorted(self._accepted.keys() | rejected.keys())
        rows = [(unit, self.day, self.sender, self._accepted[unit], rejected[unit]) for unit in units]
        return [row for row in rows if row[3] or row[4]]

    def list_codes(self) -> list[tuple[Any, ...]]:
        """Rows of `rejection_counts` without the batch: code, business unit, day, sender, rejected, mentioned."""
        rejected: Counter[tuple[str, str]] = Counter()
        mentioned: Counter[tuple[str, str]] = Counter()
        for (unit, codes), count in self._kinds.items():
            stored_unit = _to_stored_unit(unit)
            rejected[codes[0], stored_unit] += count
            for code in dict.fromkeys(codes):
                mentioned[code, stored_unit] += count
        return [
            (code, unit, self.day, self.sender, rejected[code, unit], count)
            for (code, unit), count in sorted(mentioned.items())
            if code != MORE_VIOLATIONS
        ]


def _to_stored_unit(unit: str | None) -> str:
    return sanitize_text(unit) or NO_UNIT
