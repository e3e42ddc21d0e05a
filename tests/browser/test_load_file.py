"""Loading a file in a browser: dropped, chosen by keyboard, mapped and tried. A journey loads one without scripts."""

import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console import NARROW, SampleConsole, upload_file
from tests.browser.test_accessibility import find_violations
from tests.chromium import needs_chromium
from tests.web.console.uploads import to_csv

pytestmark = needs_chromium

# What the form of this file lacks.
NEEDED: Mapping[str, str] = {"Taken on": "applicationDate", "customerStatus": "ACTIVE", "riskManagementCategory": "IND"}


def fill_out(page: Page) -> None:
    for label, value in NEEDED.items():
        page.get_by_label(re.compile(f"^{label}")).fill(value)


def check_accessibility(page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert find_violations(page) == []


def test_a_file_is_loaded_in_three_steps_after_its_upload(console: SampleConsole) -> None:
    page = console.open(console.users.operator)
    upload_file(page, to_csv([("x-1", "Ona", "Ona", "03.12.2001", "Lietuva", "2024-05-26", "")]))
    fill_out(page)
    page.get_by_label("Replace customers that are known").check()
    page.get_by_role("button", name="Try the whole file").click()
    page.wait_for_url("**/console/loads/*")
    while not page.get_by_role("heading", name="What next?").count():
        page.reload()
    check_accessibility(page)
    page.get_by_role("button", name="Load 1 customer").click()
    page.wait_for_url("**/console/loads/*")
    assert page.get_by_text("This is a dry run").count() == 0


def test_a_dropped_file_is_uploaded_at_once(console: SampleConsole) -> None:
    page = console.open(console.users.operator)
    page.goto("/console/load-file")
    make = "text => { const data = new DataTransfer(); data.items.add(new File([text], 'dropped.csv')); return data }"
    dropped = page.evaluate_handle(make, to_csv().decode())
    page.dispatch_event("form[data-upload]", "drop", {"dataTransfer": dropped})
    page.wait_for_url("**/console/load-file/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("dropped.csv")


def test_a_problem_of_an_upload_is_told_beside_it(console: SampleConsole) -> None:
    page = console.open(console.users.operator)
    page.goto("/console/load-file")
    page.set_input_files("#file", {"name": "empty.csv", "mimeType": "text/csv", "buffer": b""})
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a file that is not empty.")
    check_accessibility(page)


@pytest.mark.parametrize(
    ("content", "heading"),
    [
        (to_csv(encoding="cp1257"), "How is the text encoded?"),
        (b"<!doctype html><html>", "The file can't be read"),
    ],
    ids=["encoding", "no table"],
)
def test_a_question_about_a_file_is_accessible(console: SampleConsole, content: bytes, heading: str) -> None:
    page = console.open(console.users.operator)
    upload_file(page, content)
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    check_accessibility(page)


def test_an_error_of_the_form_takes_the_focus_and_leads_to_its_field(console: SampleConsole) -> None:
    page = console.open(console.users.operator)
    upload_file(page, to_csv())
    page.get_by_label("Colour").fill("frstName")
    page.get_by_role("button", name="Try the whole file").click()
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.className") == "errors"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "field-6"
    check_accessibility(page)
