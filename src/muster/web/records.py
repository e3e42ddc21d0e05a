"""Did it land? The paths of our own that tell what was taken in."""

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar.types import ASGIApp, Scope

from muster.access.ports import User
from muster.records.ports import BatchRecord, Communication
from muster.web.callers import Callers
from muster.web.credentials import credentials_of
from muster.web.exchange import Exchange
from muster.web.pool import Pool
from muster.web.ports import Records
from muster.web.problems import Problem
from muster.web.replies import json_reply

T = TypeVar("T")

COMMUNICATIONS: Final = "/api/v1/communications/"
MOST_OF_A_PAGE: Final = 1_000
DEFAULT_PAGE: Final = 100

_NO_COMMUNICATION: Final = "no customer was accepted under this communication number, or none that this user may see"
_NO_BATCH: Final = "there is no batch with this id, or none that this user may see"
_NO_RESULTS: Final = "there is no batch with this id that this user may see, or its answer is kept no longer"
_WRONG_LIMIT: Final = f"the query parameter limit takes one whole number from 1 to {MOST_OF_A_PAGE}"
_WRONG_CURSOR: Final = "the query parameter cursor takes one value, the `next` of the page before"


class RecordPages:
    """Answers from the records to whoever may see them; to others it is as if nothing were there."""

    def __init__(self, records: Records, callers: Callers, pool: Pool) -> None:
        self._records = records
        self._callers = callers
        self._pool = pool

    async def communication(self, scope: Scope) -> ASGIApp:
        return await self._answered(scope, self._communication)

    async def batch(self, scope: Scope) -> ASGIApp:
        return await self._answered(scope, self._batch)

    async def batches(self, scope: Scope) -> ASGIApp:
        return await self._answered(scope, self._batches)

    async def results(self, scope: Scope) -> ASGIApp:
        return await self._answered(scope, self._results)

    async def _answered(self, scope: Scope, answer: Callable[[Scope, User], object]) -> ASGIApp:
        """Who is calling comes first: before anything that is wrong with the question."""
        exchange = Exchange.of(scope)
        lines = [value for name, value in scope["headers"] if name == b"authorization"]
        credentials = self._callers.required(credentials_of(lines))
        content = await self._pool.run(lambda: answer(scope, self._callers.user(credentials, exchange)))
        return json_reply(msgspec.json.encode(content))

    def _communication(self, scope: Scope, user: User) -> object:
        # Not from the router, which takes two slashes for one: a number may be any text. None has a NUL.
        number = Exchange.of(scope).path.removeprefix(COMMUNICATIONS)
        found = None if "\0" in number else self._records.communication(number, user)
        return _communication(_there(found, _NO_COMMUNICATION))

    def _batch(self, scope: Scope, user: User) -> object:
        batch_id = _there(_uuid(scope["path_params"]["batch_id"]), _NO_BATCH)
        return _batch(_there(self._records.batch(batch_id, user), _NO_BATCH))

    def _batches(self, scope: Scope, user: User) -> object:
        limit, cursor = _page_of(scope["query_string"])
        before = None if cursor is None else _uuid(cursor)
        if cursor is not None and before is None:
            raise Problem(400, _WRONG_CURSOR)
        # One more than the page holds tells whether there is another page.
        found = self._records.batches(user, before=before, limit=limit + 1)
        following = found[limit - 1].id if len(found) > limit else None
        return {"batches": [_batch(batch) for batch in found[:limit]], "next": following}

    def _results(self, scope: Scope, user: User) -> object:
        batch_id = _there(_uuid(scope["path_params"]["batch_id"]), _NO_RESULTS)
        limit, cursor = _page_of(scope["query_string"])
        found = self._records.results(batch_id, user, start=_place(cursor), limit=limit)
        page, following = _there(found, _NO_RESULTS)
        return {"results": page, "next": None if following is None else str(following)}


def _communication(found: Communication) -> dict[str, Any]:
    return {
        "communicationNumber": found.communication_number,
        "customerExtId": found.customer_ext_id,
        "businessUnit": found.business_unit,
        "version": found.version,
        "batchId": found.batch_id,
        "acceptedAt": found.accepted_at,
        "acceptedBy": found.accepted_by,
    }


def _batch(found: BatchRecord) -> dict[str, Any]:
    return {
        "id": found.id,
        "receivedAt": found.received_at,
        "sender": found.sender,
        "accepted": found.accepted,
        "rejected": found.rejected,
    }


def _there(found: T | None, message: str) -> T:
    if found is None:
        raise Problem(404, message)
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def _page_of(query: bytes) -> tuple[int, str | None]:
    """The size of the page that is asked for, and where it begins. Parameters that we don't know are ignored."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    limits = [value for name, value in pairs if name == "limit"] or [str(DEFAULT_PAGE)]
    cursors = [value for name, value in pairs if name == "cursor"]
    if len(limits) > 1 or not _is_number(limits[0]) or not 1 <= int(limits[0]) <= MOST_OF_A_PAGE:
        raise Problem(400, _WRONG_LIMIT)
    if len(cursors) > 1:
        raise Problem(400, _WRONG_CURSOR)
    return int(limits[0]), cursors[0] if cursors else None


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not _is_number(cursor):
        raise Problem(400, _WRONG_CURSOR)
    return int(cursor)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
