"""Pages behind the forms of an administrator, by the rules that axe can check. Journeys go without scripts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console import NARROW, SampleConsole
from tests.browser.test_accessibility import find_violations
from tests.chromium import needs_chromium

pytestmark = needs_chromium

FILE = "classifier,code,title\nlegalForm,LTD,Another title\nlegalForm,UAB,כותרת\nbusinessUnit,MAIN,Main\n"


@pytest.fixture
def page(console: SampleConsole) -> Iterator[Page]:
    page = console.open(console.users.admin)
    yield page
    page.set_viewport_size({"width": NARROW, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert find_violations(page) == []


def test_codes_are_chosen_and_their_removal_is_previewed(page: Page) -> None:
    page.goto("/console/code-lists/businessUnit")
    page.get_by_label("Choose LATVIA").check()
    page.get_by_role("button", name="Remove the chosen codes").click()
    expect(page.get_by_role("heading", name="Remove these codes?")).to_be_visible()
    page.get_by_role("button", name="Remove the codes").click()
    expect(page.get_by_role("alert")).to_contain_text("Confirm what users gain or lose")


def test_file_is_chosen_and_its_changes_are_previewed(page: Page) -> None:
    page.goto("/console/code-lists/import")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "codes.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    page.get_by_label("Remove them from the lists").check()
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_role("heading", name="Titles that change")).to_be_visible()
    page.get_by_role("button", name="Make this change").click()
    expect(page.get_by_role("alert")).to_contain_text("Confirm what users gain or lose")


def test_user_is_added_and_gets_a_token_and_the_way_back_works(page: Page, request: pytest.FixtureRequest) -> None:
    page.goto("/console/users/new")
    page.get_by_label("Name").fill(f"bot of {request.node.name}")
    page.get_by_label("submit: ").check()
    page.get_by_role("button", name="Add the user").click()
    expect(page.get_by_role("status")).to_contain_text("The user was added")
    page.get_by_role("button", name="Create a token").click()
    expect(page.get_by_role("heading", name="New token")).to_be_visible()
    page.get_by_role("link", name="back to the user").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", name="Revoke this token?")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Disable the user").click()
    page.go_back()
    page.get_by_label("admin: ").check()
    page.get_by_label("submit: ").uncheck()
    page.get_by_role("button", name="Change rights").click()
    expect(page.get_by_role("status")).to_contain_text("were changed")
