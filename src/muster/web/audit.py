"""Endpoints of the audit log: its entries by page or as a file, and the verification of its chain."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any, Final

import msgspec
from litestar import Controller, Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import ASGIApp

from muster.audit.chain import ChainBrokenError
from muster.audit.events import AuditEntry, ChainHead
from muster.audit.export import CSV_COLUMNS, format_csv_lines, format_json_line, to_csv_row
from muster.auth.audit_reading import AuditLogService
from muster.auth.users import User
from muster.web.access import Access, AccessProvider
from muster.web.audit_parameters import (
    JSON,
    MEDIA_TYPES,
    ActionText,
    ActorName,
    AfterNumber,
    AuditQuery,
    CheckpointText,
    EntryCursor,
    ExportFormat,
    PageLimit,
    Since,
    SubjectText,
    Until,
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
from muster.web.parameters import format_cursor
from muster.web.routing import get_or_head

AuditAccess = Access[AuditLogService]
AuditPages = SkipValidation[NamedDependency[AccessProvider[AuditLogService]]]
AuditExports = SkipValidation[NamedDependency[AccessProvider[AuditLogService]]]

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
        since: Since = None,
        until: Until = None,
        actor: ActorName = None,
        action: ActionText = None,
        subject: SubjectText = None,
        after: AfterNumber = None,
        limit: PageLimit = None,
        cursor: EntryCursor = None,
        export_format: ExportFormat = None,
    ) -> ASGIApp:
        query = AuditQuery(since, until, actor, action, subject, after, limit, cursor, export_format)
        chosen = query.choose_format(request.headers.get("accept", ""))
        if chosen == JSON:
            return Download(audit_pages, request, lambda access, response: _send_page(access, response, query))
        return Download(audit_exports, request, lambda access, response: _send_export(access, response, query, chosen))

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
    criteria, after = query.parse_criteria(), query.parse_after()
    groups = await access.run(lambda audit, user: audit.export(user, criteria, after))
    headers = [
        ("Content-Type", f"{MEDIA_TYPES[chosen]}; charset=utf-8" if chosen == "csv" else MEDIA_TYPES[chosen]),
        ("Content-Disposition", f'attachment; filename="audit.{chosen}"'),
        ("Vary", "Accept"),
    ]
    await response.send(headers, _iterate_text(access, _format(groups, is_csv=chosen == "csv")))


async def _send_json(response: ResponseStream, body: AuditPageResponse | AuditVerificationResponse) -> None:
    content = msgspec.json.encode(body)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("Vary", "Accept")]

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield content

    await response.send(headers, pieces())


def _format(groups: Iterator[Sequence[AuditEntry]], *, is_csv: bool) -> Iterator[str]:
    if is_csv:
        yield format_csv_lines([CSV_COLUMNS])
    for group in groups:
        yield format_csv_lines(map(to_csv_row, group)) if is_csv else "".join(map(format_json_line, group))


async def _iterate_text(access: AuditAccess, texts: Iterator[str]) -> AsyncGenerator[bytes, None]:
    while (text := await access.run(lambda audit, user: next(texts, None))) is not None:
        yield text.encode(errors="backslashreplace")


def _verify(audit: AuditLogService, start: ChainHead) -> AuditVerificationResponse:
    try:
        return to_verification(audit.verify_part(start))
    except ChainBrokenError as error:
        return to_broken(str(error))
