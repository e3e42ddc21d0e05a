"""Endpoints that read communications and batches."""

from typing import Final

from litestar import Controller
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from muster.records.reading import RecordReader
from muster.web.access import Access
from muster.web.encoded_paths import decode_parameter
from muster.web.endpoint_docs import VISIBILITY
from muster.web.parameters import (
    DEFAULT_PAGE_SIZE,
    BatchId,
    CommunicationNumber,
    IndexCursor,
    Limit,
    format_cursor,
    parse_number_cursor,
    parse_uuid,
)
from muster.web.problems import or_404
from muster.web.record_responses import (
    CommunicationResponse,
    ResultPageResponse,
    SavedBatchResponse,
    to_communication,
    to_saved_batch,
)
from muster.web.routing import get_or_head

RecordAccess = SkipValidation[NamedDependency[Access[RecordReader]]]

_NO_COMMUNICATION: Final = "no customer was accepted under this communication number, or none that this user may see"
_NO_BATCH: Final = "there is no batch with this id, or none that this user may see"
_NO_RESULTS: Final = "there is no batch with this id that this user may see, or its response is no longer stored"


class RecordHandlers(Controller):
    """What a user may not see is a 404, like what does not exist."""

    path = "/api/v1"
    tags = ("Records",)

    @get_or_head(
        "/communications/{communicationNumber:str}",
        operation_id="communication",
        summary="The customer version accepted under a communication number",
        description=VISIBILITY,
    )
    async def communication(
        self, communication_number: CommunicationNumber, record_access: RecordAccess
    ) -> CommunicationResponse:
        number = decode_parameter(communication_number)
        found = None
        if "\0" not in number:  # no communication number holds a NUL, and PostgreSQL refuses it
            found = await record_access.run(lambda records, user: records.communication(number, user))
        return to_communication(or_404(found, _NO_COMMUNICATION))

    @get_or_head("/batches/{batchId:str}", operation_id="batch", summary="One batch", description=VISIBILITY)
    async def batch(self, batch_id: BatchId, record_access: RecordAccess) -> SavedBatchResponse:
        parsed_id = or_404(parse_uuid(batch_id), _NO_BATCH)
        found = await record_access.run(lambda records, user: records.batch(parsed_id, user))
        return to_saved_batch(or_404(found, _NO_BATCH))

    @get_or_head(
        "/batches/{batchId:str}/results",
        operation_id="batchResults",
        summary="The results of a batch, as they were sent",
        description=VISIBILITY,
    )
    async def results(
        self,
        batch_id: BatchId,
        record_access: RecordAccess,
        limit: Limit = DEFAULT_PAGE_SIZE,
        cursor: IndexCursor = None,
    ) -> ResultPageResponse:
        parsed_id, start = or_404(parse_uuid(batch_id), _NO_RESULTS), parse_number_cursor(cursor) or 0
        found = await record_access.run(
            lambda records, user: records.results(parsed_id, user, start=start, limit=limit)
        )
        page = or_404(found, _NO_RESULTS)
        return ResultPageResponse(list(page.items), format_cursor(page.next))
