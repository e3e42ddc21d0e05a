"""The page of refused customers: by selection and by identifier, what the codes mean, and the list as a file."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from muster.audit.events import Action, EntryFilter
from muster.auth.users import Role, User
from tests.contract.loads import make_csv
from tests.samples import individual, make_entries
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.pages import ConsolePage
from tests.web.console.record_samples import INJECTION, add_sender, refused, send_batch, send_file

REFUSED = "/console/refused"
EXPORT = "/console/refused/export"
# Right-to-left, and as long as an identifier may be.
LONG = "عميل" * 63


@pytest.fixture(scope="module", autouse=True)
def units(console: ConsoleBrowser) -> None:
    console.store.classifiers.write(make_entries("NORTH", "SOUTH"), replace=True)


@pytest.fixture(scope="module")
def sender(console: ConsoleBrowser) -> User:
    return add_sender(console, "NORTH", "SOUTH", name="core-banking")


@pytest.fixture(scope="module")
def batch_id(console: ConsoleBrowser, sender: User) -> UUID:
    return send_batch(
        console,
        sender,
        individual(businessUnit="NORTH"),
        refused(businessUnit="NORTH", customerExtId=INJECTION, communicationNumber="message-1"),
        refused(businessUnit="SOUTH", customerExtId=LONG, riskLevel="?"),
        refused(businessUnit="SOUTH", customerExtId=" spaced ", customerStatus="?"),
    )


def find(console: ConsoleBrowser, **fields: str) -> ConsolePage:
    return console.post(REFUSED, fields)


def test_without_refused_customers_the_page_says_what_to_do(console: ConsoleBrowser) -> None:
    console.sign_in()
    page = console.get(REFUSED, sender="nobody")
    assert "No customer was refused in this selection" in page.text
    assert "0 of 0 customers refused" in page.text


def test_the_last_days_are_shown_unless_others_are_chosen(console: ConsoleBrowser, batch_id: UUID) -> None:
    console.sign_in()
    page = console.get(REFUSED)
    assert LONG in page.text
    [since] = page.forms[3].values["since"]
    assert datetime.now(UTC).date() - timedelta(days=30) <= datetime.fromisoformat(since).date()
    everything = console.get(REFUSED, since="", until="")
    assert LONG in everything.text
    assert "Counts by code need a first and a last day" in everything.text


def test_refused_customers_are_found_by_sender_code_unit_and_day(console: ConsoleBrowser, batch_id: UUID) -> None:
    console.sign_in()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    for query, found in (
        ({"code": "C009"}, [LONG]),
        ({"code": "C012", "unit": "NORTH"}, [INJECTION]),
        ({"sender": "core-banking", "since": today, "until": today}, [INJECTION, LONG]),
        ({"until": "2024-05-26", "since": "2024-05-01"}, []),
        ({"unit": "EAST"}, []),
    ):
        page = console.get(REFUSED, **query)
        assert [text for text in (INJECTION, LONG) if text in page.text] == found, query
    assert page.status == 200


def test_the_totals_of_the_selection_say_what_each_code_means(console: ConsoleBrowser, batch_id: UUID) -> None:
    console.sign_in()
    page = console.get(REFUSED, sender="core-banking")
    assert "3 of 4 customers refused" in page.text
    assert "Send in applicationDate : a date" in page.text
    assert page.links["More about C009"] == "/console/help/errors#C009"
    targets = [attributes["href"] or "" for tag, attributes in page.tags if tag == "a"]
    only = console.get(next(target for target in targets if "code=C009" in target))
    assert (LONG in only.text, INJECTION in only.text) == (True, False)
    assert only.form(REFUSED).method == "post"
    assert only.forms[3].values["sender"] == ["core-banking"]


def test_one_search_tells_whether_a_customer_was_refused_and_why(console: ConsoleBrowser, batch_id: UUID) -> None:
    user = console.sign_in()
    page = find(console, customerExtId=INJECTION, communicationNumber="")
    assert "C012 ApplicationDate is mandatory in applicationDate" in page.text
    assert "/ ApplicationDate is not a date" not in page.text
    assert f"/console/batches/{batch_id}" in page.links.values()
    assert "<script>alert" not in page.response.text
    assert [target for target in page.links.values() if "script" in target] == []
    assert INJECTION not in page.title
    assert INJECTION in find(console, communicationNumber="message-1").text
    assert "No: no refused customer" in find(console, customerExtId=LONG, communicationNumber="message-1").text
    assert "C009" in find(console, customerExtId=LONG).links
    page = find(console, customerExtId="c/1")
    assert "See whether it was accepted, and what it says" in page.text
    assert ("button", "find-customer", "c/1") in [
        (tag, attributes.get("form"), attributes.get("value")) for tag, attributes in page.tags
    ]
    entries = console.store.audit.latest_entries(EntryFilter(actor=user.name), limit=9)
    assert [entry.subject for entry in entries if entry.action == Action.REJECTIONS_READ.text][-1] == INJECTION


def test_a_search_takes_blanks_around_an_identifier_that_has_them_and_for_one_that_has_not(
    console: ConsoleBrowser, batch_id: UUID
) -> None:
    console.sign_in()
    assert "C011" in find(console, customerExtId=" spaced ").links
    assert "C009" in find(console, customerExtId=f" {LONG}\t").links


@pytest.mark.parametrize("fields", [{}, {"customerExtId": " "}])
def test_a_search_for_nothing_is_told_at_the_field(console: ConsoleBrowser, fields: dict[str, str]) -> None:
    console.sign_in()
    page = find(console, **fields)
    assert page.status == 200
    assert "Enter an identifier" in page.text
    assert ("a", {"href": "#customerExtId"}) in page.tags


def test_a_long_list_of_one_customer_is_paged_without_its_identifier_in_a_url(
    console: ConsoleBrowser,
) -> None:
    feed = add_sender(console, "NORTH")
    send_batch(console, feed, *(refused(customerExtId="often") for _ in range(60)))
    console.sign_in()
    first = find(console, customerExtId="often")
    assert first.response.text.count("often</bdi>") == 50
    following = first.forms[-2]
    assert (following.action, following.method) == (REFUSED, "post")
    second = console.post(REFUSED, following.values)
    assert second.response.text.count("often</bdi>") == 10
    by_code = console.get(console.get(REFUSED, sender=feed.name, code="C012").links["Next page"])
    assert by_code.response.text.count("often</bdi>") == 10


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"load": "x"},
        {"customerExtId": "c-1"},
        {"cursor": "01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90.9999999999"},
    ],
)
def test_nonsense_that_no_page_sends_is_refused_with_a_message(console: ConsoleBrowser, query: dict[str, str]) -> None:
    console.sign_in()
    page = console.get(REFUSED, **query)
    assert (page.status, page.text != "") == (400, True)
    assert "c-1" not in page.text


def test_refused_customers_of_a_file_lead_to_their_load_and_have_their_row(console: ConsoleBrowser) -> None:
    load = send_file(console, add_sender(console, "NORTH"), make_csv(3, applicationDate="yesterday"))
    console.sign_in()
    page = console.get(REFUSED, load=str(load.id))
    assert page.links["row 4 of a file"] == f"/console/loads/{load.id}"
    assert "Show those of all loads" in page.links


@pytest.mark.parametrize(
    ("roles", "granted", "seen"),
    [
        (Role.ADMIN, (), [INJECTION, LONG]),
        (Role.READ, ("NORTH",), [INJECTION]),
        (Role.READ, ("NORTH", "SOUTH"), [INJECTION, LONG]),
        (Role.READ, (), []),
        (Role.SUBMIT, ("NORTH", "SOUTH"), []),
        (Role.SUBMIT | Role.READ, ("SOUTH",), [LONG]),
    ],
)
def test_a_user_sees_the_refused_customers_of_its_units(
    console: ConsoleBrowser, batch_id: UUID, roles: Role, granted: tuple[str, ...], seen: list[str]
) -> None:
    console.sign_in(roles, granted)
    page = console.get(REFUSED, sender="core-banking")
    assert [text for text in (INJECTION, LONG) if text in page.text] == seen
    [select] = [form.choices["unit"] for form in page.forms if "unit" in form.choices]
    assert select == ["", *(("NORTH", "SOUTH") if roles is Role.ADMIN else granted)]
    assert [text for text in (INJECTION, LONG) if "C012" in find(console, customerExtId=text).links] == seen
    exported = console.post(EXPORT, {"sender": "core-banking", "format": "ndjson"}).response.text
    ids = [json.loads(line)["customerExtId"] for line in exported.splitlines()]
    assert [text for text in (INJECTION, LONG) if text in ids] == seen


@pytest.mark.parametrize("roles", [Role.WATCH, Role.AUDIT])
def test_other_roles_see_no_refused_customers(console: ConsoleBrowser, roles: Role) -> None:
    console.sign_in(roles)
    assert console.get(REFUSED).status == 403
    assert find(console, customerExtId="c-1").status == 403
    assert console.post(EXPORT, {"format": "csv"}).status == 403
    console.sign_out()
    assert console.post(EXPORT, {"format": "csv"}).location == "/console/sign-in"


def test_the_list_is_downloaded_as_csv(console: ConsoleBrowser, batch_id: UUID) -> None:
    user = console.sign_in()
    form = console.get(REFUSED, sender="core-banking", code="C012", unit="SOUTH").form(EXPORT)
    response = console.post(EXPORT, {**form.values, "format": "csv"}).response
    assert response.headers["content-disposition"] == 'attachment; filename="refused.csv"'
    assert response.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["customerExtId"] for row in rows] == [LONG, " spaced "]
    assert rows[0]["batchId"] == str(batch_id)
    assert rows[0]["codes"] == "C009 C012"
    assert rows[0]["errors"].startswith("RiskLevel is not valid")
    [entry] = console.store.audit.latest_entries(EntryFilter(actor=user.name), limit=1)
    assert entry.action == Action.REJECTIONS_EXPORTED.text
    assert (entry.details["code"], entry.details["businessUnit"]) == ("C012", "SOUTH")


def test_a_formula_or_a_control_character_does_not_reach_a_spreadsheet(console: ConsoleBrowser) -> None:
    send_batch(console, add_sender(console, "NORTH"), refused(customerExtId="=1+1\u202e"))
    console.sign_in()
    response = console.post(EXPORT, {"customerExtId": "=1+1\u202e", "format": "csv"}).response
    [row] = list(csv.DictReader(io.StringIO(response.text)))
    assert row["customerExtId"] == "'=1+1\\u202e"


def test_the_list_of_one_customer_is_downloaded_too(console: ConsoleBrowser, batch_id: UUID) -> None:
    user = console.sign_in()
    form = find(console, customerExtId=INJECTION).form(EXPORT)
    response = console.post(EXPORT, {**form.values, "format": "ndjson"}).response
    [found] = [json.loads(line) for line in response.text.splitlines()]
    assert (found["customerExtId"], found["communicationNumber"]) == (INJECTION, "message-1")
    [entry] = console.store.audit.latest_entries(EntryFilter(actor=user.name), limit=1)
    assert entry.subject == INJECTION


def test_the_counts_are_downloaded_as_csv(console: ConsoleBrowser, batch_id: UUID) -> None:
    console.sign_in()
    form = console.get(REFUSED, code="C009").form(EXPORT)
    response = console.post(EXPORT, {**form.values, "format": "counts"}).response
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["mentioned"] for row in rows if row["code"] == "C009"] == ["1"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"format": "pdf"},
        {"format": "csv", "since": "x"},
        {"format": "csv", "load": "x"},
        {"format": "counts"},
        {"format": "counts", "since": "2020-01-01"},
        {"format": "counts", "customerExtId": "c-1"},
    ],
)
def test_an_export_that_no_page_offers_is_refused_with_a_message(
    console: ConsoleBrowser, fields: dict[str, str]
) -> None:
    console.sign_in()
    page = console.post(EXPORT, fields)
    assert (page.status, page.text != "") == (400, True)
