"""What all pages of the console have: headers, a language, one heading, a title without values, little weight."""

from datetime import UTC, datetime
from typing import Final

import pytest

from muster.auth.users import User
from muster.sample_data import SampleUsers, add_sample_data
from tests.web.console.all_routes import list_routes
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.crawler import crawl, find_route
from tests.web.console.pages import ConsolePage
from tests.web.console.record_samples import add_load
from tests.web.console.uploads import to_csv, upload

MAX_WEIGHT: Final = 150_000  # bytes of a page with its style sheets, scripts and icon
_PAGES_PER_ROUTE: Final = 6
# Links to them appear where there is an OpenID provider, or a file that has too many columns for a form.
NOT_LINKED: Final = {
    "GET /console/sign-in",
    "GET /console/sign-in/provider",
    "GET /console/sign-in/callback",
    "GET /console/load-file/{loadId:str}/mapping",
    "GET /console/static/{digest:str}/{name:str}",
}


@pytest.fixture(scope="module")
def users(console: ConsoleBrowser) -> SampleUsers:
    """The demo's data, as large as it is there, a load that has not ended, and an upload that waits."""
    users = add_sample_data(console.store, datetime.now(UTC).date())
    add_load(console, users.operator, ended=False)
    sign_in(console, users.admin)
    upload(console, to_csv())
    return users


@pytest.fixture(scope="module")
def pages(console: ConsoleBrowser, users: SampleUsers) -> dict[str, ConsolePage]:
    """Pages by path: what an administrator comes to by links."""
    sign_in(console, users.admin)
    return dict(crawl(console, pages_per_route=_PAGES_PER_ROUTE))


def sign_in(console: ConsoleBrowser, name: str) -> User:
    user = console.store.users.user(name)
    assert user is not None
    console.resume(user)
    return user


def is_html(page: ConsolePage) -> bool:
    return str(page.response.headers.get("content-type", "")).startswith("text/html")


def test_links_lead_to_every_page_and_none_is_broken(pages: dict[str, ConsolePage]) -> None:
    routes = {find_route(path.partition("?")[0]) for path in pages}
    assert routes == {route for route in list_routes() if route.startswith("GET")} - NOT_LINKED
    assert {path: page.status for path, page in pages.items() if page.status not in (200, 303)} == {}


def test_page_weighs_little_without_a_cache(console: ConsoleBrowser, pages: dict[str, ConsolePage]) -> None:
    weights = {path: weigh(console, page) for path, page in pages.items() if is_html(page)}
    assert {path: weight for path, weight in weights.items() if weight > MAX_WEIGHT} == {}
    assert min(weights.values()) > 10_000


def weigh(console: ConsoleBrowser, page: ConsolePage) -> int:
    targets = {
        attributes.get("src" if tag == "script" else "href") or ""
        for tag, attributes in page.tags
        if tag in ("script", "link", "img")
    }
    return len(page.response.content) + sum(len(console.http.get(target).content) for target in targets)


def test_page_has_the_headers_of_private_pages(pages: dict[str, ConsolePage]) -> None:
    for path, page in pages.items():
        headers = page.response.headers
        assert headers["cache-control"] == "no-store", path
        assert headers["content-security-policy"].startswith("default-src 'none'; "), path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        if is_html(page) and page.status == 200:
            policy = headers["content-security-policy"]
            assert "require-trusted-types-for 'script'" in policy, path
            assert "unsafe" not in policy, path
            assert headers["referrer-policy"] == "strict-origin", path


def test_page_has_a_language_one_heading_and_a_title_of_its_kind(pages: dict[str, ConsolePage]) -> None:
    titles: dict[str, set[str]] = {}
    for path, page in pages.items():
        if is_html(page) and page.status == 200:
            check_outline(page, path)
            titles.setdefault(find_route(path.partition("?")[0]) or "", set()).add(page.title)
    # The names of code lists are those of the contract, and the page of an upload asks for what it needs.
    several = {route for route, found in titles.items() if len(found) > 1}
    assert several == {"GET /console/code-lists/{name:str}", "GET /console/load-file/{loadId:str}"}


def check_outline(page: ConsolePage, path: str) -> None:
    assert ("html", {"lang": "en"}) in page.tags, path
    assert [tag for tag, _ in page.tags].count("h1") == 1, path
    assert page.title.endswith(" \N{EN DASH} muster"), path
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids)), path


@pytest.mark.parametrize("path", ["/console/nothing", "/console/batches/nothing", "/console/loads/nothing"])
def test_page_of_an_error_has_what_every_page_has(console: ConsoleBrowser, users: SampleUsers, path: str) -> None:
    sign_in(console, users.admin)
    page = console.get(path)
    assert page.status == 404
    check_outline(page, path)
    assert page.response.headers["cache-control"] == "no-store"
    assert "require-trusted-types-for" in page.response.headers["content-security-policy"]
