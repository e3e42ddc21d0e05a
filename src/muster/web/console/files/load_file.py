"""Loading a file: choose it, see its customers, map its columns, try it, and load it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

from litestar import Controller, post
from litestar.params import QueryParameter

from muster.auth.authorization import SUBMIT_LOADS
from muster.auth.users import User
from muster.loads.formats.text_encoding import LIKELY_ENCODINGS, UnknownEncodingError
from muster.loads.load_store import Load, LoadListFilter, LoadState
from muster.loads.read_deadline import ReadTimeoutError
from muster.loads.rows import InvalidFileError, SheetChoiceError
from muster.loads.uploads import TooManyLoadsError, UnsupportedEncodingError
from muster.web.console.access import PageDependency, PageRequest, page_option
from muster.web.console.files.field_choices import list_field_choices
from muster.web.console.files.load_file_options import LoadChoice, read_load_choice
from muster.web.console.files.load_file_upload import receive_upload
from muster.web.console.files.load_file_view import (
    FileView,
    ShownCustomers,
    get_own_upload,
    list_codes,
    read_view,
    show_customers,
)
from muster.web.console.forms import Form, read_form
from muster.web.console.rendering import HtmlResponse, redirect
from muster.web.console.texts import text
from muster.web.load_parameters import NO_LOAD, LoadId, parse_load_id
from muster.web.loads import Timeouts
from muster.web.problems import Problem, or_404
from muster.web.routing import get_or_head
from muster.web.services import Services

LOAD_FILE_PATH: Final = "/console/load-file"
LOADS_PATH: Final = "/console/loads"
_MAX_SHEETS: Final = 200
_ENCODINGS: Final = ("utf-8", *LIKELY_ENCODINGS, "utf-16-le", "utf-16-be")

# A page of so many columns stays below 150 KB.
_COLUMNS_PER_PAGE: Final = 60
_SHOW_COLUMNS: Final = "columns-"  # the action that leads to the columns from an index on

Ask = Annotated[str | None, QueryParameter(name="ask", schema_extra={"enum": ["encoding", "sheet"]})]
ColumnStart = Annotated[str | None, QueryParameter(name="columns", schema_extra={"pattern": "^[0-9]{1,3}$"})]
UsedMapping = Annotated[str | None, QueryParameter(name="mapping")]


class LoadFileHandlers(Controller):
    """What is not the user's own upload is a 404 or a 403, as for the API."""

    path = "/load-file"

    @get_or_head("/", opt=page_option(SUBMIT_LOADS))
    async def choose(self, page: PageDependency) -> HtmlResponse:
        return await _render_start(page, Form())

    @post("/", opt=page_option(SUBMIT_LOADS))
    async def upload(self, file_page: PageDependency, body_timeouts: Timeouts) -> HtmlResponse:
        form = Form()
        try:
            load = await receive_upload(file_page, body_timeouts)
        except TooManyLoadsError as error:
            form.errors["file"] = text(
                "%(limit)s of your loads have not ended. Wait for one, or discard an upload below.", limit=error.limit
            )
            return await _render_start(file_page, form)
        if load is None:
            form.errors["file"] = text("Choose a file that is not empty.")
            return await _render_start(file_page, form)
        return redirect(f"{LOAD_FILE_PATH}/{load.id}")

    @get_or_head("/{loadId:str}", opt=page_option(SUBMIT_LOADS))
    async def show(
        self,
        file_page: PageDependency,
        load_id: LoadId,
        ask: Ask = None,
        columns: ColumnStart = None,
        mapping: UsedMapping = None,
    ) -> HtmlResponse:
        start = _parse_index(columns or "0")
        load = await find_upload(file_page, load_id)
        if load.state is not LoadState.RECEIVING:
            return redirect(f"{LOADS_PATH}/{load.id}")
        try:
            if ask == "encoding":
                error = await file_page.run(lambda services, user: services.loads.preview.find_undecodable_lines(load))
                return _render_encoding(file_page, load, Form(), error)
            if ask == "sheet":
                load = replace(load, options=replace(load.options, sheet=None, mapping=None))
            view = await file_page.run(lambda services, user: read_view(services, load, use=mapping))
        except InvalidFileError as error:
            return _render_unreadable(file_page, load, error)
        return await _render_view(file_page, view, LoadChoice.from_options(load.options), Form(), start)

    @post("/{loadId:str}", opt=page_option(SUBMIT_LOADS))
    async def change(self, file_page: PageDependency, load_id: LoadId) -> HtmlResponse:
        """Takes the mapping and the options; `action` says whether to show the customers, or to try the file."""
        form = await read_form(file_page.request)
        load = await find_upload(file_page, load_id)
        if load.state is not LoadState.RECEIVING:
            return redirect(f"{LOADS_PATH}/{load.id}")
        try:
            view = await file_page.run(lambda services, user: read_view(services, load))
        except InvalidFileError as error:
            return _render_unreadable(file_page, load, error)
        view, choice = await file_page.run(lambda services, user: read_load_choice(services, user, view, form))
        if form.errors:
            return await _render_view(file_page, view, choice, form, _parse_index(form.get("columns") or "0"))
        return redirect(await file_page.run(lambda services, user: _apply(services, user, load, choice, form)))

    @post("/{loadId:str}/encoding", opt=page_option(SUBMIT_LOADS))
    async def choose_encoding(self, file_page: PageDependency, load_id: LoadId) -> HtmlResponse:
        form = await read_form(file_page.request)
        load = await find_upload(file_page, load_id)
        # Names of columns may read otherwise, so what was chosen for them is guessed anew.
        encoding = form.get("other-encoding") or form.get("encoding") or None
        options = replace(load.options, encoding=encoding, mapping=None)
        try:
            await file_page.run(lambda services, user: services.loads.uploads.configure(load.id, options, user))
        except UnsupportedEncodingError:
            form.errors["other-encoding"] = text("No encoding of text has this name; choose one such as cp1257.")
            error = await file_page.run(lambda services, user: services.loads.preview.find_undecodable_lines(load))
            return _render_encoding(file_page, load, form, error)
        return redirect(f"{LOAD_FILE_PATH}/{load.id}")

    @post("/{loadId:str}/sheet", opt=page_option(SUBMIT_LOADS))
    async def choose_sheet(self, page: PageDependency, load_id: LoadId) -> HtmlResponse:
        form = await read_form(page.request)
        load = await find_upload(page, load_id)
        # Another sheet has other columns.
        options = replace(load.options, sheet=form.get_exactly("sheet") or None, mapping=None)
        await page.run(lambda services, user: services.loads.uploads.configure(load.id, options, user))
        return redirect(f"{LOAD_FILE_PATH}/{load.id}")

    @post("/{loadId:str}/load", opt=page_option(SUBMIT_LOADS))
    async def load(self, page: PageDependency, load_id: LoadId) -> HtmlResponse:
        """Loads the file of this dry run, with its options."""
        parsed_id = parse_load_id(load_id)
        started = await page.run(lambda services, user: services.loads.uploads.start_judged(parsed_id, user))
        return redirect(f"{LOADS_PATH}/{or_404(started, NO_LOAD).id}")

    @post("/{loadId:str}/discard", opt=page_option(SUBMIT_LOADS))
    async def discard(self, page: PageDependency, load_id: LoadId) -> HtmlResponse:
        load = await find_upload(page, load_id)
        if load.state is not LoadState.RECEIVING:  # it was started in another tab
            return redirect(f"{LOADS_PATH}/{load.id}")
        await page.run(lambda services, user: services.loads.uploads.cancel(load.id, user))
        return redirect(LOAD_FILE_PATH)


async def find_upload(page: PageRequest, load_id: str) -> Load:
    """The user's own load. Raises `Problem`, a 404, and `NotSenderError`."""
    parsed_id = parse_load_id(load_id)
    return or_404(await page.run(lambda services, user: get_own_upload(services, user, parsed_id)), NO_LOAD)


def _apply(services: Services, user: User, load: Load, choice: LoadChoice, form: Form) -> str:
    """Keeps what was chosen, and gives the path of the page that follows."""
    uploads = services.loads.uploads
    uploads.configure(load.id, choice.to_options(load.options), user)
    action = form.get("action")
    match action:
        case "check":
            dry_run = or_404(uploads.start_dry_run(load.id, user), NO_LOAD)
            return f"{LOADS_PATH}/{dry_run.id}"
        case "toml":
            return f"{LOAD_FILE_PATH}/{load.id}/mapping"
    if action.startswith(_SHOW_COLUMNS):
        return f"{LOAD_FILE_PATH}/{load.id}?columns={_parse_index(action.removeprefix(_SHOW_COLUMNS))}#columns"
    return f"{LOAD_FILE_PATH}/{load.id}#customers"


def _parse_index(value: str) -> int:
    """The index of a column. Raises `Problem`, a 400."""
    if not (value.isascii() and value.isdecimal() and len(value) <= 3):
        raise Problem(400, "columns takes the index of a column")
    return int(value)


async def _render_start(page: PageRequest, form: Form) -> HtmlResponse:
    def find(services: Services, user: User) -> tuple[Sequence[Load], int]:
        limits = services.loads.uploads.limits
        wanted = LoadListFilter(sender=user.name, state=LoadState.RECEIVING)
        return services.loads.reader.loads(user, wanted, before=None, limit=limits.max_open).items, limits.max_bytes

    waiting, max_bytes = await page.run(find)
    return page.render("load_file.html", form=form, waiting=waiting, max_bytes=max_bytes)


def _render_unreadable(page: PageRequest, load: Load, error: InvalidFileError) -> HtmlResponse:
    if isinstance(error, SheetChoiceError):
        return page.render("load_file_sheet.html", load=load, sheets=error.sheets[:_MAX_SHEETS])
    if isinstance(error, UnknownEncodingError):
        return _render_encoding(page, load, Form(), error)
    return page.render(
        "load_file_unreadable.html", load=load, problem=str(error), is_slow=isinstance(error, ReadTimeoutError)
    )


def _render_encoding(page: PageRequest, load: Load, form: Form, error: UnknownEncodingError | None) -> HtmlResponse:
    samples = error.samples if error is not None else ()
    return page.render("load_file_encoding.html", load=load, form=form, samples=samples, encodings=_ENCODINGS)


async def _render_view(
    page: PageRequest, view: FileView, choice: LoadChoice, form: Form, start: int = 0
) -> HtmlResponse:
    """The page with some of the columns, from the one with the index `start` on."""
    customers = ShownCustomers()
    problems: Sequence[str] = ()
    if not form.errors:
        mapping = choice.mapping(view)
        customers, problems = await page.run(lambda services, user: show_customers(services, view, mapping))
    codes = await page.run(lambda services, user: list_codes(services, view.form))
    return page.render(
        "load_file_columns.html",
        form=form,
        load=view.load,
        view=view,
        choice=choice,
        customers=customers,
        problems=problems,
        codes=codes,
        fields=list_field_choices() if view.form is not None else (),
        start=start // _COLUMNS_PER_PAGE * _COLUMNS_PER_PAGE,
        page_size=_COLUMNS_PER_PAGE,
    )
