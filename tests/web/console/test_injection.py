"""What looks like code, wherever people and programs can enter it, is shown as text: whole, and as nothing else."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import quote, urlsplit

import pytest

from muster.auth.passwords import is_valid_name
from muster.auth.users import Role, User
from muster.classifiers.csv_import import InvalidEntryError, make_entry
from tests.samples import individual
from tests.web.console.all_routes import SampleRecords, add_sample_records, list_routes
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.crawler import HOME, crawl
from tests.web.console.pages import ConsolePage, PageForm
from tests.web.console.record_samples import create_load, refused, send_batch, send_file
from tests.web.console.uploads import to_csv, upload

LONG: Final = "x<u>" * 2_500
CORPUS: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea></title></option><svg/onload=alert(1)>",
    "<!--<a href=javascript:alert(1)>",
    "javascript:alert(1)//",
    "&lt;script&gt;&#60;b&#62;",
    "{{7*7}}{% raw %}%(count)s%s",
    "=cmd|'/c calc'!A1",
    "\u202egnp.exe\u2066",
    "\u05e9\u05dc\u05d5\u05dd abc",
    "../../etc/passwd?a=b#c",
    "Robert'); DROP TABLE batches;--",
)
# Values that most fields refuse; where they don't, the pages must hold.
REFUSED_CORPUS: Final = ("\x1b[31mred\x07", "a\0b", "a\r\nSet-Cookie: a=b", "\ud800 half", LONG)
_ALL: Final = (*CORPUS, *REFUSED_CORPUS)
# The ids of records, and references to users.
_ID: Final = re.compile("[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{24}")
_PAGES_PER_ROUTE: Final = 25
_USUAL_PAGES_PER_ROUTE: Final = 4  # all of them have the same elements
_ROWS: Final = 10
_FORMS_TO_LEAVE: Final = ("/console/sign-out", "/console/sessions/end")


def read_names(page: ConsolePage) -> set[str]:
    """The names of elements and attributes."""
    return {tag for tag, _ in page.tags} | {f"{tag} {name}" for tag, attributes in page.tags for name in attributes}


def is_html(page: ConsolePage) -> bool:
    return str(page.response.headers.get("content-type", "")).startswith("text/html")


def list_dangers(page: ConsolePage) -> Iterator[str]:
    """What no template of the console has."""
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "srcdoc"):
                yield f"{tag} {name}"
            if name in ("href", "src", "action", "formaction"):
                parts = urlsplit(value or "")
                if parts.scheme or parts.netloc or not (value or "#").startswith(("/", "#", "?")):
                    yield f"{tag} {name}={value}"
        if tag in ("img", "iframe", "object", "embed", "base", "u") or (tag == "script" and "src" not in attributes):
            yield tag


def add_records(console: ConsoleBrowser, sender: User, ext_id: str, value: str) -> None:
    """The value as whatever a sender, an operator or a browser can name."""
    store, hostile = console.store, sender
    if is_valid_name(value):
        hostile = User(value, Role.SUBMIT, ("NORTH",))
        store.users.add_user(hostile)
        console.resume(hostile, value)
    with suppress(InvalidEntryError, UnicodeEncodeError):
        store.classifiers.write([make_entry("serviceType", value[:90], value[:200])], replace=False)
    ids = {"customerExtId": ext_id, "communicationNumber": f"number of {ext_id}", "businessUnit": "NORTH"}
    send_batch(console, hostile, individual(**ids, firstName=value, lastName=f"{value} last"))
    send_batch(console, hostile, refused(customerExtId=f"{value} id", communicationNumber=f"{value} number"))
    create_load(console, hostile.name, make_file_name(value))


def add_cells(console: ConsoleBrowser, sender: User, *values: str) -> None:
    """Refused rows of files. A page shows the first ones of a file."""
    for first in range(0, len(values), _ROWS):
        cells = (value.replace('"', '""') for value in values[first : first + _ROWS])
        rows = "".join(f'in-a-file;"{cell} cell"\n' for cell in cells)
        send_file(console, sender, f"customerExtId;firstName\n{rows}".encode(errors="backslashreplace"))


def make_file_name(value: str) -> str:
    """Names of files have no slash, and those that the service takes no control characters."""
    return f"{value} file".replace("/", "\N{FRACTION SLASH}") if value in CORPUS else "other"


@pytest.fixture(scope="module")
def records(console: ConsoleBrowser) -> SampleRecords:
    return add_sample_records(console)


@pytest.fixture(scope="module")
def usual_names(console: ConsoleBrowser, records: SampleRecords) -> set[str]:
    """The elements of pages about as many harmless records."""
    for number in range(len(_ALL)):
        add_records(console, records.sender, f"usual-{number}", f"harmless {number}")
    add_cells(console, records.sender, *map(str, range(len(_ALL))))
    pages = list(walk(console, "usual", "Colour", pages_per_route=_USUAL_PAGES_PER_ROUTE))
    pages += [submit(console, form, "harmless") for form in list_forms(pages)]
    return set().union(*map(read_names, pages))


@pytest.fixture(scope="module")
def pages(console: ConsoleBrowser, records: SampleRecords, usual_names: set[str]) -> Sequence[ConsolePage]:
    """The same pages when there are hostile records, too."""
    for number, value in enumerate(_ALL):
        add_records(console, records.sender, f"hostile-{number}", value)
    add_cells(console, records.sender, *_ALL)
    return list(walk(console, "hostile", "Colour", *CORPUS))


def walk(
    console: ConsoleBrowser, kind: str, *columns: str, pages_per_route: int = _PAGES_PER_ROUTE
) -> Iterator[ConsolePage]:
    """The pages that an administrator comes to, those of the customers of this kind first."""
    console.sign_in(Role.ADMIN)
    upload(console, to_csv([columns], columns), f"{columns[-1]}.csv")
    starts = [f"/console/customers/{kind}-{number}?unit=NORTH" for number in range(len(CORPUS))]
    for _, page in crawl(console, *starts, HOME, pages_per_route=pages_per_route):
        if is_html(page):
            yield page


def test_page_has_no_element_that_a_value_has_made(pages: Sequence[ConsolePage], usual_names: set[str]) -> None:
    for page in pages:
        assert page.status in (200, 303), page.response.request.url
        assert list(list_dangers(page)) == [], page.response.request.url
        assert read_names(page) - usual_names == set(), page.response.request.url


@pytest.mark.parametrize("value", CORPUS)
def test_value_is_shown_whole(pages: Sequence[ConsolePage], value: str) -> None:
    shown = {page.text for page in pages}
    for place in ("last", "id", "number", "cell", "file", "column"):
        texts = {"file": make_file_name(value), "column": f" {value} "}
        text = " ".join(texts.get(place, f"{value} {place}").split())
        assert any(text in page for page in shown), place


def test_form_repeats_what_was_entered_as_text(
    console: ConsoleBrowser, records: SampleRecords, pages: Sequence[ConsolePage], usual_names: set[str]
) -> None:
    console.sign_in(Role.ADMIN)
    for form in list_forms(pages):
        for value in (" ".join(CORPUS), LONG[:3_000]):
            page = submit(console, form, value)
            assert page.status in (200, 303, 400, 403, 404, 409, 414, 415, 431), form.action
            assert list(list_dangers(page)) == [], form.action
            assert read_names(page) - usual_names == set(), form.action


def submit(console: ConsoleBrowser, form: PageForm, value: str) -> ConsolePage:
    """Sends the form with this value in all its fields."""
    fields = dict.fromkeys(form.values, value)
    if form.method == "get":
        return ConsolePage(console.http.get(form.action, params=fields, follow_redirects=False))
    return console.post(form.action, fields)


def list_forms(pages: Sequence[ConsolePage]) -> Sequence[PageForm]:
    """One form of each action, whatever it is about."""
    forms = {_ID.sub("", form.action): form for page in pages for form in page.forms}
    return [form for form in forms.values() if form.action not in _FORMS_TO_LEAVE]


def test_path_is_repeated_as_text(console: ConsoleBrowser, records: SampleRecords, usual_names: set[str]) -> None:
    console.sign_in(Role.ADMIN)
    for route in list_routes():
        if "{" in route and route.startswith("GET"):
            for value in _ALL:
                segment = quote(value, safe="", errors="surrogatepass")
                path = records.build_path(route, dict.fromkeys((*records.parameters, "reference"), segment))
                page = console.get(path)
                assert page.status in (303, 400, 404, 414), path
                assert list(list_dangers(page)) == [], path
