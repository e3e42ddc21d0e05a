"""The two endpoints of the contract: who is calling, is it a batch, and then to the intake."""

from functools import partial
from typing import Final

from litestar.types import ASGIApp, Scope

from muster.access.authority import may_submit
from muster.access.ports import User
from muster.intake.stages import Stages
from muster.web.body import read_body
from muster.web.callers import Callers
from muster.web.decompression import decompressed
from muster.web.exchange import Exchange
from muster.web.head import Head, head_of
from muster.web.metrics import Metrics
from muster.web.ports import Answer, Intake
from muster.web.problems import Headers, Problem, too_large
from muster.web.replies import json_reply
from muster.web.underway import Places

# A body of this many bytes costs less than asking who sends it, so it is read first: then a request has one piece of
# work, and a slow line holds no place while it sends.
SMALL_BODY: Final = 64 * 1024

_NO_RIGHT: Final = (
    "this user may not submit batches; `muster user change`, or its OpenID provider, gives it the role submit"
)


class Batches:
    """Judges batches and saves them. `max_body` is in bytes, on the wire as well as decompressed."""

    def __init__(self, intake: Intake, callers: Callers, places: Places, metrics: Metrics, max_body: int) -> None:
        self._intake = intake
        self._callers = callers
        self._places = places
        self._metrics = metrics
        self._max_body = max_body

    async def validate(self, scope: Scope) -> ASGIApp:
        return await self._answer(scope, save=False)

    async def submit(self, scope: Scope) -> ASGIApp:
        return await self._answer(scope, save=True)

    async def _answer(self, scope: Scope, *, save: bool) -> ASGIApp:
        exchange = Exchange.of(scope)
        head = head_of(scope["headers"], scope["query_string"])
        small = head.length is not None and head.length <= SMALL_BODY
        body = await read_body(exchange, SMALL_BODY) if small else None
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
        return json_reply(answer.body, headers=_headers(answer))

    def _whole(self, exchange: Exchange, head: Head, body: bytes | bytearray, save: bool) -> Answer:
        return self._taken(exchange, body, head, self._admitted(exchange, head), save)

    def _admitted(self, exchange: Exchange, head: Head) -> User:
        """Who is calling, when the user may and the head is sound: the refusals in the order of the contract."""
        user = self._callers.user(head.credentials, exchange)
        if not may_submit(user):
            raise Problem(403, _NO_RIGHT)
        if head.refusal is not None:
            raise head.refusal
        if head.length is not None and head.length > self._max_body:
            raise too_large(self._max_body)
        return user

    def _taken(self, exchange: Exchange, body: bytes | bytearray, head: Head, user: User, save: bool) -> Answer:
        """Counted here and not when the request is over: its sender may be gone by then, and the batch is saved."""
        content = decompressed(body, head.coding, self._max_body)
        stages = exchange.stages = Stages()
        try:
            answer = self._intake.take(
                content, user, save=save, detail=head.detail, accept=head.accept, key=head.key, stages=stages
            )
        finally:
            self._metrics.stages(stages)
        self._metrics.judged(answer, save=save)
        return answer


def _headers(answer: Answer) -> Headers:
    named = [] if answer.batch_id is None else [("Muster-Batch-Id", str(answer.batch_id))]
    return [*named, ("Idempotency-Replayed", "true")] if answer.replayed else named
