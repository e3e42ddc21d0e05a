"""Pages in their rarer states: with errors, with nothing to show, as answers to forms; by the rules of `axe`."""

from collections.abc import Callable, Mapping
from typing import Final

from playwright.sync_api import Page, expect

from muster.auth.users import Role, User
from tests.browser.console import NARROW, SampleConsole
from tests.browser.test_accessibility import find_violations
from tests.chromium import needs_chromium

pytestmark = needs_chromium


def _send(path: str, button: str, **fields: str) -> Callable[[Page], None]:
    """Fills fields of a page by their ids, and sends their form."""

    def send(page: Page) -> None:
        page.goto(path)
        for name, value in fields.items():
            page.locator(f"#{name}").fill(value)
        page.get_by_role("button", name=button).first.click()
        page.wait_for_load_state()

    return send


def _go(path: str) -> Callable[[Page], object]:
    return lambda page: page.goto(path)


ERRORS: Final[Mapping[str, Callable[[Page], object]]] = {
    "filter of batches": _go("/console/batches?since=tomorrow&until=2024-01-01"),
    "filter of loads": _go("/console/loads?since=2024-02-01&until=2024-01-01"),
    "filter of refused customers": _go("/console/refused?since=never&code=C999"),
    "search of a customer": _send("/console/customers", "Find"),
    "search of a refused customer": _send("/console/refused", "Find"),
    "new user": _send("/console/users/new", "Add the user", name="a:b", password="short"),
    "new code": _send("/console/code-lists/legalForm/add", "Add the code"),
    "import of codes": _send("/console/code-lists/import", "Show what changes"),
    "checkpoint": _send("/console/audit/verification", "Verify", checkpoint="1:2"),
}
# The text that tells that there is nothing.
EMPTY: Final[Mapping[str, tuple[Callable[[Page], object], str]]] = {
    "batches": (_go("/console/batches?sender=nobody"), "No batch"),
    "loads": (_go("/console/loads?sender=nobody"), "No load matches"),
    "refused customers": (_go("/console/refused?sender=nobody"), "No customer was refused"),
    "refused customer": (_send("/console/refused", "Find", customerExtId="nobody"), "No: no refused customer"),
    "customer": (_send("/console/customers", "Find", customerExtId="nobody"), "There is no customer"),
    "codes": (_go("/console/code-lists/country?search=nothing"), "No code and no title"),
    "users": (_send("/console/users", "Find", part="nobody"), "No name has this part"),
    "entries": (_send("/console/audit", "Filter", actor="nobody"), "No entry matches"),
}


def check(page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW, page.url
    assert find_violations(page) == [], page.url


def test_errors_of_a_form_take_the_focus_and_lead_to_their_fields(console: SampleConsole) -> None:
    page = console.open(console.users.admin)
    for name, provoke in ERRORS.items():
        provoke(page)
        summary = page.get_by_role("alert")
        expect(summary, name).to_be_focused()
        targets = [link.get_attribute("href") or "" for link in summary.get_by_role("link").all()]
        assert [target for target in targets if page.locator(target).count() != 1] == [], name
        check(page)


def test_page_says_that_there_is_nothing_to_show(console: SampleConsole) -> None:
    page = console.open(console.users.admin)
    for name, (open_page, text) in EMPTY.items():
        open_page(page)
        expect(page.get_by_text(text), name).to_be_visible()
        check(page)


def test_user_without_a_role_learns_why_there_is_nothing(console: SampleConsole) -> None:
    user = User("without a role", Role(0))
    console.api.store.users.add_user(user)
    page = console.open(user.name)
    expect(page.get_by_text("You have no role")).to_be_visible()
    check(page)


def test_page_of_an_error_leads_back(console: SampleConsole) -> None:
    page = console.open(console.users.reader)
    for path, status in (("/console/nothing", 404), ("/console/users", 403), ("/console/batches?nothing=1", 400)):
        page.goto(path)
        check(page)
        # Chromium prints the status, and the fixture must not take it for a complaint about the page.
        assert [f"status of {status}" in complaint for complaint in console.complaints] == [True]
        console.complaints.clear()
        page.get_by_role("main").get_by_role("link").first.click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
