"""The intake of a whole batch: decode it, check each customer, decide on all of them, save, and build the response."""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from muster.customer import BusinessUnits
from muster.intake.candidates import check_customers
from muster.intake.checker_cache import CheckerCache
from muster.intake.customer_store import Batch, CustomerStore, Sender, Session
from muster.intake.decision import Decision
from muster.intake.decode import decode_customers
from muster.intake.idempotency import IdempotencyKey, KeyReusedError, compute_fingerprint
from muster.intake.large_body import ResponseBody
from muster.intake.optimistic_save import OptimisticSaver
from muster.intake.request import BatchOptions
from muster.intake.response import ResponseBuilder
from muster.intake.stage_timings import StageTimings

# An idempotency key can be used again after this time.
KEY_LIFETIME: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """The body of the 200, and what the response's headers, the logs and the metrics say about it.

    `batch_id` is None when nothing was written. `codes` counts the rejected customers by their `errorCode`, and
    `warning_codes` the warnings by their code. Both are empty for a replay: the first response has counted them.
    `was_commit_lost` says that the answer to the commit was lost, and that the batch was found afterwards.
    """

    body: ResponseBody
    batch_id: UUID | None
    accepted: int
    rejected: int
    replayed: bool = False  # the stored response to the first request with the same idempotency key
    codes: Mapping[str, int] = field(default_factory=dict)
    warning_count: int = 0
    warning_codes: Mapping[str, int] = field(default_factory=dict)
    was_commit_lost: bool = False


@dataclass(frozen=True, slots=True)
class _Request:
    """One call of `Intake.process`. `to_save` is the batch without its customers, None for a dry run."""

    content: bytes | bytearray
    sender: Sender
    options: BatchOptions
    to_save: Batch | None
    started: int  # of perf_counter_ns
    stages: StageTimings


class Intake:
    """Takes in batches. Threads may share it."""

    def __init__(
        self,
        store: CustomerStore,
        checkers: CheckerCache,
        *,
        max_customers: int,
        key_lifetime: timedelta = KEY_LIFETIME,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`now` gives the time at which batches count as received, in UTC."""
        self._store = store
        self._checkers = checkers
        self._max_customers = max_customers
        self._key_lifetime = key_lifetime
        self._now = now
        self._saver = OptimisticSaver()

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
        saved. After a `LostCommitError`, its outcome says what is known.
        """
        started, received_at = time.perf_counter_ns(), self._now()
        to_save = Batch(generate_batch_id(received_at), received_at, sender.name) if options.save else None
        request = _Request(content, sender, options, to_save, started, stages or StageTimings())
        with self._store.session() as session:
            if to_save is None or options.idempotency_key is None:
                return self._process(session, request)
            return self._process_once(session, request, to_save, options.idempotency_key)

    def _process_once(self, session: Session, request: _Request, to_save: Batch, key: str) -> IntakeResult:
        at = to_save.received_at
        lifetime = max(self._key_lifetime, request.options.key_lifetime or self._key_lifetime)
        claimed = IdempotencyKey(
            request.sender.name,
            key,
            compute_fingerprint(request.content, request.options),
            at - lifetime,
            at + lifetime,
        )
        with session.claim(claimed) as stored:
            if stored is None:
                return self._process(session, replace(request, to_save=replace(to_save, idempotency_key=claimed)))
        if stored.fingerprint != claimed.fingerprint:
            raise KeyReusedError
        return IntakeResult(
            stored.body,
            stored.batch_id,
            stored.accepted,
            stored.rejected,
            replayed=True,
            warning_count=stored.warnings,
        )

    def _process(self, session: Session, request: _Request) -> IntakeResult:
        checker = self._checkers.current()
        units = BusinessUnits.for_user(checker.business_units, request.sender.business_units)
        with request.stages.decode:
            groups = decode_customers(request.content, self._max_customers)
        checked = check_customers(groups, checker, units, request.stages, request.options)
        batch, warnings = checked.candidates, checked.warning_counts
        response = ResponseBuilder(batch, checked.own_ns, request.started, detail=request.options.detail)
        if not batch:
            return IntakeResult(response.build([]), None, 0, 0)
        to_save, warning_count = request.to_save, sum(warnings.values())
        if to_save is not None and warning_count:
            to_save = replace(to_save, warnings=warning_count)
        saved = self._saver.decide_and_save(session, batch, to_save, request.options, response, request.stages)
        rejected = saved.decision.versions.count(0)
        return IntakeResult(
            saved.body,
            saved.batch_id,
            len(batch) - rejected,
            rejected,
            codes=_count_codes(saved.decision) if rejected else {},
            was_commit_lost=saved.was_commit_lost,
            warning_count=warning_count,
            warning_codes=warnings,
        )


def _count_codes(decision: Decision) -> Mapping[str, int]:
    return Counter([found[0].code for found in decision.violations if found])


def generate_batch_id(at: datetime) -> UUID:
    """A UUID of version 7 (RFC 9562): ids of batches sort by the time at which they were received."""
    random = int.from_bytes(os.urandom(10))
    value = int(at.timestamp() * 1000) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
