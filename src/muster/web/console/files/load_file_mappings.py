"""Mappings of files as TOML, and those that are saved."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from litestar import Controller, post

from muster.auth.authorization import SUBMIT_LOADS
from muster.auth.users import User
from muster.loads.load_store import Load, LoadState
from muster.loads.mapping import InvalidMappingError, parse_mapping
from muster.loads.mapping.mapping_toml import format_mapping
from muster.loads.rows import InvalidFileError
from muster.web.console.access import PageDependency, PageRequest, page_option
from muster.web.console.files.load_file import LOAD_FILE_PATH, LOADS_PATH, find_upload
from muster.web.console.files.load_file_view import read_view, show_customers
from muster.web.console.forms import Form, read_form
from muster.web.console.rendering import HtmlResponse, redirect
from muster.web.console.texts import text
from muster.web.load_parameters import LoadId
from muster.web.routing import get_or_head
from muster.web.services import Services

MAPPINGS_PATH = f"{LOAD_FILE_PATH}/mappings"


class LoadFileMappingHandlers(Controller):
    path = "/load-file"

    @get_or_head("/{loadId:str}/mapping", opt=page_option(SUBMIT_LOADS))
    async def edit(self, file_page: PageDependency, load_id: LoadId) -> HtmlResponse:
        load = await find_upload(file_page, load_id)
        if load.state is not LoadState.RECEIVING:
            return redirect(f"{LOADS_PATH}/{load.id}")
        try:
            view = await file_page.run(lambda services, user: read_view(services, load))
        except InvalidFileError:
            return redirect(f"{LOAD_FILE_PATH}/{load.id}")
        return _render(file_page, load, Form(), format_mapping(view.mapping))

    @post("/{loadId:str}/mapping", opt=page_option(SUBMIT_LOADS))
    async def change(self, file_page: PageDependency, load_id: LoadId) -> HtmlResponse:
        form = await read_form(file_page.request)
        load = await find_upload(file_page, load_id)
        toml = form.get_exactly("toml")
        try:
            mapping = parse_mapping(toml)
            problems = await file_page.run(lambda services, user: _use(services, user, load, mapping))
        except (InvalidMappingError, InvalidFileError) as error:
            problems = str(error)
        if problems:
            form.errors["toml"] = text("%(problems)s", problems=problems)
            return _render(file_page, load, form, toml)
        return redirect(f"{LOAD_FILE_PATH}/{load.id}")

    @get_or_head("/mappings", opt=page_option(SUBMIT_LOADS))
    async def saved(self, page: PageDependency) -> HtmlResponse:
        found = await page.run(lambda services, user: services.loads.mappings.list())
        return page.render("load_file_mappings.html", saved=found)

    @post("/mappings/delete", opt=page_option(SUBMIT_LOADS))
    async def delete(self, page: PageDependency) -> HtmlResponse:
        form = await read_form(page.request)
        await page.run(lambda services, user: services.loads.mappings.delete(form.get_exactly("name"), user))
        return redirect(MAPPINGS_PATH)


def _use(services: Services, user: User, load: Load, mapping: Mapping[str, Any]) -> str:
    """Keeps a mapping that fits the file. Gives what is wrong with another one."""
    view = read_view(services, replace(load, options=replace(load.options, mapping={})))
    _, problems = show_customers(services, view, mapping)
    if not problems:
        services.loads.uploads.configure(load.id, replace(load.options, mapping=mapping), user)
    return "; ".join(problems)


def _render(page: PageRequest, load: Load, form: Form, toml: str) -> HtmlResponse:
    return page.render("load_file_mapping.html", load=load, form=form, toml=toml)
