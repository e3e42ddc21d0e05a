"""The intake of a batch, whole: decode, check each, judge all, save, report."""

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from muster.classifiers.snapshot import ClassifierCache
from muster.customer import BusinessUnits, Checker
from muster.intake.candidates import Candidate, Valid, check_customers
from muster.intake.customer_store import NOTHING_KNOWN, Batch, ConflictError, CustomerStore, Known, Sender, Session
from muster.intake.decision import Decision, decide, meets_threshold, reject_all, to_accepted, to_rejections
from muster.intake.decode import decode_customers
from muster.intake.idempotency import IdempotencyKey, KeyReusedError, compute_fingerprint
from muster.intake.response import ResponseBuilder
from muster.intake.stage_timings import StageTimings

# A conflict is another request's success, so looking again finds something new. Only a deadlock or a serialization
# failure may leave nothing to see, and those pass; a conflict that stays without a reason is a fault.
MAX_UNEXPLAINED_CONFLICTS: Final = 5

# A migration brings new customers only, and then to look them up takes a fifth of the time for nothing. A batch that
# brings known ones is written in vain, so after one of them so many must bring none until the next is written unseen.
LOOKUPS_AFTER_HIT: Final = 10

# How long the key of a request stands for it.
KEY_LIFETIME: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """The body of the 200, and what the edge tells beside it. `batch_id` is None when nothing was written.

    `codes` counts the rejected customers by their `errorCode`. A replay has none: they were told with the first answer.
    """

    body: bytes
    batch_id: UUID | None
    accepted: int
    rejected: int
    replayed: bool = False  # it was given before, to the first request with this key
    codes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked; `started` is a moment of `perf_counter_ns`."""

    content: bytes | bytearray
    sender: Sender
    detail: bool
    accept: int
    started: int
    stages: StageTimings


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a batch; `saved` is its id when it was written."""

    decision: Decision
    body: bytes
    saved: UUID | None


class Intake:
    """Takes batches in. Used by many threads at a time."""

    def __init__(
        self,
        store: CustomerStore,
        classifiers: ClassifierCache,
        *,
        max_customers: int,
        key_life: timedelta = KEY_LIFETIME,
    ) -> None:
        self._store = store
        self._classifiers = classifiers
        self._max_customers = max_customers
        self._key_life = key_life
        self._compiled: tuple[int, Checker] | None = None
        self._look_first = 0

    def process(
        self,
        content: bytes | bytearray,
        sender: Sender,
        *,
        save: bool,
        detail: bool = False,
        accept: int = 0,
        key: str | None = None,
        stages: StageTimings | None = None,
    ) -> IntakeResult:
        """Judges the batch and, with `save`, saves what it accepts in one transaction.

        Nothing is accepted when fewer of a hundred customers are than `accept`. A request that saves under a `key` is
        processed once. `stages` is told how long each stage took. Raises `InvalidBatchError`, `TooManyCustomersError`, `KeyInProgressError`,
        `KeyReusedError` and what the store raises; then nothing is saved.
        """
        request = _Request(content, sender, detail, accept, time.perf_counter_ns(), stages or StageTimings())
        received_at = datetime.now(UTC)
        to_save = Batch(generate_batch_id(received_at), received_at, sender.name) if save else None
        with self._store.session() as session:
            if to_save is None or key is None:
                return self._process(session, request, to_save)
            fingerprint = compute_fingerprint(content, detail=detail, accept=accept)
            once = IdempotencyKey(
                sender.name, key, fingerprint, received_at - self._key_life, received_at + self._key_life
            )
            with session.claim(once) as kept:
                if kept is None:
                    return self._process(session, request, replace(to_save, idempotency_key=once))
            if kept.fingerprint != once.fingerprint:
                raise KeyReusedError
            return IntakeResult(kept.answer, kept.batch_id, kept.accepted, kept.rejected, replayed=True)

    def _process(self, session: Session, request: _Request, to_save: Batch | None) -> IntakeResult:
        checker = self._checker()
        units = BusinessUnits.of(checker.business_units, request.sender.business_units)
        with request.stages.decode:
            items = decode_customers(request.content, self._max_customers)
        batch, own_ns = check_customers(items, checker, units, request.stages, to_save=to_save is not None)
        reporter = ResponseBuilder(batch, own_ns, request.started, detail=request.detail)
        if not batch:
            return IntakeResult(reporter.report(decide(batch, NOTHING_KNOWN).violations), None, 0, 0)
        outcome = self._judge(session, batch, to_save, request, reporter)
        refused = outcome.decision.versions.count(0)
        codes = _codes(outcome.decision) if refused else {}
        return IntakeResult(outcome.body, outcome.saved, len(batch) - refused, refused, codes=codes)

    def _checker(self) -> Checker:
        """The checker for the classifiers of the moment; compiled anew when they have changed."""
        snapshot = self._classifiers.current()
        compiled = self._compiled
        if compiled is None or compiled[0] != snapshot.revision:
            compiled = self._compiled = snapshot.revision, Checker(snapshot.codes)
        return compiled[1]

    def _judge(
        self,
        session: Session,
        batch: Sequence[Candidate],
        to_save: Batch | None,
        request: _Request,
        reporter: ResponseBuilder,
    ) -> _Outcome:
        """Judges by what the store knows, and saves; when another request was faster, looks and judges again."""
        unexplained, accept, stages = 0, request.accept, request.stages
        with stages.decide:
            known, decision = self._first_judgement(session, batch, to_save, accept)
        while to_save is not None and meets_threshold(decision, accept):
            try:
                with stages.save:
                    accepted, refused = to_accepted(batch, decision), to_rejections(batch, decision)
                    judged = replace(to_save, accepted=accepted, rejected=refused)
                    body = session.save(judged, partial(reporter.report, decision.violations))
            except ConflictError:
                with stages.decide:
                    now_known = self._look_up(session, batch)
                    unexplained = unexplained + 1 if now_known == known else 0
                    if unexplained == MAX_UNEXPLAINED_CONFLICTS:
                        raise
                    known, decision = now_known, decide(batch, now_known)
            else:
                return _Outcome(decision, body, judged.id)
        if not meets_threshold(decision, accept):
            decision = reject_all(decision)
        return _Outcome(decision, reporter.report(decision.violations), None)

    def _first_judgement(
        self, session: Session, batch: Sequence[Candidate], to_save: Batch | None, accept: int
    ) -> tuple[Known, Decision]:
        """By what the store knows or, where that will show by itself, as if it knew nothing.

        When all sound customers of a batch pass as new ones, writing them takes every number and every customer for
        the first time: had the store known one of them, there would be a conflict.
        """
        if to_save is not None and not self._look_first:
            decision = decide(batch, NOTHING_KNOWN)
            if not decision.contested and meets_threshold(decision, accept):
                return NOTHING_KNOWN, decision
        known = self._look_up(session, batch)
        return known, decide(batch, known)

    def _look_up(self, session: Session, batch: Sequence[Candidate]) -> Known:
        sound = [candidate for candidate in batch if isinstance(candidate, Valid)]
        numbers = [candidate.communication_number for candidate in sound]
        known = session.look_up(numbers, [(candidate.business_unit, candidate.customer_ext_id) for candidate in sound])
        # Threads may pass each other here; then a batch more or less is looked up.
        self._look_first = LOOKUPS_AFTER_HIT if known != NOTHING_KNOWN else max(self._look_first - 1, 0)
        return known


def _codes(decision: Decision) -> Mapping[str, int]:
    return Counter([found[0].code for found in decision.violations if found])


def generate_batch_id(at: datetime) -> UUID:
    """A UUID of version 7 (RFC 9562): ids of batches sort by the time of their arrival."""
    random = int.from_bytes(os.urandom(10))
    value = int(at.timestamp() * 1000) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
