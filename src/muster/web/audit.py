"""Endpoints of the audit log: its entries by page or as a file, and the verification of its chain."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec
from litestar import Controller, Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import ASGIApp

from muster.audit.chain import ChainBrokenError
from muster.audit.events import ChainHead
from muster.auth.audit_reading import AuditLogService
from muster.auth.users import User
from muster.web.access import AccessProvider
from muster.web.audit_export import AuditAccess, send_entries
from muster.web.audit_parameters import (
    JSON,
    AuditQuery,
    CheckpointText,
    parse_start,
)
from muster.web.audit_responses import (
    AuditPageResponse,
    AuditVerificationResponse,
    to_broken,
    to_entry,
    to_verification,
)
from muster.web.download import Download, ResponseStream
from muster.web.endpoint_docs import EndpointDocs
from muster.web.parameters import format_cursor, provide_group
from muster.web.routing import get_or_head

AuditPages = SkipValidation[NamedDependency[AccessProvider[AuditLogService]]]
AuditExports = SkipValidation[NamedDependency[AccessProvider[AuditLogService]]]
AuditFilters = SkipValidation[NamedDependency[AuditQuery]]

_READERS: Final = "For users with the role `audit` or `admin`, who see all entries."
_ENTRIES: Final = (
    f"{_READERS} A page of JSON has the newest entries first. `csv` and `ndjson` (by `format` or `Accept`) stream all "
    "matching entries, oldest first. NDJSON holds an entry exactly; in CSV, unprintable characters are escaped, and an "
    "apostrophe stands before what a spreadsheet program would run as a formula. Reading is an entry too, once an hour "
    "for a user, its address and a filter."
)
_VERIFICATION: Final = (
    f"{_READERS} Verifies the entry of the `checkpoint` and all that follow it, for two seconds; a longer log takes "
    "several requests, each from the `checkpoint` of the one before. A broken log is a 200 too, with its `problem`: "
    "changed, removed or inserted entries, and missing triggers."
)


class AuditHandlers(Controller):
    """Parameters are parsed behind the authentication, as in all handlers with `Download`."""

    path = "/api/v1/audit"
    tags = ("Audit",)

    @get_or_head(
        "/",
        operation_id="audit",
        summary="Entries of the audit log",
        description=_ENTRIES,
        dependencies={"audit_query": provide_group(AuditQuery)},
        opt=EndpointDocs(
            content={"application/json": AuditPageResponse, "text/csv": str, "application/x-ndjson": str},
            headers=("Content-Disposition",),
        ).to_option(),
    )
    async def entries(
        self,
        request: Request[Any, Any, Any],
        audit_pages: AuditPages,
        audit_exports: AuditExports,
        audit_query: AuditFilters,
    ) -> ASGIApp:
        chosen = audit_query.choose_format(request.headers.get("accept", ""))

        async def produce(access: AuditAccess, response: ResponseStream) -> None:
            if chosen == JSON:
                await _send_page(access, response, audit_query)
            else:
                await _send_export(access, response, audit_query, chosen)

        return Download(audit_pages if chosen == JSON else audit_exports, request, produce)

    @get_or_head(
        "/verification",
        operation_id="auditVerification",
        summary="Verifies that no entry was changed, removed or inserted",
        description=_VERIFICATION,
        opt=EndpointDocs(content={"application/json": AuditVerificationResponse}).to_option(),
    )
    async def verification(
        self, request: Request[Any, Any, Any], audit_exports: AuditExports, checkpoint: CheckpointText = None
    ) -> ASGIApp:
        async def produce(access: AuditAccess, response: ResponseStream) -> None:
            start = parse_start(checkpoint)
            await _send_json(response, await access.run(lambda audit, user: _verify(audit, start)))

        return Download(audit_exports, request, produce)


async def _send_page(access: AuditAccess, response: ResponseStream, query: AuditQuery) -> None:
    criteria, after = query.parse_criteria(), query.parse_after()
    below, limit = query.parse_below(), query.parse_limit()

    def read(audit: AuditLogService, user: User) -> AuditPageResponse:
        entries, following = audit.page(user, criteria, after=after, below=below, limit=limit)
        return AuditPageResponse([to_entry(entry) for entry in entries], format_cursor(following))

    await _send_json(response, await access.run(read))


async def _send_export(access: AuditAccess, response: ResponseStream, query: AuditQuery, chosen: str) -> None:
    query.check_export()
    await send_entries(access, response, query.parse_criteria(), chosen, after=query.parse_after())


async def _send_json(response: ResponseStream, body: AuditPageResponse | AuditVerificationResponse) -> None:
    content = msgspec.json.encode(body)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("Vary", "Accept")]

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield content

    await response.send(headers, pieces())


def _verify(audit: AuditLogService, start: ChainHead) -> AuditVerificationResponse:
    try:
        return to_verification(audit.verify_part(start))
    except ChainBrokenError as error:
        return to_broken(str(error))
