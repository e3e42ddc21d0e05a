"""Deciding on a batch and saving it without locks: when another request was faster, the write conflicts.

Then the batch is looked up and decided again. Dry runs decide by the same code and do not write.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from muster.intake.candidates import Candidate, Valid
from muster.intake.checkpoint import Checkpoint
from muster.intake.customer_store import (
    NOTHING_KNOWN,
    Batch,
    CommitOutcome,
    ConflictError,
    Known,
    LostCommitError,
    RejectedCustomer,
    Session,
)
from muster.intake.decision import Decision, decide, meets_threshold, reject_all, to_accepted, to_rejections
from muster.intake.large_body import ResponseBody
from muster.intake.request import BatchOptions
from muster.intake.response import ResponseBuilder
from muster.intake.stage_timings import StageTimings
from muster.intake.write_plan import WritePlan, build_write_plan

# A conflict is another request's success, so a new look-up finds something new. Only a deadlock or a serialization
# failure may leave nothing to find, and those pass; a conflict that stays without a reason is an internal error.
MAX_UNEXPLAINED_CONFLICTS: Final = 5

# Makes the checkpoint of a chunk when it is decided. After a conflict it is called again.
MakeCheckpoint = Callable[[Decision], Checkpoint]

# A migration sends new customers only, and looking them up takes a fifth of the time and finds nothing. A batch with
# known customers is written in vain, so after one of them this many batches are looked up first.
LOOKUPS_AFTER_HIT: Final = 10


@dataclass(frozen=True, slots=True)
class SaveResult:
    """The decision on a batch and its response; `batch_id` is None when nothing was written.

    `was_commit_lost` says that the answer to the commit was lost, and that the batch was found afterwards.
    """

    decision: Decision
    body: ResponseBody
    batch_id: UUID | None
    was_commit_lost: bool = False


@dataclass(frozen=True, slots=True)
class DecidedBatch:
    """A decision on a batch, with the customers and the response that are written for it."""

    decision: Decision
    plan: WritePlan
    rejected: Sequence[RejectedCustomer]
    body: ResponseBody
    redacted_body: ResponseBody | None

    @classmethod
    def build(cls, batch: Sequence[Candidate], decision: Decision, response: ResponseBuilder) -> "DecidedBatch":
        body, redacted = response.build(decision.violations), response.build_redacted(decision.violations)
        plan = build_write_plan(to_accepted(batch, decision))
        return cls(decision, plan, to_rejections(batch, decision), body, redacted)


class OptimisticSaver:
    """Decides on batches and saves them. Threads may share it."""

    def __init__(self) -> None:
        self._lookups_left = 0  # batches that are still looked up before they are written

    def decide_ahead(
        self, batch: Sequence[Candidate], options: BatchOptions, response: ResponseBuilder
    ) -> DecidedBatch | None:
        """The decision as if the store were empty, for `decide_and_save`; None when that would be in vain.

        It needs no session, so it can be made while another batch is written.
        """
        if self._lookups_left:
            return None
        decision = decide(batch, NOTHING_KNOWN, upsert=options.upsert)
        return None if decision.has_conflicts else DecidedBatch.build(batch, decision, response)

    def decide_and_save(
        self,
        session: Session,
        batch: Sequence[Candidate],
        to_save: Batch | None,
        options: BatchOptions,
        response: ResponseBuilder,
        stages: StageTimings,
        make_checkpoint: MakeCheckpoint | None = None,
        ahead: DecidedBatch | None = None,
    ) -> SaveResult:
        """Decides by the state of the store, and saves when enough customers are accepted.

        `to_save` is the batch without its customers, None for a dry run. The chunk of a load has a checkpoint. `ahead`
        is what `decide_ahead` has given.
        """
        unexplained, percent = 0, options.min_accepted_percent
        with stages.decide:
            known, decision = self._decide_first(session, batch, options, ahead)
        while to_save is not None and meets_threshold(decision, percent):
            try:
                with stages.save:
                    if make_checkpoint is not None:
                        to_save = replace(to_save, checkpoint=make_checkpoint(decision))
                    if ahead is None or ahead.decision is not decision:
                        ahead = DecidedBatch.build(batch, decision, response)
                    return _save(session, ahead, to_save)
            except ConflictError:
                with stages.decide:
                    now_known = self._look_up(session, batch)
                    unexplained = unexplained + 1 if now_known == known else 0
                    if unexplained == MAX_UNEXPLAINED_CONFLICTS:
                        raise
                    known, decision = now_known, decide(batch, now_known, upsert=options.upsert)
        if not meets_threshold(decision, percent):
            decision = reject_all(decision)
        return SaveResult(decision, response.build(decision.violations), None)

    def _decide_first(
        self, session: Session, batch: Sequence[Candidate], options: BatchOptions, ahead: DecidedBatch | None
    ) -> tuple[Known, Decision]:
        """Decides by the state of the store, or as if the store were empty where a conflict would show otherwise.

        When all valid customers of a batch are accepted as new ones, writing them inserts every number and every
        customer. If the store has one of them, the insert conflicts. That holds for an upsert too: as if the store were
        empty, it creates the customer.
        """
        if options.save and not self._lookups_left:
            decision = ahead.decision if ahead else decide(batch, NOTHING_KNOWN, upsert=options.upsert)
            if not decision.has_conflicts and meets_threshold(decision, options.min_accepted_percent):
                return NOTHING_KNOWN, decision
        known = self._look_up(session, batch)
        return known, decide(batch, known, upsert=options.upsert)

    def _look_up(self, session: Session, batch: Sequence[Candidate]) -> Known:
        valid = [candidate for candidate in batch if isinstance(candidate, Valid)]
        numbers = [candidate.communication_number for candidate in valid]
        known = session.look_up(numbers, [(candidate.business_unit, candidate.customer_ext_id) for candidate in valid])
        # Not locked: when threads race here, one batch more or less is looked up.
        self._lookups_left = LOOKUPS_AFTER_HIT if known != NOTHING_KNOWN else max(self._lookups_left - 1, 0)
        return known


def _save(session: Session, decided: DecidedBatch, to_save: Batch) -> SaveResult:
    """Writes the batch as it was decided. Rows and response are built before: a database may lock while it writes."""
    decision, body = decided.decision, decided.body
    to_save = replace(
        to_save,
        plan=decided.plan,
        rejected=decided.rejected,
        # A key under which nothing was accepted stays free, so that the cause can be mended and the request repeated.
        idempotency_key=to_save.idempotency_key if decided.plan.accepted else None,
        redacted_response=decided.redacted_body,
    )
    try:
        session.save(to_save, body)
    except LostCommitError as lost:
        lost.outcome = session.find_outcome(to_save.id)
        if lost.outcome is not CommitOutcome.SAVED:
            raise
        return SaveResult(decision, body, to_save.id, was_commit_lost=True)
    return SaveResult(decision, body, to_save.id)
