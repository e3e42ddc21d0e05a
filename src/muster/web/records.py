"""Did it land? The paths of our own that tell what was taken in."""

from typing import Any, Final

from litestar.types import ASGIApp, Scope

from muster.auth.authorization import can_read_records
from muster.auth.users import User
from muster.records.record_store import BatchSummary, Communication
from muster.web.authenticated_endpoint import (
    WRONG_CURSOR,
    AuthenticatedEndpoint,
    Permission,
    get_parameter,
    get_path_name,
    or_404,
    parse_limit,
    parse_number,
    parse_uuid,
)
from muster.web.ports import Records
from muster.web.problems import Problem

COMMUNICATIONS: Final = "/api/v1/communications/"
ASKS: Final = Permission(
    can_read_records,
    "this user reads the metrics alone; `muster user change`, or its OpenID provider, gives it another role",
)

_NO_COMMUNICATION: Final = "no customer was accepted under this communication number, or none that this user may see"
_NO_BATCH: Final = "there is no batch with this id, or none that this user may see"
_NO_RESULTS: Final = "there is no batch with this id that this user may see, or its answer is kept no longer"


class RecordHandlers:
    """Answers from the records to whoever may see them; to others it is as if nothing were there."""

    def __init__(self, records: Records, asking: AuthenticatedEndpoint) -> None:
        self._records = records
        self._asking = asking

    async def communication(self, scope: Scope) -> ASGIApp:
        return await self._asking.answered(scope, self._communication)

    async def batch(self, scope: Scope) -> ASGIApp:
        return await self._asking.answered(scope, self._batch)

    async def batches(self, scope: Scope) -> ASGIApp:
        return await self._asking.answered(scope, self._batches)

    async def results(self, scope: Scope) -> ASGIApp:
        return await self._asking.answered(scope, self._results)

    def _communication(self, scope: Scope, user: User) -> object:
        number = get_path_name(scope, COMMUNICATIONS)
        found = None if "\0" in number else self._records.communication(number, user)  # no number has a NUL
        return to_communication(or_404(found, _NO_COMMUNICATION))

    def _batch(self, scope: Scope, user: User) -> object:
        batch_id = or_404(parse_uuid(scope["path_params"]["batch_id"]), _NO_BATCH)
        return _batch(or_404(self._records.batch(batch_id, user), _NO_BATCH))

    def _batches(self, scope: Scope, user: User) -> object:
        limit, cursor = parse_limit(scope), get_parameter(scope, "cursor", WRONG_CURSOR)
        before = None if cursor is None else parse_uuid(cursor)
        if cursor is not None and before is None:
            raise Problem(400, WRONG_CURSOR)
        # One more than the page holds tells whether there is another page.
        found = self._records.batches(user, before=before, limit=limit + 1)
        following = found[limit - 1].id if len(found) > limit else None
        return {"batches": [_batch(batch) for batch in found[:limit]], "next": following}

    def _results(self, scope: Scope, user: User) -> object:
        batch_id = or_404(parse_uuid(scope["path_params"]["batch_id"]), _NO_RESULTS)
        limit, start = parse_limit(scope), parse_number(scope, "cursor", WRONG_CURSOR)
        found = self._records.results(batch_id, user, start=start or 0, limit=limit)
        page, following = or_404(found, _NO_RESULTS)
        return {"results": page, "next": None if following is None else str(following)}


def to_communication(found: Communication) -> dict[str, Any]:
    """What is told of a communication, whether it is asked for by itself or with what it brought."""
    return {
        "communicationNumber": found.communication_number,
        "customerExtId": found.customer_ext_id,
        "businessUnit": found.business_unit,
        "version": found.version,
        "batchId": found.batch_id,
        "acceptedAt": found.accepted_at,
        "acceptedBy": found.accepted_by,
    }


def _batch(found: BatchSummary) -> dict[str, Any]:
    return {
        "id": found.id,
        "receivedAt": found.received_at,
        "sender": found.sender,
        "accepted": found.accepted,
        "rejected": found.rejected,
    }
