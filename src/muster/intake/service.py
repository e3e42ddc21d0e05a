"""The intake of a batch, whole: decode, check each, judge all, save, report."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from muster.classifiers.source import Classifiers
from muster.customer import BusinessUnits, Checked, Checker, Violation
from muster.intake.decode import customers_of
from muster.intake.judge import Judgement, judge
from muster.intake.ports import Batch, Conflict, CustomerStore, Known, Rejection, Sender, Session
from muster.intake.report import ACCEPTED, Report, encode, pointer, result

# A conflict is another request's success, so looking again finds something new. Only a deadlock or a serialization
# failure may leave nothing to see, and those pass; a conflict that stays without a reason is a fault.
MOST_UNEXPLAINED_CONFLICTS: Final = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of the 200, and what the edge tells beside it. `batch_id` is None when nothing was written."""

    body: bytes
    batch_id: UUID | None
    accepted: int
    rejected: int


class Intake:
    """Takes batches in. Used by many threads at a time."""

    def __init__(self, store: CustomerStore, classifiers: Classifiers, *, max_customers: int) -> None:
        self._store = store
        self._classifiers = classifiers
        self._max_customers = max_customers
        self._compiled: tuple[int, Checker] | None = None

    def take(self, content: bytes | bytearray, sender: Sender, *, save: bool, detail: bool = False) -> Answer:
        """Judges the batch and, with `save`, saves what it accepts in one transaction.

        Raises `NotABatch` and `TooManyCustomers`, and what the store raises; then nothing is saved.
        """
        started = time.perf_counter_ns()
        received_at = datetime.now(UTC)
        items = customers_of(content, self._max_customers)
        batch, own_ns = self._check(items, sender)
        to_save = Batch(new_id(received_at), received_at, sender.name) if save and batch else None
        judgement = self._judge(batch, to_save)
        total_ns = time.perf_counter_ns() - started
        shared_ns = (total_ns - sum(own_ns)) // len(batch) if batch else 0
        results = [
            result(index, checked, violations, (own + shared_ns) // 1_000_000, detail=detail)
            for index, (checked, violations, own) in enumerate(zip(batch, judgement.violations, own_ns, strict=True))
        ]
        accepted = len(judgement.arrivals)
        body = encode(Report(ACCEPTED, results, total_ns // 1_000_000))
        return Answer(body, to_save.id if to_save else None, accepted, len(batch) - accepted)

    def _check(self, items: Sequence[Any], sender: Sender) -> tuple[list[Checked], list[int]]:
        """Every item checked on its own, and the nanoseconds that each took."""
        checker = self._checker()
        units = BusinessUnits.of(checker.business_units, sender.business_units)
        batch: list[Checked] = []
        own_ns: list[int] = []
        before = time.perf_counter_ns()
        for item in items:
            batch.append(checker.check(item, units))
            after = time.perf_counter_ns()
            own_ns.append(after - before)
            before = after
        return batch, own_ns

    def _checker(self) -> Checker:
        """The checker for the classifiers of the moment; compiled anew when they have changed."""
        snapshot = self._classifiers.current()
        compiled = self._compiled
        if compiled is None or compiled[0] != snapshot.revision:
            compiled = self._compiled = snapshot.revision, Checker(snapshot.codes)
        return compiled[1]

    def _judge(self, batch: Sequence[Checked], to_save: Batch | None) -> Judgement:
        """Judges by what the store knows, and saves; when another request was faster, looks and judges again."""
        if not batch:
            return judge(batch, Known(frozenset(), {}))
        unexplained = 0
        with self._store.session() as session:
            known = _look_up(session, batch)
            while True:
                judgement = judge(batch, known)
                if to_save is None:
                    return judgement
                try:
                    rejections = _rejections(batch, judgement.violations)
                    session.save(replace(to_save, arrivals=judgement.arrivals, rejections=rejections))
                except Conflict:
                    now_known = _look_up(session, batch)
                    unexplained = unexplained + 1 if now_known == known else 0
                    if unexplained == MOST_UNEXPLAINED_CONFLICTS:
                        raise
                    known = now_known
                else:
                    return judgement


def _look_up(session: Session, batch: Sequence[Checked]) -> Known:
    identities = [checked.identity for checked in batch if checked.sound]
    numbers = {number for number, _, _ in identities}
    customers = {(unit, ext_id) for _, unit, ext_id in identities}
    return session.look_up(numbers, customers)


def _rejections(batch: Sequence[Checked], violations: Sequence[Sequence[Violation]]) -> list[Rejection]:
    return [
        Rejection(
            index,
            # As the document has them, and so never one that was refused for its length or for a NUL.
            checked.document.get("communicationNumber"),
            checked.document.get("customerExtId"),
            checked.business_unit,
            tuple((violation.code, pointer(index, violation.path)) for violation in found),
        )
        for index, (checked, found) in enumerate(zip(batch, violations, strict=True))
        if found
    ]


def new_id(at: datetime) -> UUID:
    """A UUID of version 7 (RFC 9562): ids of batches sort by the time of their arrival."""
    random = int.from_bytes(os.urandom(10))
    value = int(at.timestamp() * 1000) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
