"""All customers that use codes which may go, as a file of any size in constant memory."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from typing import Any, Final

from litestar import Controller, Request, post
from litestar.types import ASGIApp

from muster.audit.export import format_csv_lines
from muster.auth.authorization import ADMINISTER
from muster.auth.users import User
from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.records.code_uses import CodeUse, CodeUseSearch
from muster.web.access import Access
from muster.web.console.access import PageProvider, PageRequest, page_option
from muster.web.console.forms import Form, read_form
from muster.web.console.sign_in import ConsoleDependency
from muster.web.download import Download, ResponseStream
from muster.web.problems import Problem

COLUMNS: Final = ("classifier", "code", "businessUnit", "customerExtId")
_HEADERS: Final = (
    ("Content-Type", "text/csv; charset=utf-8"),
    ("Content-Disposition", 'attachment; filename="code-uses.csv"'),
)


class CodeUseHandlers(Controller):
    path = "/code-lists/uses"

    @post("/", opt=page_option(ADMINISTER))
    async def export(self, request: Request[Any, Any, Any], console: ConsoleDependency) -> ASGIApp:
        async def produce(page: PageRequest, response: ResponseStream) -> None:
            wanted = parse_wanted_codes(await read_form(page.request))
            access = page.get_access(lambda services: services.code_uses)
            groups = await access.run(lambda uses, user: uses.export(user, wanted))
            await response.send(_HEADERS, _write(access, groups))

        return Download(PageProvider(console, console.pools.file_slots), request, produce)


def parse_wanted_codes(form: Form) -> Mapping[str, frozenset[str]]:
    """The codes of the fields `codes`: a classifier, a colon and a code each. Raises `Problem`, a 400."""
    wanted: dict[str, set[str]] = {}
    for value in form.get_all_exactly("codes"):
        name, _, code = value.partition(":")
        if name not in CLASSIFIER_NAMES or not code:
            raise Problem(400, "the form has no codes of code lists; open the page and send it again")
        wanted.setdefault(name, set()).add(code)
    if not wanted:
        raise Problem(400, "the form has no codes; open the page and send it again")
    return {name: frozenset(codes) for name, codes in wanted.items()}


async def _write(access: Access[CodeUseSearch], groups: Iterator[Sequence[CodeUse]]) -> AsyncGenerator[bytes, None]:
    def take(_uses: CodeUseSearch, _user: User) -> bytes | None:
        group = next(groups, None)
        return None if group is None else format_csv_lines(map(_to_row, group)).encode(errors="backslashreplace")

    yield format_csv_lines([COLUMNS]).encode()
    while (piece := await access.run(take)) is not None:
        if piece:
            yield piece


def _to_row(use: CodeUse) -> tuple[str, ...]:
    return (*use.code, use.customer.business_unit, use.customer.customer_ext_id)
