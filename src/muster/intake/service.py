"""The intake of a whole batch: decode it, check each customer, decide on all of them, save, and build the response."""

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from muster.customer import BusinessUnits
from muster.intake.candidates import Candidate, Valid, check_customers
from muster.intake.checker_cache import CheckerCache
from muster.intake.customer_store import NOTHING_KNOWN, Batch, ConflictError, CustomerStore, Known, Sender, Session
from muster.intake.decision import Decision, decide, meets_threshold, reject_all, to_accepted, to_rejections
from muster.intake.decode import decode_customers
from muster.intake.idempotency import IdempotencyKey, KeyReusedError, compute_fingerprint
from muster.intake.request import BatchOptions
from muster.intake.response import ResponseBuilder
from muster.intake.stage_timings import StageTimings

# A conflict is another request's success, so a new look-up finds something new. Only a deadlock or a serialization
# failure may leave nothing to find, and those pass; a conflict that stays without a reason is an internal error.
MAX_UNEXPLAINED_CONFLICTS: Final = 5

# A migration sends new customers only, and looking them up takes a fifth of the time and finds nothing. A batch with
# known customers is written in vain, so after one of them this many batches are looked up first.
LOOKUPS_AFTER_HIT: Final = 10

# An idempotency key can be used again after this time.
KEY_LIFETIME: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """The body of the 200, and what the response's headers, the logs and the metrics say about it.

    `batch_id` is None when nothing was written. `codes` counts the rejected customers by their `errorCode`; it is empty
    for a replay, because the first response has counted them.
    """

    body: bytes
    batch_id: UUID | None
    accepted: int
    rejected: int
    replayed: bool = False  # the stored response to the first request with the same idempotency key
    codes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Request:
    """One call of `Intake.process`. `to_save` is the batch without its customers, None for a dry run."""

    content: bytes | bytearray
    sender: Sender
    options: BatchOptions
    to_save: Batch | None
    started: int  # of perf_counter_ns
    stages: StageTimings


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The decision on a batch and its response; `batch_id` is None when nothing was written."""

    decision: Decision
    body: bytes
    batch_id: UUID | None


class Intake:
    """Takes in batches. Threads may share it."""

    def __init__(
        self,
        store: CustomerStore,
        checkers: CheckerCache,
        *,
        max_customers: int,
        key_lifetime: timedelta = KEY_LIFETIME,
    ) -> None:
        self._store = store
        self._checkers = checkers
        self._max_customers = max_customers
        self._key_lifetime = key_lifetime
        self._lookups_left = 0  # batches that are still looked up before they are written

    def process(
        self,
        content: bytes | bytearray,
        sender: Sender,
        options: BatchOptions,
        stages: StageTimings | None = None,
    ) -> IntakeResult:
        """Decides on the batch in `content` (JSON) and saves the accepted customers in one transaction.

        `stages` is filled with the time that each stage takes, also when a stage fails. Raises `InvalidBatchError`,
        `TooManyCustomersError`, `KeyInProgressError`, `KeyReusedError` and the errors of the store; then nothing is
        saved.
        """
        started, received_at = time.perf_counter_ns(), datetime.now(UTC)
        to_save = Batch(generate_batch_id(received_at), received_at, sender.name) if options.save else None
        request = _Request(content, sender, options, to_save, started, stages or StageTimings())
        with self._store.session() as session:
            if to_save is None or options.idempotency_key is None:
                return self._process(session, request)
            return self._process_once(session, request, to_save, options.idempotency_key)

    def _process_once(self, session: Session, request: _Request, to_save: Batch, key: str) -> IntakeResult:
        at = to_save.received_at
        claimed = IdempotencyKey(
            request.sender.name,
            key,
            compute_fingerprint(request.content, request.options),
            at - self._key_lifetime,
            at + self._key_lifetime,
        )
        with session.claim(claimed) as stored:
            if stored is None:
                return self._process(session, replace(request, to_save=replace(to_save, idempotency_key=claimed)))
        if stored.fingerprint != claimed.fingerprint:
            raise KeyReusedError
        return IntakeResult(stored.body, stored.batch_id, stored.accepted, stored.rejected, replayed=True)

    def _process(self, session: Session, request: _Request) -> IntakeResult:
        checker = self._checkers.current()
        units = BusinessUnits.for_user(checker.business_units, request.sender.business_units)
        with request.stages.decode:
            items = decode_customers(request.content, self._max_customers)
        batch, own_ns = check_customers(items, checker, units, request.stages, to_save=request.to_save is not None)
        response = ResponseBuilder(batch, own_ns, request.started, detail=request.options.detail)
        if not batch:
            return IntakeResult(response.build([]), None, 0, 0)
        outcome = self._decide_and_save(session, batch, request, response)
        rejected = outcome.decision.versions.count(0)
        codes = _count_codes(outcome.decision) if rejected else {}
        return IntakeResult(outcome.body, outcome.batch_id, len(batch) - rejected, rejected, codes=codes)

    def _decide_and_save(
        self, session: Session, batch: Sequence[Candidate], request: _Request, response: ResponseBuilder
    ) -> _Outcome:
        """Decides by the state of the store, and saves. After a conflict with another request, decides again."""
        to_save, percent, stages = request.to_save, request.options.min_accepted_percent, request.stages
        unexplained = 0
        with stages.decide:
            known, decision = self._decide_first(session, batch, request)
        while to_save is not None and meets_threshold(decision, percent):
            try:
                with stages.save:
                    return _save(session, batch, decision, to_save, response)
            except ConflictError:
                with stages.decide:
                    now_known = self._look_up(session, batch)
                    unexplained = unexplained + 1 if now_known == known else 0
                    if unexplained == MAX_UNEXPLAINED_CONFLICTS:
                        raise
                    known, decision = now_known, decide(batch, now_known, upsert=request.options.upsert)
        if not meets_threshold(decision, percent):
            decision = reject_all(decision)
        return _Outcome(decision, response.build(decision.violations), None)

    def _decide_first(self, session: Session, batch: Sequence[Candidate], request: _Request) -> tuple[Known, Decision]:
        """Decides by the state of the store, or as if the store were empty where a conflict would show otherwise.

        When all valid customers of a batch are accepted as new ones, writing them inserts every number and every
        customer. If the store has one of them, the insert conflicts. That holds for an upsert too: as if the store were
        empty, it creates the customer.
        """
        upsert = request.options.upsert
        if request.to_save is not None and not self._lookups_left:
            decision = decide(batch, NOTHING_KNOWN, upsert=upsert)
            if not decision.has_conflicts and meets_threshold(decision, request.options.min_accepted_percent):
                return NOTHING_KNOWN, decision
        known = self._look_up(session, batch)
        return known, decide(batch, known, upsert=upsert)

    def _look_up(self, session: Session, batch: Sequence[Candidate]) -> Known:
        valid = [candidate for candidate in batch if isinstance(candidate, Valid)]
        numbers = [candidate.communication_number for candidate in valid]
        known = session.look_up(numbers, [(candidate.business_unit, candidate.customer_ext_id) for candidate in valid])
        # Not locked: when threads race here, one batch more or less is looked up.
        self._lookups_left = LOOKUPS_AFTER_HIT if known != NOTHING_KNOWN else max(self._lookups_left - 1, 0)
        return known


def _save(
    session: Session, batch: Sequence[Candidate], decision: Decision, to_save: Batch, response: ResponseBuilder
) -> _Outcome:
    body = response.build(decision.violations)
    decided = replace(
        to_save,
        accepted=to_accepted(batch, decision),
        rejected=to_rejections(batch, decision),
        redacted_response=response.build_redacted(decision.violations),
    )
    session.save(decided, lambda: body)
    return _Outcome(decision, body, decided.id)


def _count_codes(decision: Decision) -> Mapping[str, int]:
    return Counter([found[0].code for found in decision.violations if found])


def generate_batch_id(at: datetime) -> UUID:
    """A UUID of version 7 (RFC 9562): ids of batches sort by the time at which they were received."""
    random = int.from_bytes(os.urandom(10))
    value = int(at.timestamp() * 1000) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
