"""Codes from a CSV file: the file, a preview of what it changes, and the change."""

import base64
import csv
import io
import zlib
from collections.abc import Sequence
from typing import Final

from litestar import Controller, post

from muster.auth.authorization import ADMINISTER
from muster.auth.code_list_administration import UnconfirmedUnitsError
from muster.auth.users import User
from muster.classifiers.csv_import import HEADER, ClassifierFileError, parse_classifiers
from muster.classifiers.entries import ClassifierEntry, RevisionChangedError
from muster.web.console.access import PageDependency, PageRequest, page_option
from muster.web.console.administration.code_list_view import ChangePreview, build_preview
from muster.web.console.administration.code_lists import (
    CHANGED_MEANWHILE,
    CODE_LISTS_PATH,
    NOT_CONFIRMED,
    parse_revision,
)
from muster.web.console.administration.multipart_form import UNREADABLE_FORM, MultipartForm, read_multipart_form
from muster.web.console.administration.user_form import CONFIRMED
from muster.web.console.forms import Form
from muster.web.console.rendering import HtmlResponse, redirect
from muster.web.console.texts import TranslatableText, text
from muster.web.problems import Problem
from muster.web.routing import get_or_head
from muster.web.services import Services

MAX_FILE_BYTES: Final = 1024 * 1024
_FORM_BYTES: Final = 16 * 1024  # of a form beside its file
# The preview has the codes in a field, compressed, so that no page weighs more than 150 KB. Several thousand codes fit.
MAX_PACKED_LENGTH: Final = 64 * 1024
# Quotes of CSV may double.
_MAX_UNPACKED_BYTES: Final = 2 * MAX_FILE_BYTES
_REPLACE: Final = "yes"
_OPTION: Final = page_option(ADMINISTER)


class CodeListImportHandlers(Controller):
    path = "/code-lists/import"

    @get_or_head("/", opt=_OPTION)
    async def form(self, page: PageDependency) -> HtmlResponse:
        return _render_form(page, Form())

    @post("/", opt=_OPTION)
    async def preview(self, page: PageDependency) -> HtmlResponse:
        """Changes nothing."""
        try:
            sent = await read_multipart_form(page.request, MAX_FILE_BYTES + _FORM_BYTES)
        except Problem as problem:
            if problem.status != 413:
                raise
            return _render_form(page, Form(errors={"file": text("The file is larger than 1 MiB. Divide it.")}))
        content = sent.files.get("file", b"")
        entries = await _parse(page, content, sent.form)
        if entries is not None and len(_pack(entries)) > MAX_PACKED_LENGTH:
            sent.form.errors["file"] = text(
                "The file has more codes than this page can show. Use the command: muster classifier import."
            )
        if entries is None or sent.form.errors:
            return _render_form(page, sent.form)
        return await _render_preview(page, sent.form, entries)

    @post("/apply", opt=_OPTION)
    async def apply(self, page: PageDependency) -> HtmlResponse:
        """Makes the change that was previewed, or shows it again if the lists have changed."""
        sent: MultipartForm = await read_multipart_form(page.request, MAX_PACKED_LENGTH + _FORM_BYTES)
        form = sent.form
        entries = await _parse(page, _unpack(form.get("content")), form)
        if entries is None:
            return _render_form(page, form)
        revision, confirmed = parse_revision(form), form.get("confirmed") == CONFIRMED

        def write(services: Services, user: User) -> None:
            lists = services.administer_code_lists(user)
            lists.write(entries, replace=_replaces(form), confirmed=confirmed, revision=revision)

        try:
            if revision is not None:
                await page.run(write)
                return redirect(f"{CODE_LISTS_PATH}?done=imported")
        except RevisionChangedError:
            form.errors["change"] = CHANGED_MEANWHILE
        except UnconfirmedUnitsError:
            form.errors["confirmed"] = NOT_CONFIRMED
        return await _render_preview(page, form, entries)


async def _parse(page: PageRequest, content: bytes, form: Form) -> Sequence[ClassifierEntry] | None:
    """The codes of a file; None for one with an error."""
    if not content:
        form.errors["file"] = text("Choose a file that is not empty.")
        return None
    try:
        return await page.run(lambda services, user: parse_classifiers(content))
    except ClassifierFileError as error:
        form.errors["file"] = _describe(error)
        return None


def _describe(error: ClassifierFileError) -> TranslatableText:
    if error.line is None:
        return text("%(problem)s", problem=error.problem)
    return text("Line %(line)s: %(problem)s", line=error.line, problem=error.problem)


def _replaces(form: Form) -> bool:
    return form.get("replace") == _REPLACE


def _render_form(page: PageRequest, form: Form) -> HtmlResponse:
    return page.render("code_list_import.html", form=form, header=",".join(HEADER))


async def _render_preview(page: PageRequest, form: Form, entries: Sequence[ClassifierEntry]) -> HtmlResponse:
    def preview(services: Services, user: User) -> ChangePreview:
        change = services.administer_code_lists(user).preview_import(entries, replace=_replaces(form))
        return build_preview(services, user, change)

    return page.render(
        "code_list_import_preview.html",
        form=form,
        preview=await page.run(preview),
        content=_pack(entries),
        count=len(entries),
        lists=sorted({entry.classifier for entry in entries}),
        replace=_replaces(form),
    )


def _pack(entries: Sequence[ClassifierEntry]) -> str:
    """The codes for the field that sends them back."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows((entry.classifier, entry.code, entry.title) for entry in entries)
    return base64.b64encode(zlib.compress(buffer.getvalue().encode())).decode()


def _unpack(packed: str) -> bytes:
    """The codes as CSV. Raises `Problem`, a 400, for what no page of the console sends."""
    try:
        decompressor = zlib.decompressobj()
        content = decompressor.decompress(base64.b64decode(packed, validate=True), _MAX_UNPACKED_BYTES)
        if decompressor.eof:
            return content
    except (ValueError, zlib.error):
        pass
    raise Problem(400, UNREADABLE_FORM)
