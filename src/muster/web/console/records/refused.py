"""Refused customers: by time, sender, code and unit, and by their identifiers; their totals; the list as a file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, post
from litestar.types import ASGIApp

from muster.auth.authorization import READ_RECORDS
from muster.auth.users import User
from muster.records.paging import Page as RecordPage
from muster.records.record_filter import RecordFilter, Rejection, RejectionKey
from muster.records.search import MAX_REPORT_DAYS, ReportTooLargeError
from muster.web.console.access import PageDependency, PageProvider, PageRequest, page_option
from muster.web.console.filters import (
    PAGE_SIZE,
    PageLinks,
    get_values,
    list_units,
    make_filter_form,
    parse_record_filter,
)
from muster.web.console.forms import Form, read_form
from muster.web.console.records.rejection_export import EXPORT_FORMATS, send_rejections, send_report
from muster.web.console.records.rejection_totals import SelectionTotals, count_totals, find_period
from muster.web.console.records.rejection_view import build_refused_customer
from muster.web.console.rendering import HtmlResponse
from muster.web.console.sign_in import ConsoleDependency
from muster.web.console.texts import text
from muster.web.download import Download, ResponseStream
from muster.web.problems import Problem
from muster.web.routing import get_or_head
from muster.web.search_parameters import (
    DEFAULT_REPORT_DAYS,
    CustomerUnit,
    ErrorCode,
    LoadFilter,
    RejectionCursor,
    SenderName,
    Since,
    Until,
    format_rejection_cursor,
    parse_rejection_cursor,
)
from muster.web.services import Services

REFUSED_PATH: Final = "/console/refused"
_IDENTIFIERS: Final = ("customerExtId", "communicationNumber")
_NO_REPORT: Final = f"counts need a first and a last day, at most {MAX_REPORT_DAYS} days apart, or fewer counts"
# The batches whose stored results are read for the texts of one page: each takes up to 10 ms.
_MAX_READ_BATCHES: Final = 8
# The most frequent codes stand beside the list; the others are folded up.
_MAX_CODES: Final = 10
_FORMATS: Final = (*EXPORT_FORMATS, "counts")


_Results = Mapping[RejectionKey, msgspec.Raw]


class RefusedPageHandlers(Controller):
    path = "/refused"

    @get_or_head("/", opt=page_option(READ_RECORDS))
    async def refused(
        self,
        page: PageDependency,
        cursor: RejectionCursor = None,
        since: Since = None,
        until: Until = None,
        sender: SenderName = None,
        code: ErrorCode = None,
        unit: CustomerUnit = None,
        load: LoadFilter = None,
    ) -> HtmlResponse:
        """The last days, unless a bound is given, if only an empty one."""
        if since is None and not load:
            since = f"{datetime.now(UTC) - timedelta(days=DEFAULT_REPORT_DAYS - 1):%Y-%m-%d}"
        form = make_filter_form(since=since, until=until, sender=sender, code=code, unit=unit, load=load)
        wanted, after = parse_record_filter(form), parse_rejection_cursor(cursor or None)

        def find(
            services: Services, user: User
        ) -> tuple[Sequence[str], RecordPage[Rejection, RejectionKey], SelectionTotals | None]:
            units = list_units(services, user)
            if form.errors:
                return units, RecordPage([], None), None
            found = services.search.rejections(wanted, user, after=after, limit=PAGE_SIZE)
            return units, found, count_totals(services, user, wanted)

        units, found, totals = await page.run(find)
        return _render(page, form, found, totals=totals, units=units, is_first=after is None)

    @post("/", opt=page_option(READ_RECORDS))
    async def search(self, page: PageDependency) -> HtmlResponse:
        """Whether one customer was ever refused. A POST, because identifiers never stand in a URL."""
        form = await read_form(page.request)
        after = parse_rejection_cursor(form.get("cursor") or None)
        wanted = _parse_identifiers(form)

        def find(services: Services, user: User) -> tuple[RecordPage[Rejection, RejectionKey], _Results]:
            found = services.search.rejections(wanted, user, after=after, limit=PAGE_SIZE)
            trimmed = _trim(wanted)
            if not found.items and trimmed != wanted:
                found = services.search.rejections(trimmed, user, after=after, limit=PAGE_SIZE)
            return found, _find_results(services, user, found.items)

        found: RecordPage[Rejection, RejectionKey] = RecordPage([], None)
        results: _Results = {}
        if not form.errors:
            found, results = await page.run(find)
        return _render(page, form, found, results=results, is_first=after is None)

    @post("/export", opt=page_option(READ_RECORDS))
    async def export(self, request: Request[Any, Any, Any], console: ConsoleDependency) -> ASGIApp:
        async def produce(page: PageRequest, response: ResponseStream) -> None:
            form = await read_form(page.request)
            has_identifier = any(form.get(name) for name in _IDENTIFIERS)
            wanted = _parse_identifiers(form) if has_identifier else parse_record_filter(form)
            chosen = form.get("format")
            if form.errors or chosen not in _FORMATS:
                raise Problem(400, "the selection can't be read; open the page and choose again")
            access = page.get_access(lambda services: services.search)
            if chosen in EXPORT_FORMATS:
                await send_rejections(access, response, wanted, chosen)
                return
            period = find_period(wanted)
            if period is None:
                raise Problem(400, _NO_REPORT)
            try:
                await send_report(access, response, wanted, period)
            except ReportTooLargeError:
                raise Problem(400, _NO_REPORT) from None

        return Download(PageProvider(console, console.pools.file_slots), request, produce)


def _render(
    page: PageRequest,
    form: Form,
    found: RecordPage[Rejection, RejectionKey],
    *,
    is_first: bool,
    results: _Results | None = None,
    totals: SelectionTotals | None = None,
    units: Sequence[str] | None = None,
) -> HtmlResponse:
    """Without `units`, it is the page of one customer."""
    values = {name: form.get_exactly(name) for name in form.values if name != "cursor" and form.get(name)}
    link = PageLinks(REFUSED_PATH, get_values(form) | {"since": form.get("since")})
    return page.render(
        "refused.html",
        form=form,
        units=units,
        is_search=units is None,
        values=values,
        refused=[build_refused_customer(rejection, (results or {}).get(rejection.key)) for rejection in found.items],
        totals=totals,
        link=link,
        periods=_link_periods(link),
        is_first=is_first,
        next=format_rejection_cursor(found.next),
        max_days=MAX_REPORT_DAYS,
        max_codes=_MAX_CODES,
    )


def _link_periods(link: PageLinks) -> Sequence[tuple[int, str]]:
    """The same selection in the last days, with today."""
    today = datetime.now(UTC).date()
    return [(days, link(since=str(today - timedelta(days=days - 1)), until="")) for days in (1, 7, DEFAULT_REPORT_DAYS)]


def _parse_identifiers(form: Form) -> RecordFilter:
    """By one identifier or by both, as they were sent."""
    texts = {name: form.get_exactly(name) for name in _IDENTIFIERS if form.get(name)}
    if not texts:
        form.errors["customerExtId"] = text("Enter an identifier or a communication number.")
    for name, value in texts.items():
        if "\0" in value:
            form.errors[name] = text("Enter it without characters that can't be seen.")
    return RecordFilter(
        customer_ext_id=texts.get("customerExtId"), communication_number=texts.get("communicationNumber")
    )


def _find_results(services: Services, user: User, found: Sequence[Rejection]) -> _Results:
    """The stored results, whose texts are exact, of the newest batches. A batch is read as a whole."""
    indexes: dict[UUID, list[int]] = {}
    for rejection in found:
        indexes.setdefault(rejection.key.batch_id, []).append(rejection.key.position)
    return {
        RejectionKey(batch_id, index): result
        for batch_id, positions in islice(indexes.items(), _MAX_READ_BATCHES)
        for index, result in services.records.find_results_at(batch_id, user, positions).items()
    }


def _trim(wanted: RecordFilter) -> RecordFilter:
    """Identifiers may begin or end with a blank, but one that was copied with them is more likely."""
    ext_id, number = wanted.customer_ext_id, wanted.communication_number
    return replace(
        wanted,
        customer_ext_id=ext_id.strip() if ext_id else None,
        communication_number=number.strip() if number else None,
    )
