"""Customers: the search by an identifier, the document now or at a moment, its versions, and who read it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Final

from litestar import Controller, Response, post
from litestar.params import QueryParameter

from muster.auth.authorization import READ_AUDIT, READ_CUSTOMERS
from muster.auth.users import User
from muster.records.record_store import Communication
from muster.web.console.access import PageDependency, PageRequest, page_option
from muster.web.console.customers.customer_paths import build_customer_path, parse_ext_id
from muster.web.console.customers.customer_reading import (
    CustomerReference,
    ShownDocument,
    read_document,
    read_entries,
    read_version,
    read_versions,
)
from muster.web.console.customers.reader_view import READ_ACTIONS
from muster.web.console.filters import list_units, make_filter_form
from muster.web.console.forms import Form, read_form
from muster.web.console.rendering import HtmlResponse, redirect
from muster.web.console.texts import text
from muster.web.encoded_paths import DOCUMENT, READERS, VERSIONS
from muster.web.parameters import (
    CustomerExtId,
    VersionCursor,
    bad_parameter,
    format_cursor,
    parse_moment,
    parse_number_cursor,
)
from muster.web.problems import Problem, or_404
from muster.web.routing import get_or_head
from muster.web.search_parameters import CustomerUnit, is_day
from muster.web.services import Services

_NO_CUSTOMER: Final = "there is no such customer in a business unit that you may read"
_NO_VERSION: Final = "this customer has no such version"

AtMoment = Annotated[str | None, QueryParameter(name="at", description="A day, whose end is meant, or a moment.")]
VersionNumber = Annotated[str | None, QueryParameter(name="version", description="The number of a version.")]


class CustomerPageHandlers(Controller):
    """Each page finds the customer's unit first: several units may have a customer with the same identifier."""

    path = "/customers"

    @get_or_head("/", opt=page_option(READ_CUSTOMERS))
    async def form(self, page: PageDependency) -> HtmlResponse:
        return await _render_search(page, Form())

    @post("/", opt=page_option(READ_CUSTOMERS), status_code=200)
    async def search(self, page: PageDependency) -> HtmlResponse:
        """Leads to the page of what was found. A POST, so that identifiers don't stand in a URL."""
        form = await read_form(page.request)
        ext_id, number = form.get("customerExtId"), form.get("communicationNumber")
        if form.get("find") and not ext_id and not number:
            return await _search_either(page, form)
        if bool(ext_id) == bool(number):
            form.errors["customerExtId"] = text("Enter a customer's identifier or a communication number.")
            return await _render_search(page, form)
        if number:
            return await _search_number(page, form)
        unit = form.get("unit") or None

        def find(services: Services, user: User) -> tuple[str, Sequence[str]]:
            for wanted in _get_spellings(form, "customerExtId"):
                if units := services.records.find_units(wanted, unit, user):
                    return wanted, units
            return ext_id, ()

        found, units = await page.run(find)
        if not units:
            return await _render_search(page, form, is_missing=True)
        return redirect(build_customer_path(found, units[0] if len(units) == 1 else None))

    @get_or_head("/{customerExtId:str}", opt=page_option(READ_CUSTOMERS))
    async def document(
        self,
        page: PageDependency,
        customer_ext_id: CustomerExtId,
        unit: CustomerUnit = None,
        at: AtMoment = None,
        version: VersionNumber = None,
    ) -> HtmlResponse:
        form = make_filter_form(at=at)
        number, moment = _parse_version(version), _parse_at(form)
        if number is not None and moment is not None:
            raise Problem(400, "this path takes at or version, not both")
        customer = await _find_customer(page, customer_ext_id, unit, at=at)
        if isinstance(customer, HtmlResponse):
            return customer
        if form.errors:
            return _render_document(page, customer, form)
        shown = await page.run(lambda services, user: read_document(services, user, customer, moment, number))
        if shown is None and moment is None:
            raise Problem(404, _NO_VERSION)
        return _render_document(page, customer, form, shown, moment)

    @get_or_head(f"/{{customerExtId:str}}{VERSIONS}", opt=page_option(READ_CUSTOMERS))
    async def versions(
        self,
        page: PageDependency,
        customer_ext_id: CustomerExtId,
        unit: CustomerUnit = None,
        cursor: VersionCursor = None,
    ) -> HtmlResponse:
        below = parse_number_cursor(cursor or None)
        customer = await _find_customer(page, customer_ext_id, unit, view=VERSIONS)
        if isinstance(customer, HtmlResponse):
            return customer
        read = await page.run(lambda services, user: read_versions(services, user, customer, below))
        versions, following = or_404(read, _NO_VERSION)
        return page.render(
            "customer_versions.html",
            customer=customer,
            versions=versions,
            is_newest=below is None,
            next=format_cursor(following),
            views=_build_views(customer),
        )

    @get_or_head(f"/{{customerExtId:str}}{READERS}", opt=page_option(READ_CUSTOMERS))
    async def readers(
        self,
        page: PageDependency,
        customer_ext_id: CustomerExtId,
        unit: CustomerUnit = None,
        cursor: VersionCursor = None,
    ) -> HtmlResponse:
        below = parse_number_cursor(cursor or None)
        customer = await _find_customer(page, customer_ext_id, unit, view=READERS)
        if isinstance(customer, HtmlResponse):
            return customer
        is_permitted = READ_AUDIT.is_granted(page.user)
        entries, following = (
            await page.run(lambda services, user: read_entries(services, user, customer, below))
            if is_permitted
            else ((), None)
        )
        return page.render(
            "customer_readers.html",
            customer=customer,
            entries=entries,
            is_permitted=is_permitted,
            actions=READ_ACTIONS,
            is_newest=below is None,
            next=format_cursor(following),
            views=_build_views(customer),
        )

    @get_or_head(f"/{{customerExtId:str}}{DOCUMENT}", opt=page_option(READ_CUSTOMERS))
    async def document_file(
        self,
        page: PageDependency,
        customer_ext_id: CustomerExtId,
        unit: CustomerUnit = None,
        version: VersionNumber = None,
    ) -> Response[bytes]:
        """The document as it was accepted, as a file whose name says nothing of the customer."""
        number = _parse_version(version)
        customer = await _find_customer(page, customer_ext_id, unit, view=DOCUMENT)
        if isinstance(customer, HtmlResponse):
            return customer
        read = await page.run(lambda services, user: read_version(services, user, customer, None, number))
        document = or_404(read, _NO_VERSION).document
        headers = {"Content-Disposition": 'attachment; filename="customer.json"'}
        return Response(document, media_type="application/json", headers=headers)


def _parse_at(form: Form) -> datetime | None:
    """The moment; of a day, its last one. What is neither is an error of the field."""
    at = form.get("at")
    try:
        if is_day(at):
            return datetime.combine(date.fromisoformat(at), time.max, UTC)
        return parse_moment(at or None, "at")
    except (ValueError, Problem):
        form.errors["at"] = text("Enter a day, like 2024-05-26, or a moment with its zone, like 2024-05-26T16:49:50Z.")
        return None


def _parse_version(version: str | None) -> int | None:
    try:
        return parse_number_cursor(version or None)
    except Problem:
        raise bad_parameter("version") from None


async def _find_customer(
    page: PageRequest, segment: str, unit: str | None, *, view: str = "", at: str | None = None
) -> CustomerReference | HtmlResponse:
    """The customer, or the page that says that there is none, or that asks which one of several units is meant."""
    ext_id = parse_ext_id(segment)
    unit = unit or None  # a form sends an empty one for all units
    if "\0" in ext_id or "\0" in (unit or ""):  # no identifier has one
        raise Problem(404, _NO_CUSTOMER)
    units = await page.run(lambda services, user: services.records.find_units(ext_id, unit, user))
    if not units:
        return page.render("customer_missing.html", status=404, ext_id=ext_id)
    if len(units) == 1:
        return CustomerReference(ext_id, units[0])
    choices = [(found, build_customer_path(ext_id, found, view=view, at=at)) for found in units]
    return page.render("customer_units.html", ext_id=ext_id, choices=choices)


async def _search_number(page: PageRequest, form: Form) -> HtmlResponse:
    def find(services: Services, user: User) -> tuple[Communication | None, bool]:
        for wanted in _get_spellings(form, "communicationNumber"):
            found = services.records.communication(wanted, user)
            if found is not None:
                return found, bool(services.records.find_units(found.customer_ext_id, found.business_unit, user))
        return None, False

    found, is_readable = await page.run(find)
    if found is None:
        return await _render_search(page, form, is_missing=True)
    if not is_readable:  # the user sent it, to a unit whose customers it may not read
        form.errors["communicationNumber"] = text(
            "This number was accepted, for a customer of a business unit that you may not read."
        )
        return await _render_search(page, form)
    return redirect(build_customer_path(found.customer_ext_id, found.business_unit, version=found.version))


async def _search_either(page: PageRequest, form: Form) -> HtmlResponse:
    """By what the field in the head of each page takes: an identifier, else a communication number."""

    def find(services: Services, user: User) -> str:
        spellings = _get_spellings(form, "find")
        for wanted in spellings:
            if units := services.records.find_units(wanted, None, user):
                return build_customer_path(wanted, units[0] if len(units) == 1 else None)
        for wanted in spellings:
            found = services.records.communication(wanted, user)
            if found and services.records.find_units(found.customer_ext_id, found.business_unit, user):
                return build_customer_path(found.customer_ext_id, found.business_unit, version=found.version)
        return ""

    path = await page.run(find)
    return redirect(path) if path else await _render_search(page, form, is_missing=True)


def _get_spellings(form: Form, name: str) -> Sequence[str]:
    """What was entered without spaces around it, as a copy often has, and with them, as an identifier may have."""
    return tuple(dict.fromkeys((form.get(name), form.get_exactly(name))))


async def _render_search(page: PageRequest, form: Form, *, is_missing: bool = False) -> HtmlResponse:
    units = await page.run(lambda services, user: list_units(services, user))
    choices = [(unit, unit) for unit in units]
    return page.render("customers.html", form=form, units=choices, is_missing=is_missing)


def _render_document(
    page: PageRequest,
    customer: CustomerReference,
    form: Form,
    shown: ShownDocument | None = None,
    moment: datetime | None = None,
) -> HtmlResponse:
    """Without a document, the page says why: the form has an error, or there was no version at the moment."""
    version = shown.version.version if shown else None
    file_path = build_customer_path(customer.ext_id, customer.unit, view=DOCUMENT, version=version)
    views = _build_views(customer)
    return page.render(
        "customer.html", customer=customer, form=form, shown=shown, moment=moment, views=views, file_path=file_path
    )


def _build_views(customer: CustomerReference) -> dict[str, str]:
    """The paths of the customer's pages."""
    views = {"document": "", "versions": VERSIONS, "readers": READERS}
    return {name: build_customer_path(customer.ext_id, customer.unit, view=view) for name, view in views.items()}
