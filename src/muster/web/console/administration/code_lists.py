"""Code lists: all of them, the codes of one, and changes of single codes."""

from typing import Annotated, Final

from litestar import Controller, post
from litestar.params import PathParameter, QueryParameter

from muster.auth.authorization import ADMINISTER
from muster.auth.code_list_administration import LastUnitError, NotOwnCodeError, UnconfirmedUnitsError
from muster.auth.users import User
from muster.classifiers.csv_import import InvalidEntryError, make_entry
from muster.classifiers.entries import ClassifierEntry, RevisionChangedError
from muster.classifiers.iso import ISO_CLASSIFIERS
from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.web.console.access import PageDependency, PageRequest, page_option
from muster.web.console.administration.code_list_view import (
    ChangePreview,
    build_preview,
    find_own_code,
    list_codes,
    list_summaries,
)
from muster.web.console.administration.user_form import CONFIRMED
from muster.web.console.filters import PageLinks
from muster.web.console.forms import Form, read_form
from muster.web.console.rendering import HtmlResponse, redirect
from muster.web.console.texts import text
from muster.web.parameters import IndexCursor, bad_choice, format_cursor, parse_number_cursor
from muster.web.problems import Problem, or_404
from muster.web.routing import get_or_head
from muster.web.services import Services

CODE_LISTS_PATH: Final = "/console/code-lists"
CODES_PER_PAGE: Final = 200
DONE: Final = ("added", "retitled", "removed", "imported")
CHANGED_MEANWHILE: Final = text(
    "Somebody changed the code lists meanwhile. Look at the change again before you make it."
)
NOT_CONFIRMED: Final = text("Confirm what users gain or lose.")
_NO_LIST: Final = "there is no code list of this name"
_NO_CODE: Final = "the installation has no such code in this list"

ListName = Annotated[str, PathParameter(name="name")]
DoneChange = Annotated[str | None, QueryParameter(name="done", schema_extra={"enum": list(DONE)})]
SearchText = Annotated[str | None, QueryParameter(name="search")]
EntryCode = Annotated[str | None, QueryParameter(name="entry")]
_OPTION: Final = page_option(ADMINISTER)


class CodeListPageHandlers(Controller):
    path = "/code-lists"

    @get_or_head("/", opt=page_option(None))
    async def lists(self, page: PageDependency, done: DoneChange = None) -> HtmlResponse:
        _check_done(done)
        summaries = await page.run(list_summaries)
        return page.render(
            "code_lists.html", summaries=summaries, may_change=ADMINISTER.is_granted(page.user), done=done
        )

    @get_or_head("/{name:str}", opt=page_option(None))
    async def codes(
        self,
        page: PageDependency,
        name: ListName,
        search: SearchText = None,
        cursor: IndexCursor = None,
        done: DoneChange = None,
    ) -> HtmlResponse:
        check_list(name)
        _check_done(done)
        start = parse_number_cursor(cursor or None) or 0
        part = (search or "").strip()
        rows = await page.run(lambda services, user: list_codes(services, user, name, part))
        following = start + CODES_PER_PAGE
        return page.render(
            "code_list.html",
            name=name,
            form=Form({"search": [part]}),
            rows=rows[start:following],
            count=len(rows),
            start=start,
            next=format_cursor(following) if following < len(rows) else None,
            link=PageLinks(f"{CODE_LISTS_PATH}/{name}", {"search": part}),
            is_iso=name in ISO_CLASSIFIERS,
            may_change=ADMINISTER.is_granted(page.user),
            done=done,
        )

    @get_or_head("/{name:str}/add", opt=_OPTION)
    async def ask_to_add(self, page: PageDependency, name: ListName) -> HtmlResponse:
        check_list(name)
        return _render_entry(page, name, Form(), is_new=True)

    @post("/{name:str}/add", opt=_OPTION)
    async def add(self, page: PageDependency, name: ListName) -> HtmlResponse:
        check_list(name)
        form = await read_form(page.request)
        code = form.get("code")
        revision, existing = await page.run(lambda services, user: find_own_code(services, user, name, code))
        if existing is not None:
            form.errors["code"] = text("The list has this code already. Change its title in the list.")
        return await _write(page, name, form, revision, is_new=True)

    @get_or_head("/{name:str}/edit", opt=_OPTION)
    async def ask_to_change(self, page: PageDependency, name: ListName, entry: EntryCode = None) -> HtmlResponse:
        check_list(name)
        _, found = await page.run(lambda services, user: find_own_code(services, user, name, entry or ""))
        existing = or_404(found, _NO_CODE)
        return _render_entry(page, name, Form({"code": [existing.code], "title": [existing.title]}), is_new=False)

    @post("/{name:str}/edit", opt=_OPTION)
    async def change(self, page: PageDependency, name: ListName) -> HtmlResponse:
        check_list(name)
        form = await read_form(page.request)
        code = form.get_exactly("code")
        revision, found = await page.run(lambda services, user: find_own_code(services, user, name, code))
        or_404(found, _NO_CODE)
        return await _write(page, name, form, revision, is_new=False)

    @post("/{name:str}/remove", opt=_OPTION)
    async def remove(self, page: PageDependency, name: ListName) -> HtmlResponse:
        """The preview; with its revision, the change."""
        check_list(name)
        form = await read_form(page.request)
        codes = list(dict.fromkeys(form.get_all_exactly("codes")))
        if not codes:
            return redirect(f"{CODE_LISTS_PATH}/{name}")
        revision, confirmed = parse_revision(form), form.get("confirmed") == CONFIRMED

        def make_change(services: Services, user: User) -> None:
            lists = services.administer_code_lists(user)
            lists.remove(name, codes, confirmed=confirmed, revision=revision)

        def preview(services: Services, user: User) -> ChangePreview:
            change = services.administer_code_lists(user).preview_removal(name, codes)
            return build_preview(services, user, change)

        try:
            if revision is not None:
                try:
                    await page.run(make_change)
                    return redirect(f"{CODE_LISTS_PATH}/{name}?done=removed")
                except RevisionChangedError:
                    form.errors["change"] = CHANGED_MEANWHILE
                except UnconfirmedUnitsError:
                    form.errors["confirmed"] = NOT_CONFIRMED
            found = await page.run(preview)
        except NotOwnCodeError:
            raise Problem(404, _NO_CODE) from None
        except LastUnitError:
            return page.render("code_list_last_unit.html", name=name)
        return page.render("code_list_remove.html", name=name, form=form, chosen=codes, preview=found)


def check_list(name: str) -> None:
    """Raises `Problem`, a 404."""
    if name not in CLASSIFIER_NAMES:
        raise Problem(404, _NO_LIST)


def parse_revision(form: Form) -> int | None:
    """The revision that was previewed; None for a form that was not."""
    value = form.get("revision")
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 9 else None


def _check_done(done: str | None) -> None:
    if done and done not in DONE:
        raise bad_choice("done", DONE)


async def _write(page: PageRequest, name: str, form: Form, revision: int, *, is_new: bool) -> HtmlResponse:
    """Adds a code or changes a title, and shows the list; or shows the form with what is wrong."""
    code = form.get("code") if is_new else form.get_exactly("code")
    entry = None if form.errors else _parse_entry(name, code, form)
    if entry is not None:
        confirmed = form.get("confirmed") == CONFIRMED

        def write(services: Services, user: User) -> None:
            services.administer_code_lists(user).write([entry], confirmed=confirmed, revision=revision)

        try:
            await page.run(write)
            return redirect(f"{CODE_LISTS_PATH}/{name}?done={'added' if is_new else 'retitled'}")
        except RevisionChangedError:
            form.errors["code"] = text("Somebody changed the code lists at the same time. Send the form again.")
        except UnconfirmedUnitsError as error:
            form.errors["confirmed"] = NOT_CONFIRMED
            return _render_entry(page, name, form, is_new=is_new, error=error)
    return _render_entry(page, name, form, is_new=is_new)


def _parse_entry(name: str, code: str, form: Form) -> ClassifierEntry | None:
    try:
        if not form.get("title"):
            form.errors["title"] = text("Enter what the code means.")
            return None
        return make_entry(name, code, form.get("title"))
    except InvalidEntryError as error:
        field = "title" if str(error).startswith("the title") else "code"
        form.errors[field] = text("%(problem)s", problem=str(error))
        return None


def _render_entry(
    page: PageRequest, name: str, form: Form, *, is_new: bool, error: UnconfirmedUnitsError | None = None
) -> HtmlResponse:
    return page.render(
        "code_list_entry.html", name=name, form=form, is_new=is_new, units=error.changes if error else ()
    )
