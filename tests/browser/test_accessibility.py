"""Every page of the console by the rules of WCAG 2.2 AA that axe can check, in both themes and on a narrow screen."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from litestar.routes import HTTPRoute
from playwright.sync_api import Browser, Page

from muster.web.console.routes import build_console_router
from tests.browser.console import NARROW, WIDE, ZOOMED, SampleConsole, Scheme, upload_file
from tests.chromium import needs_chromium
from tests.web.console.uploads import to_csv

pytestmark = needs_chromium

_RUN_AXE: Final = """
    async options => {
        const {repeated, ...rest} = options;
        for (const selector of repeated) document.querySelectorAll(selector).forEach(each => each.remove());
        const {violations} = await axe.run(document, rest);
        return violations.map(({id, nodes}) => `${id}: ${nodes.map(node => node.html.slice(0, 200)).join(", ")}`);
    }
"""
# What a loop of a template makes: one more row or section of the same markup costs 10 to 100 ms and finds nothing new.
_REPEATED: Final = (
    "tbody > tr:nth-child(n + 7)",
    "main > section[id]:nth-of-type(n + 7):not(:nth-last-of-type(-n + 6))",
    "ul.index > li:nth-child(n + 7)",
)
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def _open_first(path: str) -> Callable[[Page], None]:
    """Opens the first page that a list leads to."""

    def open_first(page: Page) -> None:
        page.goto(path)
        target = page.locator(f"main a[href^='{path}/']").first.get_attribute("href")
        assert target is not None
        page.goto(target)

    return open_first


def _open_customer(view: str = "") -> Callable[[Page], None]:
    """Opens a page of the first customer that the newest batch has accepted."""

    def open_customer(page: Page) -> None:
        _open_first("/console/batches")(page)
        page.goto(f"{page.url}?show=accepted")
        target = page.locator("main a[href^='/console/customers/']").first.get_attribute("href")
        assert target is not None
        path, _, query = target.partition("?")
        page.goto(f"{path}{view}?{query}")

    return open_customer


def _open_user(view: str = "") -> Callable[[Page], None]:
    """Opens a page of the first user of the list."""

    def open_user(page: Page) -> None:
        page.goto("/console/users")
        target = page.locator("main th a").first.get_attribute("href")
        page.goto(f"{target}{view}")

    return open_user


def _go(path: str) -> Callable[[Page], object]:
    return lambda page: page.goto(path)


def _verify(page: Page) -> None:
    """The page with a result."""
    page.goto("/console/audit/verification")
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("as they were written").wait_for()


def _upload(path: str = "") -> Callable[[Page], object]:
    """Opens a page of an upload."""

    def open_upload(page: Page) -> None:
        upload_file(page, to_csv())
        if path:
            page.goto(f"{page.url}{path}")

    return open_upload


# How each page is reached, by the template of its route.
PAGES: Final[Mapping[str, Callable[[Page], object]]] = {
    "/console": _go("/console/"),
    "/console/audit": _go("/console/audit"),
    "/console/audit/verification": _verify,
    "/console/batches": _go("/console/batches"),
    "/console/batches/{batchId:str}": _open_first("/console/batches"),
    "/console/code-lists": _go("/console/code-lists"),
    "/console/code-lists/{name:str}": _go("/console/code-lists/businessUnit"),
    "/console/code-lists/{name:str}/add": _go("/console/code-lists/legalForm/add"),
    "/console/code-lists/{name:str}/edit": _go("/console/code-lists/businessUnit/edit?entry=MAIN"),
    "/console/code-lists/import": _go("/console/code-lists/import"),
    "/console/help": _go("/console/help"),
    "/console/help/errors": _go("/console/help/errors#C017.C016.RE01"),
    "/console/help/fields": _go("/console/help/fields#address.country"),
    "/console/help/files": _go("/console/help/files"),
    "/console/load-file": _go("/console/load-file"),
    "/console/load-file/mappings": _go("/console/load-file/mappings"),
    "/console/load-file/{loadId:str}": _upload(),
    "/console/load-file/{loadId:str}/mapping": _upload("/mapping"),
    "/console/customers": _go("/console/customers"),
    "/console/customers/{customerExtId:str}": _open_customer(),
    "/console/customers/{customerExtId:str}/versions": _open_customer("/versions"),
    "/console/customers/{customerExtId:str}/readers": _open_customer("/readers"),
    "/console/loads": _go("/console/loads"),
    "/console/loads/{loadId:str}": _open_first("/console/loads"),
    "/console/refused": _go("/console/refused"),
    "/console/sessions": _go("/console/sessions"),
    "/console/users": _go("/console/users"),
    "/console/users/new": _go("/console/users/new"),
    "/console/users/{reference:str}": _open_user(),
    "/console/users/{reference:str}/disable": _open_user("/disable"),
}
# Files, and steps that a journey comes to.
NO_PAGES: Final = {
    "/console/static/{digest:str}/{name:str}",
    "/console/customers/{customerExtId:str}/document.json",
    "/console/sign-in",
    "/console/sign-in/provider",
    "/console/sign-in/callback",
    "/console/loads/{loadId:str}/refused",
    "/console/loads/{loadId:str}/results",
    "/console/loads/{loadId:str}/cancel",
}


@cache
def read_axe() -> str:
    return str(Axe().axe_script)


def find_violations(page: Page, only: Mapping[str, Any] | None = None) -> list[str]:
    """What axe finds: rule, and the elements. The whole result has a megabyte, so only this part leaves the page.

    What is repeated is removed but for the first ones, so look at the size of the page before. That ids are unique is
    checked for whole pages in `test_pages.py`.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(read_axe())
    options = {
        "repeated": _REPEATED,
        "resultTypes": ["violations"],
        "runOnly": only or {"type": "tag", "values": _RULES},
    }
    found: list[str] = page.evaluate(_RUN_AXE, options)
    return found


def list_page_paths() -> set[str]:
    """The templates of all routes of the console that a browser gets."""
    routes = build_console_router().routes
    return {route.path for route in routes if isinstance(route, HTTPRoute) and "GET" in route.methods}


def test_table_has_every_page_of_the_console() -> None:
    assert list_page_paths() == PAGES.keys() | NO_PAGES


@pytest.fixture(scope="module")
def visited(chromium: Browser, sample_service: Any) -> Iterator[tuple[SampleConsole, Page]]:
    """One browser of an administrator for all pages: each new one takes as long as a page."""
    console = SampleConsole(chromium, *sample_service)
    yield console, console.open(console.users.admin)
    console.close()


@pytest.mark.parametrize("path", PAGES)
def test_page_is_accessible_in_both_themes_and_on_a_narrow_screen(
    visited: tuple[SampleConsole, Page], path: str
) -> None:
    console, page = visited
    page.emulate_media(color_scheme="light")
    PAGES[path](page)
    for width in (ZOOMED, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": WIDE, "height": 900})
    assert find_violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert find_violations(page, {"type": "rule", "values": ["color-contrast"]}) == []
    assert console.complaints == []
    assert console.foreign_requests == []


def test_colours_of_the_system_leave_charts_readable_and_the_current_view_marked(console: SampleConsole) -> None:
    page = console.open(console.users.admin, scheme="dark")
    page.emulate_media(forced_colors="active")
    text = page.evaluate("getComputedStyle(document.body).color")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert read_styles(page, ".chart text", "fill") == {text}
    assert background not in read_styles(page, ".chart .bar", "fill") | read_styles(page, ".chart line", "stroke")
    PAGES["/console/customers/{customerExtId:str}"](page)
    assert read_styles(page, ".tabs a:not([aria-current])", "borderBottomColor") == {background}
    assert background not in read_styles(page, ".tabs a[aria-current]", "borderBottomColor")


def read_styles(page: Page, selector: str, name: str) -> set[str]:
    """The computed values of a property."""
    script = "([selector, name]) => [...document.querySelectorAll(selector)].map(each => getComputedStyle(each)[name])"
    found = set(page.evaluate(script, [selector, name]))
    assert found, selector
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_form_that_signs_in_has_no_violation_and_its_error_takes_the_focus(
    console: SampleConsole, scheme: Scheme
) -> None:
    page = console.open(scheme=scheme)
    assert find_violations(page) == []
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("a wrong password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.className") == "errors"
    assert find_violations(page) == []
