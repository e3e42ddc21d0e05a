"""The pages of batches: what they list, and who sees what of one batch."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from muster.audit.events import Action, EntryFilter
from muster.auth.users import Role, User
from tests.samples import individual, make_entries
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.record_samples import INJECTION, add_sender, refused, send_batch

BATCHES = "/console/batches"


@pytest.fixture(scope="module", autouse=True)
def units(console: ConsoleBrowser) -> None:
    console.store.classifiers.write(make_entries("NORTH", "SOUTH"), replace=True)


@pytest.fixture(scope="module")
def sender(console: ConsoleBrowser) -> User:
    return add_sender(console, "NORTH", "SOUTH", name="core-banking")


@pytest.fixture(scope="module")
def batch_id(console: ConsoleBrowser, sender: User) -> UUID:
    """Three customers of NORTH and SOUTH, one of each refused."""
    return send_batch(
        console,
        sender,
        individual(businessUnit="NORTH", customerExtId="north-1"),
        refused(businessUnit="NORTH", customerExtId="north-2", riskLevel="?"),
        refused(businessUnit="SOUTH", customerExtId=INJECTION),
    )


def test_without_batches_the_list_says_what_to_do(console: ConsoleBrowser) -> None:
    console.sign_in()
    page = console.get(BATCHES, sender="nobody")
    assert "Clear the filter" in page.text
    assert "load a file" in page.text


def test_the_list_is_found_by_sender_code_unit_and_day(console: ConsoleBrowser, sender: User, batch_id: UUID) -> None:
    console.sign_in()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    path = f"{BATCHES}/{batch_id}"
    for found in (
        {},
        {"sender": sender.name, "code": "C012", "unit": "SOUTH"},
        {"since": today, "until": today},
        {"since": "", "until": "", "sender": "", "code": "", "unit": ""},
    ):
        assert path in console.get(BATCHES, **found).links.values(), found
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    for missing in ({"sender": "nobody"}, {"code": "C013"}, {"unit": "WEST"}, {"until": yesterday}):
        assert path not in console.get(BATCHES, **missing).links.values(), missing


def test_the_list_goes_on_on_the_next_page(console: ConsoleBrowser) -> None:
    feed = add_sender(console, "NORTH")
    ids = [send_batch(console, feed, individual(businessUnit="NORTH")) for _ in range(51)]
    console.sign_in()
    first = console.get(BATCHES, sender=feed.name)
    second = console.get(first.links["Next page"])
    assert f"{BATCHES}/{ids[0]}" in second.links.values()
    assert "Next page" not in second.links
    assert console.get(second.links["First page"]).links == first.links


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("since", "yesterday", "From takes a day"),
        ("until", "2024-02-30", "To takes a day"),
        ("code", "C999", "No error has this code"),
        ("sender", "a\0b", "characters that can't be seen"),
        ("unit", "\0", "characters that can't be seen"),
    ],
)
def test_what_a_field_does_not_take_is_told_at_the_field(
    console: ConsoleBrowser, field: str, value: str, message: str
) -> None:
    console.sign_in()
    page = console.get(BATCHES, **{field: value})
    assert page.status == 200
    assert message in page.text
    assert ("a", {"href": f"#{field}"}) in page.tags
    assert any(tag[1].get("id") == field and tag[1].get("aria-invalid") == "true" for tag in page.tags)


def test_a_period_that_ends_before_it_begins_is_told(console: ConsoleBrowser) -> None:
    console.sign_in()
    assert "before the first one" in console.get(BATCHES, since="2024-05-27", until="2024-05-26").text


def test_other_nonsense_is_refused_with_a_message(console: ConsoleBrowser, batch_id: UUID) -> None:
    console.sign_in()
    for path in (f"{BATCHES}?cursor=x", f"{BATCHES}?load=x", f"{BATCHES}?other=1", f"{BATCHES}/{batch_id}?show=all"):
        page = console.get(path)
        assert (page.status, bool(page.text)) == (400, True), path
    for path in (f"{BATCHES}/{uuid4()}", f"{BATCHES}/x"):
        assert console.get(path).status == 404


def test_a_batch_shows_its_refused_customers_first_and_why(
    console: ConsoleBrowser, sender: User, batch_id: UUID
) -> None:
    console.sign_in()
    page = console.get(f"{BATCHES}/{batch_id}")
    assert "Refused customers" in page.text
    assert "C009 RiskLevel is not valid" in page.text
    assert "C012 ApplicationDate is mandatory in applicationDate" in page.text
    assert page.links["C012"] == "/console/help/errors#C012"
    assert page.links[sender.name] == f"{BATCHES}?sender={sender.name}"
    assert "north-1" not in page.text
    assert "north-1" in console.get(f"{BATCHES}/{batch_id}", show="accepted").links


def test_texts_of_a_customer_are_shown_as_text(console: ConsoleBrowser, batch_id: UUID) -> None:
    console.sign_in()
    page = console.get(f"{BATCHES}/{batch_id}")
    assert INJECTION in page.text
    assert "<script>alert" not in page.response.text
    assert INJECTION not in page.title


def test_the_first_of_several_meanings_is_the_one_that_was_sent(console: ConsoleBrowser, sender: User) -> None:
    known = individual(businessUnit="NORTH", customerExtId="known")
    send_batch(console, sender, known)
    again = send_batch(console, sender, {**known, "communicationNumber": "again"})
    console.sign_in()
    page = console.get(f"{BATCHES}/{again}")
    assert "Customer already exists, use Action = UPDATE" in page.text
    assert "Cannot update" not in page.text


def test_a_customer_with_many_errors_and_long_names_takes_a_part_of_the_page(
    console: ConsoleBrowser, sender: User
) -> None:
    names = {f"{'9' * 5_000}{n}": n for n in range(40)}
    wrong = send_batch(console, sender, individual(businessUnit="NORTH", **names), query="?unknown=reject&detail=full")
    console.sign_in()
    page = console.get(f"{BATCHES}/{wrong}")
    assert page.status == 200
    assert "and 30 more errors" in page.text
    assert len(page.response.content) < 20_000


def test_warnings_are_shown_where_the_sender_asked_for_details(console: ConsoleBrowser, sender: User) -> None:
    doubtful = individual(businessUnit="NORTH", isPep=True)
    without = send_batch(console, sender, doubtful)
    doubtful = individual(businessUnit="NORTH", isPep=True)
    with_details = send_batch(console, sender, doubtful, query="?detail=full")
    console.sign_in()
    assert "W001" in console.get(f"{BATCHES}/{with_details}").links
    assert "W001" not in console.get(f"{BATCHES}/{without}").links


def test_the_refused_customers_of_a_large_batch_are_paged(console: ConsoleBrowser, sender: User) -> None:
    large = send_batch(console, sender, *(refused(businessUnit="NORTH", customerExtId=f"p-{n}") for n in range(60)))
    console.sign_in()
    first = console.get(f"{BATCHES}/{large}")
    second = console.get(first.links["Next page"])
    assert ("p-49 " in first.text, "p-50 " in first.text) == (True, False)
    assert ("p-49 " in second.text, "p-50 " in second.text, "p-59 " in second.text) == (False, True, True)
    assert "Next page" not in second.links


@pytest.mark.parametrize(
    ("roles", "units", "refused_seen", "accepted_seen"),
    [
        (Role.ADMIN, (), ["north-2", INJECTION], True),
        (Role.READ, ("NORTH",), ["north-2"], True),
        (Role.READ, ("SOUTH",), [INJECTION], False),
        (Role.READ, (), [], False),
    ],
)
def test_a_reader_sees_the_customers_of_its_units(
    console: ConsoleBrowser,
    batch_id: UUID,
    roles: Role,
    units: tuple[str, ...],
    refused_seen: list[str],
    accepted_seen: bool,
) -> None:
    console.sign_in(roles, units)
    page = console.get(f"{BATCHES}/{batch_id}")
    assert [text for text in ("north-2", INJECTION) if text in page.text] == refused_seen
    assert ("may not see" in page.text) is (not refused_seen)
    accepted = console.get(f"{BATCHES}/{batch_id}", show="accepted")
    assert ("north-1" in accepted.text) is accepted_seen


@pytest.mark.parametrize(
    ("roles", "name", "status"),
    [
        (Role.SUBMIT, None, 404),
        (Role.SUBMIT, "core-banking", 200),
        (Role.WATCH, None, 403),
        (Role.AUDIT, None, 403),
    ],
)
def test_a_sender_sees_what_it_sent_and_others_nothing(
    console: ConsoleBrowser, sender: User, batch_id: UUID, roles: Role, name: str | None, status: int
) -> None:
    if name:
        console.resume(sender)
    else:
        console.sign_in(roles, ("NORTH",))
    page = console.get(f"{BATCHES}/{batch_id}")
    assert page.status == status
    listed = console.get(BATCHES)
    assert (listed.status == 200) is (roles is Role.SUBMIT)
    assert (f"{BATCHES}/{batch_id}" in listed.links.values()) is (status == 200)
    if status == 200:  # a sender may not read customers' pages
        assert "north-1" not in console.get(f"{BATCHES}/{batch_id}", show="accepted").links


def test_what_was_seen_is_in_the_audit_log(console: ConsoleBrowser, batch_id: UUID) -> None:
    user = console.sign_in()
    console.get(f"{BATCHES}/{batch_id}")
    console.get(f"{BATCHES}/{batch_id}", show="accepted")
    entries = console.store.audit.latest_entries(EntryFilter(actor=user.name), limit=2)
    assert [entry.action for entry in entries] == [Action.RESULTS_READ.text, Action.REJECTIONS_READ.text]
