"""Searching a customer: by identifier, by communication number, from the head of each page."""

import pytest

from muster.auth.users import Role
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.customers.customer_samples import CORPUS, NORTH, build, save

pytestmark = pytest.mark.usefixtures("units")


def test_identifier_leads_to_the_customer(console: ConsoleBrowser) -> None:
    save(console, build("found/1"))
    console.sign_in(*NORTH)
    for sent in ("found/1", " found/1 "):
        page = console.post("/console/customers", {"customerExtId": sent})
        assert (page.status, page.location) == (303, "/console/customers/found%2F1?unit=NORTH")
    assert console.get(page.location).status == 200


def test_identifier_with_spaces_around_it_is_found_too(console: ConsoleBrowser) -> None:
    save(console, build(" spaced "))
    console.sign_in(*NORTH)
    assert console.post("/console/customers", {"customerExtId": " spaced "}).location.startswith(
        "/console/customers/%20"
    )


def test_communication_number_leads_to_the_version_that_it_brought(console: ConsoleBrowser) -> None:
    save(console, build("message"), build("message", 2))
    console.sign_in(*NORTH)
    page = console.post("/console/customers", {"communicationNumber": "number of message in NORTH 1"})
    assert page.location == "/console/customers/message?unit=NORTH&version=1"
    assert "It was replaced by version 2" in console.get(page.location).text


@pytest.mark.parametrize("name", ["customerExtId", "communicationNumber"])
@pytest.mark.parametrize("value", ["nobody", *CORPUS, "x" * 10_000])
def test_unknown_identifier_is_a_message_that_asks_whether_it_was_refused(
    console: ConsoleBrowser, name: str, value: str
) -> None:
    console.sign_in(*NORTH)
    page = console.post("/console/customers", {name: value})
    assert page.status == 200
    assert page.form("/console/refused").values == {name: [value]}
    assert page.form("/console/refused").method == "post"
    assert ("script", {}) not in page.tags
    assert value not in page.title


def test_head_of_each_page_finds_a_customer_by_its_identifier_or_by_a_number(console: ConsoleBrowser) -> None:
    save(console, build("anywhere"))
    console.sign_in(*NORTH)
    assert "find" in console.get("/console/").form("/console/customers").values
    path = "/console/customers/anywhere?unit=NORTH"
    assert console.post("/console/customers", {"find": "anywhere "}).location == path
    number = {"find": "number of anywhere in NORTH 1"}
    assert console.post("/console/customers", number).location == f"{path}&version=1"


@pytest.mark.parametrize("value", ["nobody", *CORPUS, "x" * 10_000])
def test_what_the_head_does_not_find_may_have_been_refused_by_both_identifiers(
    console: ConsoleBrowser, value: str
) -> None:
    console.sign_in(*NORTH)
    page = console.post("/console/customers", {"find": value})
    asked = [form.values for form in page.forms if form.action == "/console/refused"]
    assert asked == [{"customerExtId": [value]}, {"communicationNumber": [value]}]
    assert ("script", {}) not in page.tags


def test_head_finds_nothing_of_units_that_a_reader_may_not_see(console: ConsoleBrowser) -> None:
    save(console, build("hidden", unit="SOUTH"))
    console.sign_in(*NORTH)
    for value in ("hidden", "number of hidden in SOUTH 1"):
        assert "No customer that you may read" in console.post("/console/customers", {"find": value}).text
    console.sign_in(Role.AUDIT)
    assert not [form for form in console.get("/console/").forms if form.action == "/console/customers"]


@pytest.mark.parametrize("fields", [{"customerExtId": " "}, {"customerExtId": "a", "communicationNumber": "b"}])
def test_search_takes_one_identifier(console: ConsoleBrowser, fields: dict[str, str]) -> None:
    console.sign_in(*NORTH)
    page = console.post("/console/customers", fields)
    assert "Enter a customer's identifier or a communication number." in page.text
    assert page.links["Enter a customer's identifier or a communication number."] == "#customerExtId"


def test_identifier_of_several_units_leads_to_a_choice(console: ConsoleBrowser) -> None:
    save(console, build("twin", firstName="Nora"), build("twin", unit="SOUTH", firstName="Sara"))
    console.sign_in()
    page = console.get(console.post("/console/customers", {"customerExtId": "twin"}).location)
    assert "Nora" not in page.text
    assert "Sara" in console.get(page.links["SOUTH"]).text
    assert console.post("/console/customers", {"customerExtId": "twin", "unit": "SOUTH"}).location.endswith(
        "unit=SOUTH"
    )


def test_reader_finds_the_customers_of_its_units_alone(console: ConsoleBrowser) -> None:
    save(console, build("theirs", unit="SOUTH"))
    console.sign_in(*NORTH)
    for fields in (
        {"customerExtId": "theirs"},
        {"customerExtId": "theirs", "unit": "SOUTH"},
        {"communicationNumber": "number of theirs in SOUTH 1"},
    ):
        assert console.post("/console/customers", fields).form("/console/refused").method == "post"
    assert not any("unit" in form.choices for form in console.get("/console/customers").forms)


def test_sender_is_told_when_it_may_not_read_what_it_sent(console: ConsoleBrowser) -> None:
    save(console, build("own", unit="SOUTH"))
    console.sign_in(Role.READ | Role.SUBMIT, ("NORTH",), name="sender")
    page = console.post("/console/customers", {"communicationNumber": "number of own in SOUTH 1"})
    assert "of a business unit that you may not read" in page.text


# The document
