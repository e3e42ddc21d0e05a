"""The two endpoints of the contract: who is calling, is it a batch, and then to the intake."""

from functools import partial
from typing import Final

from litestar.types import ASGIApp, Scope

from muster.auth.authorization import can_submit
from muster.auth.users import User
from muster.intake.request import BatchOptions
from muster.intake.stage_timings import StageTimings
from muster.observability.prometheus import MetricsRegistry
from muster.web.authenticator import Authenticator
from muster.web.batch_headers import BatchHeaders, parse_batch_headers
from muster.web.body import read_body
from muster.web.concurrency import WorkerSlots
from muster.web.decompression import decompress
from muster.web.ports import Intake, IntakeResultProtocol
from muster.web.problems import Headers, Problem, content_too_large
from muster.web.request_context import RequestContext
from muster.web.responses import json_response

# A body of this many bytes costs less than asking who sends it, so it is read first: then a request has one piece of
# work, and a slow line holds no place while it sends.
SMALL_BODY_BYTES: Final = 64 * 1024

_NO_RIGHT: Final = (
    "this user may not submit batches; `muster user change`, or its OpenID provider, gives it the role submit"
)


class BatchHandlers:
    """Judges batches and saves them. `max_body_bytes` is in bytes, on the wire as well as decompressed."""

    def __init__(
        self, intake: Intake, callers: Authenticator, places: WorkerSlots, metrics: MetricsRegistry, max_body_bytes: int
    ) -> None:
        self._intake = intake
        self._callers = callers
        self._places = places
        self._metrics = metrics
        self._max_body = max_body_bytes

    async def validate(self, scope: Scope) -> ASGIApp:
        return await self._answer(scope, save=False)

    async def submit(self, scope: Scope) -> ASGIApp:
        return await self._answer(scope, save=True)

    async def _answer(self, scope: Scope, *, save: bool) -> ASGIApp:
        exchange = RequestContext.of(scope)
        head = parse_batch_headers(scope["headers"], scope["query_string"])
        small = head.length is not None and head.length <= SMALL_BODY_BYTES
        body = await read_body(exchange, SMALL_BODY_BYTES) if small else None
        credentials = self._callers.required(head.credentials)
        with self._places.place(credentials, exchange) as place:
            if body is not None:
                answer = await place.run(partial(self._whole, exchange, head, body, save))
            else:
                user = await place.run(partial(self._admitted, exchange, head))
                body = await read_body(exchange, self._max_body)
                answer = await place.run(partial(self._taken, exchange, body, head, user, save))
        exchange.accepted, exchange.rejected, exchange.batch_id = answer.accepted, answer.rejected, answer.batch_id
        exchange.replayed = answer.replayed
        return json_response(answer.body, headers=_headers(answer))

    def _whole(
        self, exchange: RequestContext, head: BatchHeaders, body: bytes | bytearray, save: bool
    ) -> IntakeResultProtocol:
        return self._taken(exchange, body, head, self._admitted(exchange, head), save)

    def _admitted(self, exchange: RequestContext, head: BatchHeaders) -> User:
        """Who is calling, when the user may and the head is sound: the refusals in the order of the contract."""
        user = self._callers.user(head.credentials, exchange)
        if not can_submit(user):
            raise Problem(403, _NO_RIGHT)
        if head.refusal is not None:
            raise head.refusal
        if head.length is not None and head.length > self._max_body:
            raise content_too_large(self._max_body)
        return user

    def _taken(
        self, exchange: RequestContext, body: bytes | bytearray, head: BatchHeaders, user: User, save: bool
    ) -> IntakeResultProtocol:
        """Counted here and not when the request is over: its sender may be gone by then, and the batch is saved."""
        content = decompress(body, head.coding, self._max_body)
        stages = exchange.stages = StageTimings()
        try:
            answer = self._intake.process(content, user, BatchOptions(save, head.detail, head.accept, head.key), stages)
        finally:
            self._metrics.stages(stages)
        self._metrics.judged(answer, save=save)
        return answer


def _headers(answer: IntakeResultProtocol) -> Headers:
    named = [] if answer.batch_id is None else [("Muster-Batch-Id", str(answer.batch_id))]
    return [*named, ("Idempotency-Replayed", "true")] if answer.replayed else named
