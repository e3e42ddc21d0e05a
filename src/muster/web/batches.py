"""The two batch endpoints: authenticate, read the body, process the batch, respond.

They read the scope themselves, because Litestar's parsing of headers and bodies costs more than a batch of one.
"""

from functools import partial
from typing import Final
from uuid import UUID

from litestar.types import ASGIApp, Scope

from muster.auth.authorization import SUBMIT_BATCHES
from muster.auth.users import User
from muster.intake.customer_store import CommitOutcome, LostCommitError
from muster.intake.large_body import LargeBody
from muster.intake.request import BatchOptions
from muster.intake.service import Intake
from muster.intake.stage_timings import StageTimings
from muster.observability.logs import log_warning
from muster.observability.prometheus import MetricsRegistry
from muster.observability.requests import BatchOutcome
from muster.web.access import require_permission
from muster.web.authenticator import Authenticator
from muster.web.batch_headers import BatchHeaders, parse_batch_headers
from muster.web.body import BodyTimeouts, read_body
from muster.web.concurrency import Permit, WorkerSlots
from muster.web.decompression import decompress
from muster.web.json_responses import LargeJsonResponse, build_json_response
from muster.web.problems import Headers, content_too_large
from muster.web.request_context import RequestContext

VALIDATE_PATH: Final = "/amlyze-ws-rest/validate-batch-customers"
SUBMIT_PATH: Final = "/amlyze-ws-rest/batch-customers"

# Reading up to 64 KiB is cheaper than a user lookup, so small bodies are read before authentication. Then a request
# needs one thread hop, and a slow line holds no slot while it sends.
SMALL_BODY_BYTES: Final = 64 * 1024


_LOST_COMMIT_MESSAGES: Final = {
    CommitOutcome.SAVED: "The answer to a commit was lost; the batch was found, and its client got a 200",
    CommitOutcome.NOT_SAVED: "The answer to a commit was lost; the batch is not saved, and its client got a 500",
    CommitOutcome.UNKNOWN: "The answer to a commit was lost; the batch may be saved or not, look for its id",
}


class BatchHandlers:
    """Validates and saves batches. `max_body_bytes` bounds the body on the wire and after decompression."""

    def __init__(
        self,
        intake: Intake,
        authenticator: Authenticator,
        slots: WorkerSlots,
        metrics: MetricsRegistry,
        *,
        max_body_bytes: int,
        body_timeouts: BodyTimeouts,
    ) -> None:
        self._intake = intake
        self._authenticator = authenticator
        self._slots = slots
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._body_timeouts = body_timeouts

    async def respond(self, scope: Scope, *, save: bool) -> ASGIApp:
        """The response to a request, or a `Problem`."""
        context = RequestContext.get(scope)
        headers = parse_batch_headers(scope["headers"], scope["query_string"])
        is_small = headers.content_length is not None and headers.content_length <= SMALL_BODY_BYTES
        body = await read_body(context.transport, SMALL_BODY_BYTES, self._body_timeouts) if is_small else None
        slot, permit = self._slots.acquire(self._authenticator.require(headers.credentials))
        with slot:
            if body is not None:
                return await slot.run(partial(self._authorize_and_process, context, headers, permit, body, save))
            user = await slot.run(partial(self._authorize, context, headers, permit))
            body = await read_body(context.transport, self._max_body_bytes, self._body_timeouts)
            return await slot.run(partial(self._process, context, headers, user, body, save))

    def _authorize_and_process(
        self, context: RequestContext, headers: BatchHeaders, permit: Permit, body: bytes | bytearray, save: bool
    ) -> ASGIApp:
        return self._process(context, headers, self._authorize(context, headers, permit), body, save)

    def _authorize(self, context: RequestContext, headers: BatchHeaders, permit: Permit) -> User:
        """The user of the request. Raises the problems of the header in the order of the contract."""
        credentials = self._authenticator.require(headers.credentials)
        user = self._authenticator.authenticate(credentials, context, permit)
        require_permission(user, SUBMIT_BATCHES)
        if headers.problem is not None:
            raise headers.problem
        if headers.content_length is not None and headers.content_length > self._max_body_bytes:
            raise content_too_large(self._max_body_bytes)
        return user

    def _process(
        self, context: RequestContext, headers: BatchHeaders, user: User, body: bytes | bytearray, save: bool
    ) -> ASGIApp:
        """Processes the batch and counts it at once: the request may be cancelled while the batch is saved."""
        content = decompress(body, headers.content_coding, self._max_body_bytes)
        options = BatchOptions(
            save, idempotency_key=headers.idempotency_key, key_lifetime=headers.key_lifetime, **headers.options
        )
        stages = context.stages = StageTimings()
        try:
            result = self._intake.process(content, user, options, stages)
        except LostCommitError as lost:
            self._observe_lost_commit(lost.batch_id, lost.outcome)
            raise
        finally:
            self._metrics.record_stages(stages)
        batch = context.batch = BatchOutcome(
            result.batch_id,
            result.accepted,
            result.rejected,
            result.replayed,
            result.codes,
            result.warning_count,
            result.warning_codes,
        )
        self._metrics.record_batch(batch, save=save)
        if result.was_commit_lost:
            self._observe_lost_commit(result.batch_id, CommitOutcome.SAVED)
        response_headers = _build_headers(batch)
        if isinstance(result.body, LargeBody):
            return LargeJsonResponse(result.body, response_headers)
        return build_json_response(result.body, headers=response_headers)

    def _observe_lost_commit(self, batch_id: UUID | None, outcome: CommitOutcome) -> None:
        self._metrics.record_lost_commit(outcome)
        log_warning("commit_answer_lost", _LOST_COMMIT_MESSAGES[outcome], batch=str(batch_id), outcome=outcome.value)


def _build_headers(batch: BatchOutcome) -> Headers:
    headers = [] if batch.batch_id is None else [("Muster-Batch-Id", str(batch.batch_id))]
    if batch.warnings:
        headers.append(("Muster-Warnings", str(batch.warnings)))
    return [*headers, ("Idempotency-Replayed", "true")] if batch.is_replay else headers
