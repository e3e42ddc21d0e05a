"""Endpoints of loads: files of any size that are uploaded, and taken in by the service's workers."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Controller, Request, Response, post, put
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import ASGIApp

from muster.loads.load_store import FINAL_STATES, MAX_PART_BYTES, Load, LoadState
from muster.loads.service import LoadService
from muster.web.access import Access, AccessProvider
from muster.web.body import BodyTimeouts, read_body
from muster.web.content_digest import ContentDigest
from muster.web.download import Download, ResponseStream
from muster.web.endpoint_docs import EndpointDocs
from muster.web.load_bodies import (
    LoadPageResponse,
    LoadResponse,
    NewLoadBody,
    PartListResponse,
    to_load,
    to_options,
    to_part_list,
)
from muster.web.load_parameters import (
    MAX_NEW_LOAD_BYTES,
    NO_LOAD,
    ContentDigestHeader,
    ForExcel,
    IdempotencyKeyHeader,
    KeyFilter,
    LoadId,
    LoadLimit,
    PartNumber,
    RefusedFormat,
    Start,
    check_json,
    check_no_coding,
    get_content_length,
    parse_flag,
    parse_format,
    parse_key,
    parse_key_filter,
    parse_load_id,
    parse_new_load,
    parse_part_number,
)
from muster.web.load_transfer import (
    REFUSED_MEDIA_TYPES,
    LoadAccess,
    receive_file,
    send_refused,
    send_results,
)
from muster.web.parameters import DEFAULT_PAGE_SIZE, BatchCursor, format_cursor, parse_batch_cursor, provide_group
from muster.web.problems import content_too_large, or_404
from muster.web.request_context import RequestContext
from muster.web.routing import get_or_head
from muster.web.upload_parameters import UploadQuery

LoadReading = SkipValidation[NamedDependency[Access[LoadService]]]
LoadChanging = SkipValidation[NamedDependency[Access[LoadService]]]
FileUploading = SkipValidation[NamedDependency[Access[LoadService]]]
Downloads = SkipValidation[NamedDependency[AccessProvider[LoadService]]]
UploadOptionTexts = SkipValidation[NamedDependency[UploadQuery]]
Timeouts = SkipValidation[NamedDependency[BodyTimeouts]]
AnyRequest = Request[Any, Any, Any]

_VISIBILITY: Final = (
    "`admin` and `read` see all loads, `submit` sees its own. The name of a file, its sheet and its mapping are "
    "withheld from readers who have none of the sender's business units."
)
_REFUSED_VISIBILITY: Final = "The sender sees them, and `admin`. Each download is in the audit log."
_CREATE: Final = (
    "With a JSON body: creates a load whose file comes in parts (`PUT …/parts/{number}`, then `POST …/start`). "
    "With `start=true`: the body is the file, of any type that a load reads, and the load starts when it has come. "
    "An upload that nothing was added to for a day is cancelled."
)
_PARTS: Final = (
    f"The parts in the order of their numbers make the file. Each has at most {MAX_PART_BYTES} bytes; they may come in "
    "any order, from several connections, and again: the last content counts."
)
_START: Final = (
    "The parts must be there from 1 without a gap. Starting a load again does nothing. When the load was created with "
    "a `sha256`, the job compares it with that of the parts before the first row, and fails when they differ."
)

_BODY_PROBLEMS: Final = {
    408: "No byte of the body came for half a minute, or too few in all.",
    409: "The load was started, cancelled or ended meanwhile.",
    413: "The body has more bytes than a part, a file or a description of a load may have.",
    415: "The body has a content coding, or is not JSON where it must be.",
}


class LoadHandlers(Controller):
    """What a user may not see is a 404, like what does not exist."""

    path = "/api/v1/loads"
    tags = ("Loads",)

    @post(
        "/",
        operation_id="createLoad",
        summary="Create a load, or load a file at once",
        description=_CREATE,
        status_code=201,
        dependencies={"upload_query": provide_group(UploadQuery)},
        opt=EndpointDocs(
            body={"application/json": NewLoadBody, "application/octet-stream": None},
            statuses={201: "The load receives parts.", 202: "The file has come, and its load waits for a worker."},
            headers=("Location", "Idempotency-Replayed"),
            problems=_BODY_PROBLEMS,
        ).to_option(),
    )
    async def create(
        self,
        request: AnyRequest,
        upload_access: FileUploading,
        body_timeouts: Timeouts,
        *,
        idempotency_key: IdempotencyKeyHeader = None,
        content_digest: ContentDigestHeader = None,
        start: Start = None,
        upload_query: UploadOptionTexts,
    ) -> Response[LoadResponse]:
        key, digest = parse_key(idempotency_key), ContentDigest(content_digest)
        transport = RequestContext.get(request.scope).transport
        if parse_flag("start", start):
            check_no_coding(request.scope["headers"])
            upload = upload_query.parse()
            load, is_replay = await upload_access.run(
                lambda loads, user: loads.uploads.create(user, upload.name, to_options(upload.options), key=key)
            )
            # Also when the upload under this key broke off, because the process died that received it.
            if load.state is LoadState.RECEIVING:
                load = await receive_file(upload_access, load, transport, body_timeouts, digest)
            return _respond_created(load, 202, is_replay=is_replay)
        upload_query.refuse()
        check_json(request.scope["headers"])
        body = await read_body(transport, MAX_NEW_LOAD_BYTES, body_timeouts)
        digest.update(body)
        digest.verify()
        new = parse_new_load(body)
        sha256 = bytes.fromhex(new.sha256) if new.sha256 else None
        load, is_replay = await upload_access.run(
            lambda loads, user: loads.uploads.create(user, new.name, to_options(new.options), sha256=sha256, key=key)
        )
        return _respond_created(load, 201, is_replay=is_replay)

    @put(
        "/{loadId:str}/parts/{number:str}",
        operation_id="putLoadPart",
        summary="Send a part of the file",
        description=_PARTS,
        status_code=204,
        opt=EndpointDocs(
            body={"application/octet-stream": None},
            statuses={204: "The part is stored."},
            problems=_BODY_PROBLEMS,
        ).to_option(),
    )
    async def put_part(
        self,
        request: AnyRequest,
        load_id: LoadId,
        number: PartNumber,
        upload_access: FileUploading,
        body_timeouts: Timeouts,
        content_digest: ContentDigestHeader = None,
    ) -> None:
        parsed_id, part_number = parse_load_id(load_id), parse_part_number(number)
        headers, digest = request.scope["headers"], ContentDigest(content_digest)
        check_no_coding(headers)
        if (get_content_length(headers) or 0) > MAX_PART_BYTES:
            raise content_too_large(MAX_PART_BYTES)
        content = await read_body(RequestContext.get(request.scope).transport, MAX_PART_BYTES, body_timeouts)

        def store(loads: LoadService, user: Any) -> Load | None:
            digest.update(content)
            digest.verify()
            return loads.uploads.add_part(parsed_id, part_number, bytes(content), user)

        or_404(await upload_access.run(store), NO_LOAD)

    @get_or_head(
        "/{loadId:str}/parts",
        operation_id="loadParts",
        summary="The parts that were received, so that an upload that broke off can go on",
        description=_VISIBILITY,
    )
    async def parts(self, load_id: LoadId, load_access: LoadReading) -> PartListResponse:
        parsed_id = parse_load_id(load_id)
        parts = await load_access.run(lambda loads, user: loads.reader.parts(parsed_id, user))
        return to_part_list(or_404(parts, NO_LOAD))

    @post(
        "/{loadId:str}/start",
        operation_id="startLoad",
        summary="Start a load whose parts are all there",
        description=_START,
        status_code=202,
        opt=EndpointDocs(
            statuses={202: "The load waits for a worker, or was started before."},
            problems={409: "A part is missing, or the load was cancelled.", 413: _BODY_PROBLEMS[413]},
        ).to_option(),
    )
    async def start(self, load_id: LoadId, load_change_access: LoadChanging) -> LoadResponse:
        parsed_id = parse_load_id(load_id)
        load = await load_change_access.run(lambda loads, user: loads.uploads.start(parsed_id, user))
        return to_load(or_404(load, NO_LOAD))

    @post(
        "/{loadId:str}/cancel",
        operation_id="cancelLoad",
        summary="Cancel a load",
        description="Chunks that were saved stay saved. Cancelling a load that has ended does nothing. The sender may "
        "cancel its loads, and `admin` all.",
        status_code=200,
        opt=EndpointDocs(statuses={200: "The load is cancelled, or had ended before."}).to_option(),
    )
    async def cancel(self, load_id: LoadId, load_change_access: LoadChanging) -> LoadResponse:
        parsed_id = parse_load_id(load_id)
        load = await load_change_access.run(lambda loads, user: loads.uploads.cancel(parsed_id, user))
        return to_load(or_404(load, NO_LOAD))

    @get_or_head("/", operation_id="loads", summary="The loads, newest first", description=_VISIBILITY)
    async def loads(
        self,
        load_access: LoadReading,
        limit: LoadLimit = DEFAULT_PAGE_SIZE,
        cursor: BatchCursor = None,
        key_filter: KeyFilter = None,
    ) -> LoadPageResponse:
        before, key = parse_batch_cursor(cursor), parse_key_filter(key_filter)
        if key is not None:
            found = await load_access.run(lambda loads, user: loads.uploads.find(user, key))
            return LoadPageResponse([to_load(found, with_mapping=False)] if found else [], None)
        page = await load_access.run(lambda loads, user: loads.reader.loads(user, before=before, limit=limit))
        return LoadPageResponse([to_load(load, with_mapping=False) for load in page.items], format_cursor(page.next))

    @get_or_head(
        "/{loadId:str}",
        operation_id="load",
        summary="One load: its state, and what became of its rows so far",
        description=f"{_VISIBILITY} Until the load has ended, `Retry-After` says when to ask again.",
        opt=EndpointDocs(headers=("Retry-After",)).to_option(),
    )
    async def load(self, load_id: LoadId, load_access: LoadReading) -> Response[LoadResponse]:
        parsed_id = parse_load_id(load_id)
        load = or_404(await load_access.run(lambda loads, user: loads.reader.load(parsed_id, user)), NO_LOAD)
        return Response(to_load(load), headers=_build_retry(load))

    @get_or_head(
        "/{loadId:str}/refused",
        operation_id="loadRefused",
        summary="The refused rows, as a file to mend and load again",
        description=f"The original columns, with the row, its codes and its errors. {_REFUSED_VISIBILITY}",
        opt=EndpointDocs(
            content=dict.fromkeys(REFUSED_MEDIA_TYPES.values()),
            headers=("Content-Disposition",),
            problems={409: "The load has not ended."},
        ).to_option(),
    )
    async def refused(
        self,
        request: AnyRequest,
        load_id: LoadId,
        downloads: Downloads,
        refused_format: RefusedFormat = None,
        for_excel: ForExcel = None,
    ) -> ASGIApp:
        async def produce(access: LoadAccess, response: ResponseStream) -> None:
            requested, is_for_excel = parse_format(refused_format), parse_flag("forExcel", for_excel)
            await send_refused(access, response, parse_load_id(load_id), requested, for_excel=is_for_excel)

        return Download(downloads, request, produce)

    @get_or_head(
        "/{loadId:str}/results",
        operation_id="loadResults",
        summary="The results of the customers as NDJSON, in the order of the file",
        description="A line for each customer, as a batch would have answered. Results of customers that the user may "
        "not see, and of batches whose response is no longer stored, are omitted.",
        opt=EndpointDocs(content={"application/x-ndjson": str}, problems={409: "The load has not ended."}).to_option(),
    )
    async def results(self, request: AnyRequest, load_id: LoadId, downloads: Downloads) -> ASGIApp:
        async def produce(access: LoadAccess, response: ResponseStream) -> None:
            await send_results(access, response, parse_load_id(load_id))

        return Download(downloads, request, produce)


def _respond_created(load: Load, status: int, *, is_replay: bool) -> Response[LoadResponse]:
    headers = {"Location": f"/api/v1/loads/{load.id}", **({"Idempotency-Replayed": "true"} if is_replay else {})}
    return Response(to_load(load), status_code=status, headers=headers)


def _build_retry(load: Load) -> Mapping[str, str]:
    return {} if load.state in FINAL_STATES else {"Retry-After": "1" if load.totals.rows == 0 else "3"}
