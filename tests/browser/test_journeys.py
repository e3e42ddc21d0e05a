"""What people come to the console for, each once by keyboard alone and once without scripts."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.console import SampleConsole
from tests.browser.visitors import Visitor, VisitorWithoutMouse, VisitorWithoutScripts
from tests.chromium import needs_chromium
from tests.web.console.uploads import HEADER, to_csv

pytestmark = [needs_chromium, pytest.mark.parametrize("has_scripts", [True, False], ids=["keyboard", "no scripts"])]

# Its history is told in `case_histories.toml`.
CUSTOMER = "SAMPLE-PEP-REVIEW"
NUMBER = re.compile("^[0-9]")


def visit(console: SampleConsole, has_scripts: bool, user: str | None = None) -> Visitor:
    page = console.open(user, scripts=has_scripts)
    return VisitorWithoutMouse(page) if has_scripts else VisitorWithoutScripts(page)


def day_before(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


def wait_for_end(visitor: Visitor) -> None:
    """Reloads the page of a load until it has ended."""
    while visitor.page.get_by_role("heading", name="Progress").count():
        visitor.page.reload()


def test_somebody_signs_in_reads_the_overview_and_signs_out(console: SampleConsole, has_scripts: bool) -> None:
    visitor = visit(console, has_scripts)
    visitor.enter("Name", console.users.compliance)
    visitor.enter("Password", console.users.password)
    visitor.press("button", "Sign in")
    visitor.see_heading("Overview")
    visitor.see("Accepted today")
    visitor.see("Most frequent codes")
    visitor.navigate("button", "Sign out")
    visitor.see_heading("Sign in")


def test_compliance_learns_who_was_refused_and_why_and_takes_the_list(
    console: SampleConsole, has_scripts: bool
) -> None:
    visitor = visit(console, has_scripts, console.users.compliance)
    visitor.press("link", NUMBER, row="Q004.ADR02")
    visitor.see_heading("Refused customers")
    visitor.press("summary", "How to mend it", row="Q004.ADR02")
    visitor.see("How to mend it")
    lines = visitor.download("button", "List as CSV").decode().splitlines()
    assert lines[0].startswith("receivedAt,sender,")
    assert any(CUSTOMER in line and "Q004.ADR02" in line for line in lines)
    visitor.press("link", "More about Q004.ADR02")
    visitor.see_heading("Q004.ADR02")


def test_compliance_learns_who_brought_a_customer_what_it_said_who_changed_and_who_read_it(
    console: SampleConsole, has_scripts: bool
) -> None:
    visitor = visit(console, has_scripts, console.users.compliance)
    visitor.navigate("link", re.compile("^Customers$"))
    visitor.see_heading("By identifier")
    visitor.enter("Customer identifier", CUSTOMER)
    visitor.press("button", "Find")
    visitor.see("Brought by")
    visitor.see("SUSPENDED")
    visitor.enter("As it was at the end of", day_before(10))
    visitor.press("button", "Show")
    visitor.see("As it was on")
    visitor.press("link", "Versions and changes")
    visitor.see("After")
    visitor.see("Deputy mayor of an invented town")
    visitor.see("core-banking")
    visitor.press("link", "Who read it")
    visitor.see_heading(CUSTOMER)
    visitor.see(console.users.compliance)


def test_operator_loads_a_file_mends_its_refused_rows_and_loads_those(
    console: SampleConsole, has_scripts: bool
) -> None:
    visitor = visit(console, has_scripts, console.users.operator)
    name = f"journey-{has_scripts}"
    good, bad = (f"{name}-1", "Ona", "Ona", "03.12.2001"), (f"{name}-2", "Jonas", "Jonas", "32.12.2001")
    rows = [(*row, "Lietuva", "2024-05-26", "") for row in (good, bad)]
    choose_file(visitor, f"{name}.csv", to_csv(rows, (*HEADER[:-1], name)))
    visitor.see("The fields are guessed")
    visitor.enter("Taken on", "applicationDate")
    visitor.enter("customerStatus", "ACTIVE")
    visitor.enter("riskManagementCategory", "IND")
    visitor.tick("Replace customers that are known")
    visitor.enter("Save the mapping as", name)
    judge_and_load(visitor)

    refused = visitor.download("link", "Refused rows")
    assert b"muster_errors" in refused
    choose_file(visitor, f"{name}-mended.csv", refused.replace(b"32.12.2001", b"31.12.2001"))
    visitor.see(f"The saved mapping \N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK} fits")
    visitor.tick("Replace customers that are known")
    judge_and_load(visitor)
    visitor.see("No row was refused.")


def choose_file(visitor: Visitor, name: str, content: bytes) -> None:
    visitor.navigate("link", "Load a file")
    visitor.see_heading("Load a file")
    visitor.choose_file(re.compile("^File"), {"name": name, "mimeType": "text/csv", "buffer": content})
    visitor.press("button", "Upload")


def judge_and_load(visitor: Visitor) -> None:
    visitor.press("button", "Try the whole file")
    visitor.see("This is a dry run")
    wait_for_end(visitor)
    visitor.press("button", "Load 1 customer")
    visitor.see("every accepted customer")
    wait_for_end(visitor)


def test_administrator_adds_a_user_with_a_token_disables_it_and_changes_a_code_list(
    console: SampleConsole, has_scripts: bool
) -> None:
    visitor = visit(console, has_scripts, console.users.admin)
    visitor.navigate("link", "Users")
    visitor.see_heading("Users")
    visitor.press("link", "Add a user")
    visitor.see_heading("Add a user")
    visitor.enter("Name", f"added-{has_scripts}")
    visitor.tick("submit: ")
    visitor.press("button", "Add the user")
    visitor.see("The user was added.")
    visitor.press("button", "Create a token")
    visitor.see_heading("New token")
    secret = visitor.page.locator("#secret").inner_text()
    visitor.press("link", "back to the user")
    visitor.see_heading("Tokens")
    assert secret not in visitor.page.content()
    visitor.press("link", "Disable the user")
    visitor.see_heading("Disable this user?")
    visitor.press("button", "Disable the user")
    visitor.see("The user was disabled.")

    visitor.navigate("link", "Code lists")
    visitor.see_heading("Code lists")
    visitor.press("link", "Import a file")
    codes = f"classifier,code,title\nserviceType,JOURNEY_{has_scripts},Made on a journey\n"
    visitor.choose_file(re.compile("^File"), {"name": "codes.csv", "mimeType": "text/csv", "buffer": codes.encode()})
    visitor.press("button", "Show what changes")
    visitor.see_heading("Codes that are added")
    visitor.press("button", "Make this change")
    visitor.see("The codes were imported.")

    visitor.press("link", "serviceType")
    visitor.tick(f"Choose JOURNEY_{has_scripts}")
    visitor.press("button", "Remove the chosen codes")
    visitor.see_heading("Remove these codes?")
    visitor.see("Codes that go")
    visitor.press("button", "Remove the codes")
    visitor.see("The codes were removed.")


def test_auditor_selects_entries_verifies_the_log_and_takes_it(console: SampleConsole, has_scripts: bool) -> None:
    visitor = visit(console, has_scripts, console.users.auditor)
    visitor.navigate("link", "Audit log")
    visitor.see("signed in")
    visitor.enter("Who", console.users.admin)
    visitor.press("button", "Filter")
    expect(visitor.page.get_by_role("table")).not_to_contain_text(console.users.auditor)
    visitor.press("summary", "Details")
    visitor.see("Only entries about this")
    lines = visitor.download("button", "Entries as CSV").decode().splitlines()
    assert len(lines) > 1
    assert all(console.users.admin in line for line in lines[1:])
    visitor.press("link", "Verify the chain")
    visitor.see_heading("Verify the audit log")
    visitor.press("button", "Verify")
    visitor.see("entries are as they were written")
