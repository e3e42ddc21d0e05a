"""The audit log: its entries as sentences, newest first; the same as a file; the verification of its chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from litestar import Controller, Request, post
from litestar.types import ASGIApp

from muster.audit.chain import ChainBrokenError
from muster.audit.checkpoint import format_checkpoint, parse_checkpoint
from muster.audit.events import Action, AuditEntry, ChainHead, EntryFilter
from muster.audit.reader import VerifiedPart
from muster.audit.sentences import EntryDescription, describe_parts
from muster.auth.authorization import ADMINISTER, READ_AUDIT, READ_CUSTOMERS, READ_RECORDS
from muster.auth.sessions import UserSession
from muster.auth.users import User
from muster.web.audit_export import send_entries
from muster.web.audit_parameters import ActionText, AuditQuery, EntryCursor, Since, Until, parse_start
from muster.web.console.access import PageDependency, PageProvider, PageRequest, page_option
from muster.web.console.administration.user_references import build_reference
from muster.web.console.administration.users import USERS_PATH
from muster.web.console.customers.customer_paths import build_customer_path
from muster.web.console.filters import PAGE_SIZE, PageLinks, get_values, make_filter_form, parse_period
from muster.web.console.forms import Form, read_form
from muster.web.console.rendering import HtmlResponse, redirect
from muster.web.console.sign_in import ConsoleDependency
from muster.web.console.texts import text
from muster.web.download import Download, ResponseStream
from muster.web.problems import Problem
from muster.web.routing import get_or_head
from muster.web.services import Services

AUDIT_PATH: Final = "/console/audit"
_EXPORT_FORMATS: Final = ("csv", "ndjson")
_ACTIONS: Final = tuple(sorted(action.text for action in Action))
# What the form has that may stand in a URL. The others may be names and identifiers of customers.
_URL_FIELDS: Final = frozenset({"since", "until", "action"})
_FIELDS: Final = (*_URL_FIELDS, "actor", "subject")
_OF_CUSTOMERS: Final = frozenset(
    action.text for action in (Action.CUSTOMER_READ, Action.HISTORY_READ, Action.HISTORY_VALUES_READ)
)
_OF_LOADS: Final = frozenset(
    action.text
    for action in (
        Action.LOAD_STARTED,
        Action.LOAD_CANCELLED,
        Action.LOAD_ENDED,
        Action.REFUSED_ROWS_READ,
        Action.FIRST_REFUSED_ROWS_READ,
        Action.LOAD_RESULTS_READ,
    )
)
_OF_USERS: Final = frozenset(
    action.text
    for action in (
        Action.USER_ADDED,
        Action.USER_CHANGED,
        Action.USER_DISABLED,
        Action.USER_ENABLED,
        Action.USER_PASSWORD,
    )
)
_MAX_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class AuditEntryView:
    """An entry, its words, and the path of its subject's page; empty for none that the user may see."""

    entry: AuditEntry
    words: EntryDescription
    path: str


@dataclass(frozen=True, slots=True)
class VerificationView:
    """What was verified from the entry `first` on, in this step and in those before; or the problem that was found."""

    first: int
    part: VerifiedPart | None = None
    problem: str = ""

    @property
    def checkpoint(self) -> str:
        return format_checkpoint(self.part.last) if self.part else ""


class AuditPageHandlers(Controller):
    path = "/audit"

    @get_or_head("/", opt=page_option(READ_AUDIT))
    async def entries(
        self,
        page: PageDependency,
        cursor: EntryCursor = None,
        since: Since = None,
        until: Until = None,
        action: ActionText = None,
    ) -> HtmlResponse:
        return await _render(page, make_filter_form(since=since, until=until, action=action), cursor or "")

    @post("/", opt=page_option(READ_AUDIT))
    async def search(self, page: PageDependency) -> HtmlResponse:
        """A POST, because an actor or a subject never stands in a URL. What has neither gets the page of its URL."""
        form = await read_form(page.request)
        values = get_values(form)
        if values.keys() <= _URL_FIELDS:
            return redirect(PageLinks(AUDIT_PATH, values)())
        return await _render(page, form, form.get("cursor"))

    @post("/export", opt=page_option(READ_AUDIT))
    async def export(self, request: Request[Any, Any, Any], console: ConsoleDependency) -> ASGIApp:
        async def produce(page: PageRequest, response: ResponseStream) -> None:
            form = await read_form(page.request)
            criteria, chosen = _parse_criteria(form), form.get("format")
            if form.errors or chosen not in _EXPORT_FORMATS:
                raise Problem(400, "the selection can't be read; open the page and choose again")
            await send_entries(page.get_access(lambda services: services.audit), response, criteria, chosen)

        return Download(PageProvider(console, console.pools.file_slots), request, produce)

    @get_or_head("/verification", opt=page_option(READ_AUDIT))
    async def verification(self, page: PageDependency) -> HtmlResponse:
        return page.render("audit_verification.html", form=Form(), result=None)

    @post("/verification", opt=page_option(READ_AUDIT))
    async def verify(self, file_page: PageDependency) -> HtmlResponse:
        """Verifies for some seconds, from a checkpoint on: one that the user noted, or that of the step before."""
        form = await read_form(file_page.request)
        given = form.get("checkpoint")
        if given and parse_checkpoint(given) is None:
            form.errors["checkpoint"] = text(
                "A checkpoint is a number, a colon, and 64 digits and letters from a to f."
            )
            return file_page.render("audit_verification.html", form=form, result=None)
        start = parse_start(given or None)
        first = form.get("first")
        is_continued = first.isdecimal() and first.isascii() and len(first) <= _MAX_DIGITS
        result = await file_page.run(lambda services, user: _verify(services, start, int(first) if is_continued else 0))
        return file_page.render("audit_verification.html", form=Form(), result=result)


async def _render(page: PageRequest, form: Form, cursor: str) -> HtmlResponse:
    criteria, below = _parse_criteria(form), AuditQuery(cursor=cursor or None).parse_below()

    def find(services: Services, user: User) -> tuple[Sequence[AuditEntryView], int | None]:
        if form.errors:
            return [], None
        entries, following = services.audit.page(user, criteria, after=0, below=below, limit=PAGE_SIZE)
        return [
            AuditEntryView(entry, describe_parts(entry), _find_path(entry, page.session)) for entry in entries
        ], following

    entries, following = await page.run(find)
    values = {name: form.get_exactly(name) for name in _FIELDS if form.get(name)}
    return page.render(
        "audit.html",
        form=form,
        actions=_ACTIONS,
        entries=entries,
        values=values,
        link=PageLinks(AUDIT_PATH, get_values(form)) if values.keys() <= _URL_FIELDS else None,
        is_first=below is None,
        next=following,
    )


def _parse_criteria(form: Form) -> EntryFilter:
    since, until = parse_period(form)
    action = form.get("action") or None
    if action is not None and action not in _ACTIONS:
        form.errors["action"] = text("Choose one of the actions.")
    # An identifier may begin or end with a blank.
    subject = form.get_exactly("subject") if form.get("subject") else None
    return EntryFilter(since, until, form.get("actor") or None, action, subject)


def _find_path(entry: AuditEntry, session: UserSession) -> str:
    user = session.user
    if not entry.subject:
        return ""
    if entry.action in _OF_USERS and ADMINISTER.is_granted(user):
        return f"{USERS_PATH}/{build_reference(session, entry.subject)}"
    if entry.action in _OF_CUSTOMERS and READ_CUSTOMERS.is_granted(user):
        unit = entry.details.get("businessUnit")
        return build_customer_path(entry.subject, str(unit) if unit else None)
    subject = quote(entry.subject, safe="")
    if entry.action in _OF_LOADS and READ_RECORDS.is_granted(user):
        return f"/console/loads/{subject}"
    if entry.action == Action.RESULTS_READ.text and READ_RECORDS.is_granted(user):
        return f"/console/batches/{subject}"
    return ""


def _verify(services: Services, start: ChainHead, first: int) -> VerificationView:
    """`first` is that of the first step; 0 in the first step."""
    try:
        part = services.audit.verify_part(start)
    except ChainBrokenError as error:
        return VerificationView(first or max(start.number, 1), problem=str(error))
    return VerificationView(min(first or part.first, part.first), part)
