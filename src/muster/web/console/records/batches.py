"""Saved batches: the list of them, and one batch with its customers, the refused ones first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller
from litestar.params import QueryParameter

from muster.auth.authorization import READ_CUSTOMERS, READ_RECORDS
from muster.auth.users import User
from muster.records.paging import Page as RecordPage
from muster.records.record_filter import RecordFilter, Rejection, RejectionKey
from muster.records.record_store import BatchSummary
from muster.web.console.access import PageDependency, PageRequest, page_option
from muster.web.console.customers.customer_paths import build_customer_path
from muster.web.console.filters import (
    PAGE_SIZE,
    PageLinks,
    get_values,
    list_units,
    make_filter_form,
    parse_record_filter,
)
from muster.web.console.records.rejection_view import RefusedCustomer, build_refused_customer
from muster.web.console.rendering import HtmlResponse
from muster.web.parameters import (
    BatchCursor,
    BatchId,
    IndexCursor,
    bad_choice,
    format_cursor,
    parse_batch_cursor,
    parse_number_cursor,
    parse_uuid,
)
from muster.web.problems import or_404
from muster.web.routing import get_or_head
from muster.web.search_parameters import CustomerUnit, ErrorCode, LoadFilter, SenderName, Since, Until
from muster.web.services import Services

BATCHES_PATH: Final = "/console/batches"
_VIEWS: Final = ("refused", "accepted")
_NO_BATCH: Final = "there is no batch with this id, or none that you may see"

CustomerView = Annotated[str | None, QueryParameter(name="show", schema_extra={"enum": list(_VIEWS)})]


class AcceptedResultView(msgspec.Struct, rename="camel"):
    """What a page shows of an accepted customer's result."""

    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    warnings: list[Mapping[str, Any]] = []


_decode_accepted: Final = msgspec.json.Decoder(AcceptedResultView).decode


@dataclass(frozen=True, slots=True)
class _BatchContent:
    """One page of a batch's customers: refused ones, or accepted ones with their indexes and the paths of their pages.

    `accepted` is None when the results are no longer stored. A path is empty for a user who may not see the page.
    """

    refused: Sequence[RefusedCustomer] = ()
    accepted: Sequence[tuple[int, AcceptedResultView, str]] | None = ()
    next: int | None = None

    @property
    def has_warnings(self) -> bool:
        """Results have warnings only when the sender asked for details."""
        return any(customer.warnings for _, customer, _ in self.accepted or ())


class BatchPageHandlers(Controller):
    path = "/batches"

    @get_or_head("/", opt=page_option(READ_RECORDS))
    async def batches(
        self,
        page: PageDependency,
        cursor: BatchCursor = None,
        since: Since = None,
        until: Until = None,
        sender: SenderName = None,
        code: ErrorCode = None,
        unit: CustomerUnit = None,
        load: LoadFilter = None,
    ) -> HtmlResponse:
        form = make_filter_form(since=since, until=until, sender=sender, code=code, unit=unit, load=load)
        wanted, before = parse_record_filter(form), parse_batch_cursor(cursor or None)

        def find(services: Services, user: User) -> tuple[Sequence[str], RecordPage[BatchSummary, UUID]]:
            found: RecordPage[BatchSummary, UUID] = RecordPage([], None)
            if not form.errors:
                found = services.search.batches(wanted, user, before=before, limit=PAGE_SIZE)
            return list_units(services, user), found

        units, found = await page.run(find)
        return page.render(
            "batches.html",
            form=form,
            units=units,
            batches=found.items,
            link=PageLinks(BATCHES_PATH, get_values(form)),
            is_first=before is None,
            next=format_cursor(found.next),
        )

    @get_or_head("/{batchId:str}", opt=page_option(READ_RECORDS))
    async def batch(
        self, page: PageDependency, batch_id: BatchId, show: CustomerView = None, cursor: IndexCursor = None
    ) -> HtmlResponse:
        parsed_id, start = or_404(parse_uuid(batch_id), _NO_BATCH), parse_number_cursor(cursor or None) or 0
        if show and show not in _VIEWS:
            raise bad_choice("show", _VIEWS)
        batch = or_404(await page.run(lambda services, user: services.records.batch(parsed_id, user)), _NO_BATCH)
        view = show or ("refused" if batch.rejected else "accepted")
        read = _read_refused if view == "refused" else _read_accepted
        content = await page.run(lambda services, user: read(services, user, batch, start))
        return _render_batch(page, batch, view, content, start)


def _render_batch(
    page: PageRequest, batch: BatchSummary, view: str, content: _BatchContent, start: int
) -> HtmlResponse:
    return page.render(
        "batch.html",
        batch=batch,
        view=view,
        content=content,
        link=PageLinks(f"{BATCHES_PATH}/{batch.id}", {"show": view}),
        start=start,
        next=format_cursor(content.next),
    )


def _read_refused(services: Services, user: User, batch: BatchSummary, start: int) -> _BatchContent:
    """Refused customers from the index `start`, with the texts of the stored response where it has them."""
    after = RejectionKey(batch.id, start - 1) if start else None
    found = services.search.rejections(RecordFilter(batch_id=batch.id), user, after=after, limit=PAGE_SIZE)
    indexes = [rejection.key.position for rejection in found.items]
    results = services.records.find_results_at(batch.id, user, indexes)
    refused = [_build_refused(rejection, results) for rejection in found.items]
    return _BatchContent(refused=refused, next=found.next.position + 1 if found.next else None)


def _build_refused(rejection: Rejection, results: Mapping[int, msgspec.Raw]) -> RefusedCustomer:
    return build_refused_customer(rejection, results.get(rejection.key.position))


def _read_accepted(services: Services, user: User, batch: BatchSummary, start: int) -> _BatchContent:
    found = services.records.accepted_results(batch.id, user, start=start, limit=PAGE_SIZE)
    if found is None:
        return _BatchContent(accepted=None)
    sees_customers = READ_CUSTOMERS.is_granted(user)
    accepted = []
    for index, result in found.items:
        customer = _decode_accepted(result)
        path = build_customer_path(customer.customer_ext_id or "", customer.business_unit) if sees_customers else ""
        accepted.append((index, customer, path))
    return _BatchContent(accepted=accepted, next=found.next)
