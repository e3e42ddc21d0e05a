"""Canaries: what is personal stands in pages alone, and in no address, header, title, cacheable response or log."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus, urldefrag

import httpx
import pytest

from muster.auth.users import Role
from muster.storage import open_storage
from tests.samples import individual
from tests.serving import Api, serving
from tests.web.console.all_routes import SampleRecords, add_sample_records, list_routes
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.crawler import HOME, crawl
from tests.web.console.pages import ConsolePage, PageForm
from tests.web.console.record_samples import send_batch, send_file

CANARY: Final = "canary"
BIRTH_DATE: Final = "1961-02-03"
# A customer's identifier may stand in the path of the customer's page, so it has another word.
EXT_ID: Final = "sparrow"
_CUSTOMER_PATH: Final = re.compile(f"(https?://[^/]*)?/console/customers/{EXT_ID}-[a-z]+(/[a-z.]+)?(\\?[^?]*)?")
_PAGES_PER_ROUTE: Final = 4
_ADDRESSES: Final = ("href", "src", "action", "formaction", "poster", "data", "cite", "ping")
# They end the session of the walk.
_FORMS_TO_LEAVE: Final = ("/console/sign-out", "/console/sessions/end")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    url = f"sqlite:///{tmp_path_factory.mktemp('privacy')}/muster.db"
    store = open_storage(url)
    store.upgrade()
    store.close()
    with serving(url) as api:
        yield api


@pytest.fixture(scope="module")
def walk(api: Api) -> Sequence[ConsolePage]:
    """Every page, and the response to every form, that an administrator comes to."""
    browser = ConsoleBrowser(api.http, api.store, Path(), "muster-session", "127.0.0.1")
    records = add_sample_records(browser)
    add_canaries(browser, records)
    browser.sign_in(Role.ADMIN)
    pages = list(search_canaries(browser))
    found = [page.location for page in pages if page.status == 303]
    pages += [page for _, page in crawl(browser, *found, HOME, pages_per_route=_PAGES_PER_ROUTE)]
    pages += [ConsolePage(records.send(route)) for route in list_routes() if not route.endswith(_FORMS_TO_LEAVE)]
    return pages + [submit(browser, form) for form in list_forms(pages)]


def make_customer(name: str, **changes: Any) -> dict[str, Any]:
    """A customer with a canary in whatever identifies a person."""
    document = {
        "entityType": "INDIVIDUAL",
        "identityDocumentType": "PASSPORT",
        "documentNumber": f"{CANARY}-document",
        "documentIssueDate": "2022-01-15",
        "documentIssueCountry": "LT",
        "documentIssueAuthority": "Migration office",
    }
    personal = {
        "communicationNumber": f"{CANARY}-number-{name}",
        "firstName": f"{CANARY}-first-name",
        "lastName": f"{CANARY}-last-name",
        "nationalCode": f"{CANARY}-code",
        "birthDate": BIRTH_DATE,
        "listBusinessEntityDocument": [document],
    }
    return individual(customerExtId=f"{EXT_ID}-{name}", businessUnit="NORTH", **{**personal, **changes})


def add_canaries(console: ConsoleBrowser, records: SampleRecords) -> None:
    """A customer with two versions and a refused message, and refused rows of a file."""
    first, second = make_customer("one"), make_customer("one", communicationNumber=f"{CANARY}-again", lastName="Other")
    refusal = {**make_customer("two"), "applicationDate": None}
    send_batch(console, records.sender, first, refusal)
    send_batch(console, records.sender, second, query="?upsert=true")
    cells = f"{EXT_ID}-three;{CANARY}-number-three;{CANARY}-cell;{BIRTH_DATE}"
    send_file(console, records.sender, f"customerExtId;communicationNumber;firstName;birthDate\n{cells}\n".encode())


def search_canaries(console: ConsoleBrowser) -> Iterator[ConsolePage]:
    """Searches by what identifies customers."""
    for path in ("/console/customers", "/console/refused"):
        for fields in (
            {"customerExtId": f"{EXT_ID}-one"},
            {"customerExtId": f"{EXT_ID}-two"},
            {"communicationNumber": f"{CANARY}-number-one"},
            {"communicationNumber": f"{CANARY}-number-two"},
            {"communicationNumber": f"{CANARY}-unknown"},
        ):
            yield console.post(path, fields)


def list_forms(pages: Sequence[ConsolePage]) -> Sequence[PageForm]:
    """Each form of the pages as it stands, once."""
    forms = {repr(form): form for page in pages for form in page.forms}
    return [form for form in forms.values() if form.action not in _FORMS_TO_LEAVE]


def submit(console: ConsoleBrowser, form: PageForm) -> ConsolePage:
    if form.method == "get":
        return ConsolePage(console.http.get(form.action, params=form.values, follow_redirects=False))
    return console.post(form.action, form.values)


def test_walk_shows_the_canaries(walk: Sequence[ConsolePage]) -> None:
    shown = "".join(page.response.text for page in walk)
    canaries = ("first-name", "last-name", "code", "document", "number-one", "number-two", "number-three", "cell")
    assert [name for name in canaries if f"{CANARY}-{name}" not in shown] == []
    assert BIRTH_DATE in shown
    assert f"{EXT_ID}-three" in shown


def test_no_address_title_or_header_has_personal_data(walk: Sequence[ConsolePage]) -> None:
    places = [place for page in walk for place in list_places(page)]
    assert len(places) > 1000
    assert [place for place in places if is_personal(place)] == []


def test_response_that_a_cache_may_keep_has_no_personal_data(walk: Sequence[ConsolePage]) -> None:
    cacheable = [page.response for page in walk if page.response.headers["cache-control"] != "no-store"]
    assert {find_kind(response) for response in cacheable} == {"text/css; charset=utf-8"}
    assert [response.text for response in cacheable if has_canary(response.text)] == []


def test_log_of_the_service_has_no_personal_data(api: Api, walk: Sequence[ConsolePage]) -> None:
    lines = api.read_log().splitlines()
    assert len(lines) >= len(walk)
    assert [line for line in lines if has_canary(line) or EXT_ID in line] == []


def list_places(page: ConsolePage) -> Iterator[str]:
    """What a browser, a proxy or an operator sees of a response besides its body."""
    yield str(page.response.request.url)
    yield page.title
    yield from page.response.headers.values()
    for _, attributes in page.tags:
        yield from (attributes[name] or "" for name in _ADDRESSES if name in attributes)


def is_personal(place: str) -> bool:
    decoded = unquote_plus(place)
    return has_canary(decoded) or (EXT_ID in decoded and not _CUSTOMER_PATH.fullmatch(urldefrag(place).url))


def has_canary(text: str) -> bool:
    return CANARY in text or BIRTH_DATE in text


def find_kind(response: httpx.Response) -> str:
    return str(response.headers.get("content-type"))
