"""Endpoints that search batches and rejected customers, and count them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Controller, Request, Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from muster.records.search import MAX_REPORT_DAYS, MAX_REPORT_ROWS, RecordSearch, ReportTooLargeError
from muster.web.access import Access
from muster.web.endpoint_docs import VISIBILITY, EndpointDocs
from muster.web.parameters import (
    DEFAULT_PAGE_SIZE,
    BatchCursor,
    Limit,
    format_cursor,
    parse_batch_cursor,
    provide_group,
)
from muster.web.problems import Problem
from muster.web.record_responses import BatchPageResponse, to_saved_batch
from muster.web.rejection_responses import (
    RejectionPageResponse,
    RejectionReportResponse,
    to_rejection,
    to_rejection_page,
    to_report,
    write_report_csv,
)
from muster.web.routing import get_or_head
from muster.web.search_parameters import (
    DEFAULT_REPORT_DAYS,
    RecordQuery,
    RejectionCursor,
    ReportFormat,
    ReportQuery,
    format_rejection_cursor,
    parse_rejection_cursor,
    parse_report_format,
    parse_report_period,
)

SearchAccess = SkipValidation[NamedDependency[Access[RecordSearch]]]
RecordFilters = SkipValidation[NamedDependency[RecordQuery]]
ReportFilters = SkipValidation[NamedDependency[ReportQuery]]

_BATCHES: Final = (
    f"{VISIBILITY} A batch matches when one of its customers, accepted or rejected, matches `code`, `unit`, "
    "`customerExtId` and `communicationNumber` together, and the user may see that customer."
)
_REJECTIONS: Final = (
    f"Customers that saved batches and loads have rejected, until a purge removes them. {VISIBILITY} A rejected "
    "customer without a known business unit is seen by `admin` and by its sender. Each page is in the audit log."
)
_REPORT: Final = (
    f"{VISIBILITY} A report covers at most {MAX_REPORT_DAYS} days, by default the last {DEFAULT_REPORT_DAYS} with "
    f"today. It has at most {MAX_REPORT_ROWS} rows. After a purge of rejections, only the numbers of all customers "
    "remain."
)
_TOO_LARGE: Final = (
    f"the report has more than {MAX_REPORT_ROWS} rows; shorten the time between since and until, or name a sender, a "
    "code or a unit"
)


class RejectionHandlers(Controller):
    """What a user may not see does not match."""

    path = "/api/v1"
    tags = ("Records",)

    @get_or_head(
        "/batches",
        operation_id="batches",
        summary="The saved batches, newest first",
        description=_BATCHES,
        dependencies={"record_query": provide_group(RecordQuery)},
    )
    async def batches(
        self,
        search_access: SearchAccess,
        *,
        limit: Limit = DEFAULT_PAGE_SIZE,
        cursor: BatchCursor = None,
        record_query: RecordFilters,
    ) -> BatchPageResponse:
        wanted = record_query.parse()
        before = parse_batch_cursor(cursor)
        page = await search_access.run(lambda search, user: search.batches(wanted, user, before=before, limit=limit))
        return BatchPageResponse([to_saved_batch(batch) for batch in page.items], format_cursor(page.next))

    @get_or_head(
        "/rejections",
        operation_id="rejections",
        summary="The rejected customers, newest batch first",
        description=_REJECTIONS,
        dependencies={"record_query": provide_group(RecordQuery)},
    )
    async def rejections(
        self,
        search_access: SearchAccess,
        *,
        limit: Limit = DEFAULT_PAGE_SIZE,
        cursor: RejectionCursor = None,
        record_query: RecordFilters,
    ) -> RejectionPageResponse:
        wanted = record_query.parse()
        after = parse_rejection_cursor(cursor)
        page = await search_access.run(lambda search, user: search.rejections(wanted, user, after=after, limit=limit))
        return to_rejection_page([to_rejection(found) for found in page.items], format_rejection_cursor(page.next))

    @get_or_head(
        "/reports/rejections",
        operation_id="rejectionReport",
        summary="Rejected customers by day, code, sender and business unit, and all customers beside them",
        description=_REPORT,
        dependencies={"report_query": provide_group(ReportQuery)},
        opt=EndpointDocs(content={"text/csv": str}).to_option(),
    )
    async def report(
        self,
        request: Request[Any, Any, Any],
        search_access: SearchAccess,
        report_query: ReportFilters,
        report_format: ReportFormat = None,
    ) -> Response[RejectionReportResponse]:
        given = report_query.parse()
        written = parse_report_format(report_format, request.headers.getall("accept", []))
        begin, end = parse_report_period(given, datetime.now(UTC))
        wanted = replace(given, since=begin, until=end)

        def make(search: RecordSearch, user: Any) -> Response[Any]:
            try:
                report = search.report(wanted, user, begin, end)
            except ReportTooLargeError:
                raise Problem(400, _TOO_LARGE) from None
            headers = {"Vary": "Accept"}
            if written == "csv":
                name = f"rejections-{begin:%Y-%m-%d}-{end:%Y-%m-%d}.csv"
                headers["Content-Disposition"] = f'attachment; filename="{name}"'
                return Response(write_report_csv(report), headers=headers, media_type="text/csv")
            return Response(to_report(report), headers=headers)

        return await search_access.run(make)
