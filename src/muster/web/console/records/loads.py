"""Loads of files: the list of them, one load with its progress and its refused rows, and what it leaves to download."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Controller, Request, post
from litestar.params import QueryParameter
from litestar.types import ASGIApp

from muster.auth.authorization import READ_RECORDS, SUBMIT_LOADS
from muster.auth.users import Role, User
from muster.loads.formats.text_encoding import NOT_UTF8
from muster.loads.load_store import FINAL_STATES, Load, LoadState
from muster.loads.progress import measure_progress
from muster.records.paging import Page as RecordPage
from muster.records.record_filter import RecordFilter
from muster.records.record_store import BatchSummary
from muster.web.console.access import PageDependency, PageProvider, PageRequest, page_option
from muster.web.console.code_guides import get_meanings
from muster.web.console.filters import PAGE_SIZE, PageLinks, get_values, make_filter_form, parse_load_filter
from muster.web.console.records.refused_row_view import RefusedRowView, build_refused_rows
from muster.web.console.rendering import HtmlResponse, redirect
from muster.web.console.sign_in import ConsoleDependency
from muster.web.download import Download, ResponseStream
from muster.web.load_parameters import NO_LOAD, LoadId, RefusedFormat, parse_format, parse_load_id
from muster.web.load_transfer import send_refused, send_results
from muster.web.parameters import BatchCursor, format_cursor, parse_batch_cursor
from muster.web.problems import or_404
from muster.web.routing import get_or_head
from muster.web.search_parameters import SenderName, Since, Until
from muster.web.services import Services

LOADS_PATH: Final = "/console/loads"
_FIRST_ROWS: Final = 10
_FIRST_BATCHES: Final = 10
_MAX_MAPPING_LENGTH: Final = 20_000
# The codes that are explained on the page; help explains all of them.
_MAX_MEANINGS: Final = 20
# A person follows the first minute of a load; a long one is looked at now and then.
_REFRESH_SECONDS: Final = (3, 30)
_FIRST_MINUTE: Final = timedelta(minutes=1)

StateName = Annotated[str | None, QueryParameter(name="state", schema_extra={"enum": list(LoadState)})]
DryRunFilter = Annotated[str | None, QueryParameter(name="dryRun", schema_extra={"enum": ["true", "false"]})]


@dataclass(frozen=True, slots=True)
class _LoadContent:
    """What belongs to a load. `refused` is None where there are no refused rows that the user may see.

    `upload` is the user's own one that a dry run has read, or that still waits for its options; None for other loads.
    """

    batches: RecordPage[BatchSummary, UUID]
    refused: Sequence[RefusedRowView] | None
    sees_refused: bool
    upload: Load | None


class LoadPageHandlers(Controller):
    path = "/loads"

    @get_or_head("/", opt=page_option(READ_RECORDS))
    async def loads(
        self,
        page: PageDependency,
        cursor: BatchCursor = None,
        since: Since = None,
        until: Until = None,
        sender: SenderName = None,
        load_state: StateName = None,
        dry_run: DryRunFilter = None,
    ) -> HtmlResponse:
        form = make_filter_form(since=since, until=until, sender=sender, state=load_state, dryRun=dry_run)
        wanted, before = parse_load_filter(form), parse_batch_cursor(cursor or None)
        found: RecordPage[Load, UUID] = RecordPage([], None)
        if not form.errors:
            found = await page.run(
                lambda services, user: services.loads.reader.loads(user, wanted, before=before, limit=PAGE_SIZE)
            )
        return page.render(
            "loads.html",
            form=form,
            loads=found.items,
            states=list(LoadState),
            link=PageLinks(LOADS_PATH, get_values(form)),
            is_first=before is None,
            next=format_cursor(found.next),
            may_load=SUBMIT_LOADS.is_granted(page.user),
        )

    @get_or_head("/{loadId:str}", opt=page_option(READ_RECORDS))
    async def load(self, page: PageDependency, load_id: LoadId) -> HtmlResponse:
        load = await _find_load(page, load_id)
        content = await page.run(lambda services, user: _read_content(services, user, load))
        now, is_final = datetime.now(UTC), load.state in FINAL_STATES
        codes = sorted(load.totals.codes, key=lambda count: (-count.count, count.code))
        refresh_seconds = _REFRESH_SECONDS[now - load.created_at > _FIRST_MINUTE]
        return page.render(
            "load.html",
            load=load,
            is_final=is_final,
            progress=measure_progress(load, now),
            refresh_seconds=None if is_final else refresh_seconds,
            content=content,
            mapping=_format_mapping(load),
            codes=codes,
            meanings={count.code: get_meanings(count.code) for count in codes[:_MAX_MEANINGS]},
            may_cancel=not is_final and _may_cancel(page.user, load),
            upload=content.upload,
            is_not_utf8=(load.problem or "").startswith(NOT_UTF8),
        )

    @get_or_head("/{loadId:str}/cancel", opt=page_option(SUBMIT_LOADS))
    async def ask(self, page: PageDependency, load_id: LoadId) -> HtmlResponse:
        load = await _find_load(page, load_id)
        if load.state in FINAL_STATES:
            return redirect(f"{LOADS_PATH}/{load.id}")
        return page.render("load_cancel.html", load=load, may_cancel=_may_cancel(page.user, load))

    @post("/{loadId:str}/cancel", opt=page_option(SUBMIT_LOADS))
    async def cancel(self, page: PageDependency, load_id: LoadId) -> HtmlResponse:
        parsed_id = parse_load_id(load_id)
        load = await page.run(lambda services, user: services.loads.uploads.cancel(parsed_id, user))
        return redirect(f"{LOADS_PATH}/{or_404(load, NO_LOAD).id}")

    @get_or_head("/{loadId:str}/refused", opt=page_option(READ_RECORDS))
    async def refused(
        self,
        request: Request[Any, Any, Any],
        console: ConsoleDependency,
        load_id: LoadId,
        refused_format: RefusedFormat = None,
    ) -> ASGIApp:
        async def produce(page: PageRequest, response: ResponseStream) -> None:
            access = page.get_access(lambda services: services.loads)
            await send_refused(access, response, parse_load_id(load_id), parse_format(refused_format or None))

        return Download(PageProvider(console, console.pools.file_slots), request, produce)

    @get_or_head("/{loadId:str}/results", opt=page_option(READ_RECORDS))
    async def results(self, request: Request[Any, Any, Any], console: ConsoleDependency, load_id: LoadId) -> ASGIApp:
        async def produce(page: PageRequest, response: ResponseStream) -> None:
            parsed_id = parse_load_id(load_id)
            headers = [("Content-Disposition", f'attachment; filename="results-{parsed_id}.ndjson"')]
            access = page.get_access(lambda services: services.loads)
            await send_results(access, response, parsed_id, headers=headers)

        return Download(PageProvider(console, console.pools.file_slots), request, produce)


async def _find_load(page: PageRequest, load_id: str) -> Load:
    parsed_id = parse_load_id(load_id)
    return or_404(await page.run(lambda services, user: services.loads.reader.load(parsed_id, user)), NO_LOAD)


def _format_mapping(load: Load) -> str:
    """The beginning of the mapping, for people."""
    text = json.dumps(load.options.mapping, indent=2, ensure_ascii=False)
    return text if len(text) <= _MAX_MAPPING_LENGTH else f"{text[:_MAX_MAPPING_LENGTH]}…"


def _may_cancel(user: User, load: Load) -> bool:
    """As `LoadUploads.cancel` decides."""
    return Role.ADMIN in user.roles or (SUBMIT_LOADS.is_granted(user) and load.sender == user.name)


def _read_content(services: Services, user: User, load: Load) -> _LoadContent:
    """Refused rows are read when the load has ended: a page that refreshes itself would note a read each time."""
    reader = services.loads.reader
    wanted = RecordFilter(load_id=load.id)
    batches = services.search.batches(wanted, user, before=None, limit=_FIRST_BATCHES)
    refused = reader.first_refused(load, user, limit=_FIRST_ROWS) if load.state in FINAL_STATES else None
    return _LoadContent(
        batches,
        None if refused is None else build_refused_rows(refused),
        reader.sees_refused(load, user),
        _find_upload(services, user, load),
    )


def _find_upload(services: Services, user: User, load: Load) -> Load | None:
    if load.sender != user.name or not SUBMIT_LOADS.is_granted(user):
        return None
    if load.parts_of is not None:
        return services.loads.reader.load(load.parts_of, user)
    return load if load.state is LoadState.RECEIVING else None
