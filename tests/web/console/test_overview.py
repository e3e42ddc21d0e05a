"""The overview."""

from datetime import UTC, datetime, timedelta

import pytest

from muster.audit.events import Action, AuditEvent
from muster.auth.users import Role
from muster.sample_data import add_sample_data
from tests.web.console.conftest import ConsoleBrowser

TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def sample(console: ConsoleBrowser) -> ConsoleBrowser:
    """A console with a small part of the demo's data."""
    add_sample_data(console.store, TODAY, size=0.1)
    return console


def test_an_installation_without_customers_says_what_to_do(console: ConsoleBrowser) -> None:
    console.sign_in(Role.ADMIN)
    assert "No customers came in the last 30 days" in console.get("/console/").text


@pytest.mark.untraced  # it repeats lines that other tests cover
def test_customers_of_30_days_are_counted_by_day_code_and_sender(sample: ConsoleBrowser) -> None:
    sample.sign_in(Role.ADMIN)
    page = sample.get("/console/")
    days = [(TODAY - timedelta(days=29 - number)).isoformat() for number in range(30)]
    labels = [str(values["aria-label"]) for tag, values in page.tags if tag == "a" and "aria-label" in values]
    assert [label.partition(":")[0] for label in labels] == days * 2
    assert {"core-banking", "cards", "onboarding-app"} <= set(page.text.split())


def test_each_bar_and_number_leads_to_what_it_counts(sample: ConsoleBrowser) -> None:
    sample.sign_in(Role.ADMIN)
    page = sample.get("/console/")
    targets = [attributes["href"] or "" for tag, attributes in page.tags if tag == "a" and "since=" in str(attributes)]
    day = f"since={TODAY}&until={TODAY}"
    assert {f"/console/batches?{day}", f"/console/refused?{day}"} <= set(targets)
    assert any("code=" in target for target in targets)
    assert any("sender=core-banking" in target for target in targets)
    for target in targets[::17]:
        assert sample.get(target).status == 200


def test_a_sender_sees_the_numbers_of_what_it_sent_alone(sample: ConsoleBrowser) -> None:
    sample.sign_in(Role.SUBMIT)
    assert "No customers came" in sample.get("/console/").text


@pytest.mark.parametrize(
    ("roles", "expected"),
    [(Role(0), "You have no role"), (Role.WATCH, "Your roles show no customers"), (Role.AUDIT, "Your roles show no")],
)
def test_a_user_without_records_is_told_why_it_sees_none(console: ConsoleBrowser, roles: Role, expected: str) -> None:
    console.sign_in(roles)
    page = console.get("/console/")
    assert page.status == 200
    assert expected in page.text


def test_the_last_backup_is_shown_when_one_was_told(console: ConsoleBrowser) -> None:
    console.sign_in(Role.ADMIN)
    assert "none reported" in console.get("/console/").text
    console.store.audit.append(AuditEvent("os:root", Action.BACKUP_MADE))
    page = console.get("/console/")
    assert "none reported" not in page.text
    assert f"Last backup {TODAY}" in page.text
