"""The audit log in the console: filters, pages, files, and the verification of its chain."""

import csv
import io
import json

import httpx
import pytest
from sqlalchemy import text

from muster.audit.events import Action, AuditEvent, ChainHead, EntryFilter
from muster.audit.reader import VerifiedPart
from muster.auth.users import Role
from muster.web.console.audit import VerificationView
from muster.web.console.forms import Form
from muster.web.console.rendering import render
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.pages import ConsolePage

PATH = "/console/audit"
HOSTILE = "<script>alert(1)</script>\"'&\u202e"


@pytest.fixture(scope="module", autouse=True)
def entries(console: ConsoleBrowser) -> None:
    """Reads of one customer by one user, one of another with a hostile identifier, and a load."""
    audit = console.store.audit
    login = {"credential": "token:3f9a0c71be52", "address": "192.0.2.1"}
    for _ in range(52):
        audit.append(AuditEvent("rita", Action.CUSTOMER_READ, "c-1", {"businessUnit": "MAIN", **login}))
    audit.append(AuditEvent("os:root", Action.CUSTOMER_READ, HOSTILE, {"businessUnit": HOSTILE}))
    audit.append(AuditEvent("", Action.SIGN_IN_REFUSED, "", {"address": "192.0.2.7", "scheme": "Basic"}))
    audit.append(AuditEvent("carl", Action.LOAD_STARTED, "01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90", {"bytes": 7}))


def test_entries_are_sentences_newest_first_with_links_to_what_they_are_about(console: ConsoleBrowser) -> None:
    console.sign_in(Role.AUDIT | Role.READ)
    page = console.get(PATH)

    assert page.text.index("started the load") < page.text.index("failed to authenticate as an unknown user")
    assert "read the customer c-1 of MAIN" in page.text
    assert "from 192.0.2.1" in page.text
    assert "the token 3f9a0c71be52" in page.text
    assert page.links["c-1"] == "/console/customers/c-1?unit=MAIN"
    assert page.links["01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90"].startswith("/console/loads/")


def test_an_administrator_comes_from_an_entry_to_the_page_of_its_user(console: ConsoleBrowser) -> None:
    console.store.audit.append(AuditEvent("os:root", Action.USER_DISABLED, "carl"))
    user = console.sign_in(Role.ADMIN, name="carla")
    console.store.audit.append(AuditEvent("os:root", Action.USER_CHANGED, user.name))
    target = console.get(PATH).links["carla"]
    assert "carla" not in target
    assert "carla" in console.get(target).text


def test_an_auditor_who_may_not_read_customers_gets_no_links_to_them(console: ConsoleBrowser) -> None:
    console.sign_in(Role.AUDIT)
    assert "c-1" not in console.get(PATH).links


def test_only_auditors_and_administrators_see_it(console: ConsoleBrowser) -> None:
    console.sign_in(Role.SUBMIT | Role.READ | Role.WATCH)
    pages = [console.get(PATH), console.get(f"{PATH}/verification")]
    pages += [console.post(f"{PATH}{path}") for path in ("", "/export", "/verification")]
    assert [page.status for page in pages] == [403] * 5


def test_hostile_text_is_shown_as_text(console: ConsoleBrowser) -> None:
    console.sign_in(Role.ADMIN)
    page = console.post(PATH, {"subject": HOSTILE})
    assert "<script>alert(1)</script>\"'&\\u202e" in page.text
    assert not [tag for tag, attributes in page.tags if tag == "script" and "src" not in attributes]
    assert page.form(PATH).values["subject"] == [HOSTILE]


def test_names_and_identifiers_stand_in_no_url(console: ConsoleBrowser) -> None:
    console.sign_in(Role.AUDIT)
    page = console.post(PATH, {"actor": "rita", "subject": "c-1", "since": "", "action": ""})
    assert page.status == 200
    assert page.text.count("read the customer c-1") == 50
    assert not any("rita" in target or "c-1" in target for target in page.links.values())

    following = console.post(PATH, _form_with(page, "cursor"))
    assert following.text.count("read the customer c-1") == 2
    assert "First page" in following.text


def test_time_and_action_stand_in_the_url_of_the_page(console: ConsoleBrowser) -> None:
    console.sign_in(Role.AUDIT)
    page = console.post(PATH, {"since": "2024-01-01", "until": "", "actor": "", "action": "customer.read"})
    assert page.location == f"{PATH}?since=2024-01-01&action=customer.read"

    shown = console.get(page.location)
    assert "started the load" not in shown.text
    following = console.get(shown.links["Next page"])
    assert following.text.count("read the customer") == 3
    assert following.links["First page"] == page.location


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"since": "soon", "actor": "rita"}, "From takes a day"),
        ({"until": "9999-99-99", "actor": "rita"}, "To takes a day"),
        ({"since": "2024-02-02", "until": "2024-02-01", "actor": "rita"}, "last day is before"),
        ({"action": "customer.eaten", "actor": "rita"}, "Choose one of the actions"),
        ({"actor": "nobody\u202e"}, "No entry matches"),
    ],
    ids=str,
)
def test_nonsense_in_a_field_is_told(console: ConsoleBrowser, fields: dict[str, str], message: str) -> None:
    console.sign_in(Role.AUDIT)
    page = console.post(PATH, fields)
    assert page.status == 200
    assert message in page.text


@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "actor=rita", "subject=c-1", "action=a&action=b"])
def test_a_query_that_no_page_has_is_refused(console: ConsoleBrowser, query: str) -> None:
    console.sign_in(Role.AUDIT)
    assert console.get(f"{PATH}?{query}").status == 400


def test_a_selection_is_downloaded_whole(console: ConsoleBrowser) -> None:
    console.sign_in(Role.AUDIT)
    fields = {"actor": "rita", "subject": "c-1"}
    table = console.post(f"{PATH}/export", {**fields, "format": "csv"}).response
    lines = console.post(f"{PATH}/export", {**fields, "format": "ndjson"}).response

    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert len(rows) == 52
    assert rows[0]["credential"] == "token:3f9a0c71be52"
    assert table.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    assert {json.loads(line)["actor"] for line in lines.text.splitlines()} == {"rita"}
    last = console.store.audit.latest_entries(EntryFilter(action="audit.read"), limit=1)[0]
    assert (last.details["export"], last.details["subject"]) == (True, "c-1")


@pytest.mark.parametrize("fields", [{}, {"format": "xml"}, {"format": "csv", "since": "soon"}], ids=str)
def test_a_download_that_no_page_offers_is_refused(console: ConsoleBrowser, fields: dict[str, str]) -> None:
    console.sign_in(Role.AUDIT)
    assert console.post(f"{PATH}/export", fields).status == 400


def test_verification_says_what_is_verified_and_gives_a_checkpoint_for_the_next_one(console: ConsoleBrowser) -> None:
    console.sign_in(Role.AUDIT)
    page = console.post(f"{PATH}/verification", {"checkpoint": ""})
    assert "entries are as they were written" in page.text
    checkpoint = _find_checkpoint(page)

    again = console.post(f"{PATH}/verification", {"checkpoint": checkpoint})
    assert "The entries before were not verified" in again.text


def test_a_checkpoint_that_is_none_is_told_at_its_field(console: ConsoleBrowser) -> None:
    console.sign_in(Role.AUDIT)
    page = console.post(f"{PATH}/verification", {"checkpoint": "7:" + "g" * 64, "first": "x" * 99})
    assert "A checkpoint is a number, a colon" in page.text


def test_another_hash_than_that_of_a_checkpoint_breaks_the_log(console: ConsoleBrowser) -> None:
    console.sign_in(Role.AUDIT)
    page = console.post(f"{PATH}/verification", {"checkpoint": f"2:{'5e' * 32}"})
    assert "The audit log is broken" in page.text
    assert "Entry 2 was changed" in page.text or "does not have the hash" in page.text


def test_a_changed_entry_is_told_loudly(console: ConsoleBrowser) -> None:
    with console.store.engine.begin() as connection:
        triggers = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_log_stays_%'")
        ).all()
        for name, _ in triggers:
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("UPDATE audit_log SET subject = 'c-9' WHERE number = 5"))
    console.sign_in(Role.AUDIT)
    page = console.post(f"{PATH}/verification")

    assert "Entry 5 was changed, or an entry before it" in page.text
    assert ("div", "alert") in [(tag, attributes.get("role")) for tag, attributes in page.tags]
    with console.store.engine.begin() as connection:
        connection.execute(text("UPDATE audit_log SET subject = 'c-1' WHERE number = 5"))
        for _, sql in triggers:
            connection.execute(text(sql))
    assert "All" in console.post(f"{PATH}/verification").text


def test_a_long_verification_goes_on_from_where_a_step_ended(console: ConsoleBrowser) -> None:
    user = console.sign_in(Role.AUDIT)
    part = VerifiedPart(1001, ChainHead(2000, b"\x5e" * 32), 5000, is_complete=False)
    content = render("audit_verification.html", user=user, form=Form(), result=VerificationView(1, part)).content
    page = ConsolePage(httpx.Response(200, text=content.decode()))

    assert "The entries 1 to 2 000 are as they were written" in page.text
    assert page.form(f"{PATH}/verification").values == {"first": ["1"], "checkpoint": [f"2000:{'5e' * 32}"]}


def _form_with(page: ConsolePage, name: str) -> dict[str, list[str]]:
    return next(form.values for form in page.forms if name in form.values)


def _find_checkpoint(page: ConsolePage) -> str:
    return page.text.partition("give it to the next verification. ")[2].partition(" ")[0]
