"""Authorization of the console: the status of every route by role and business unit, and what no request may do."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Final

import pytest

from muster.auth.users import Role, User
from tests.web.console.all_routes import SampleRecords, add_sample_records, list_routes
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.pages import ConsolePage

USERS: Final[Mapping[str, User | None]] = {
    "anonymous": None,
    "sender": User("sender", Role.SUBMIT, ("NORTH",)),
    "another sender": User("another sender", Role.SUBMIT, ("NORTH",)),
    "reader of NORTH": User("reader of NORTH", Role.READ, ("NORTH",)),
    "reader of SOUTH": User("reader of SOUTH", Role.READ, ("SOUTH",)),
    "admin": User("admin", Role.ADMIN, ("NORTH",), "$argon2id$…"),
    "watcher": User("watcher", Role.WATCH, ("NORTH",)),
    "auditor": User("auditor", Role.AUDIT, ("NORTH",)),
    "no role": User("no role", Role(0), ("NORTH",)),
}

# The status for each user, in the order of `USERS`, on records that the sender saved in NORTH.
EXPECTED: Final[Mapping[str, tuple[int, ...]]] = {
    "GET /console/sign-in": (200, 200, 200, 200, 200, 200, 200, 200, 200),
    "POST /console/sign-in": (303, 303, 303, 303, 303, 303, 303, 303, 303),
    # Nobody: the service has no OpenID provider.
    "GET /console/sign-in/provider": (404, 404, 404, 404, 404, 404, 404, 404, 404),
    "GET /console/sign-in/callback": (404, 404, 404, 404, 404, 404, 404, 404, 404),
    "POST /console/sign-out": (303, 303, 303, 303, 303, 303, 303, 303, 303),
    "GET /console/sessions": (303, 200, 200, 200, 200, 200, 200, 200, 200),
    "POST /console/sessions/end": (303, 303, 303, 303, 303, 303, 303, 303, 303),
    "GET /console/static/{digest:str}/{name:str}": (200, 200, 200, 200, 200, 200, 200, 200, 200),
    "GET /console": (303, 200, 200, 200, 200, 200, 200, 200, 200),
    "GET /console/batches": (303, 200, 200, 200, 200, 200, 403, 403, 403),
    "GET /console/batches/{batchId:str}": (303, 200, 404, 200, 200, 200, 403, 403, 403),
    "GET /console/customers": (303, 403, 403, 200, 200, 200, 403, 403, 403),
    # Who does not see the customer stays on the page that searches.
    "POST /console/customers": (303, 403, 403, 303, 200, 303, 403, 403, 403),
    "GET /console/customers/{customerExtId:str}": (303, 403, 403, 200, 404, 200, 403, 403, 403),
    "GET /console/customers/{customerExtId:str}/document.json": (303, 403, 403, 200, 404, 200, 403, 403, 403),
    "GET /console/customers/{customerExtId:str}/readers": (303, 403, 403, 200, 404, 200, 403, 403, 403),
    "GET /console/customers/{customerExtId:str}/versions": (303, 403, 403, 200, 404, 200, 403, 403, 403),
    "GET /console/loads": (303, 200, 200, 200, 200, 200, 403, 403, 403),
    "GET /console/loads/{loadId:str}": (303, 200, 404, 200, 200, 200, 403, 403, 403),
    "GET /console/loads/{loadId:str}/refused": (303, 200, 404, 404, 404, 200, 403, 403, 403),
    "GET /console/loads/{loadId:str}/results": (303, 200, 404, 200, 200, 200, 403, 403, 403),
    "GET /console/loads/{loadId:str}/cancel": (303, 200, 404, 403, 403, 200, 403, 403, 403),
    "POST /console/loads/{loadId:str}/cancel": (303, 303, 404, 403, 403, 303, 403, 403, 403),
    "GET /console/load-file": (303, 200, 200, 403, 403, 200, 403, 403, 403),
    "POST /console/load-file": (303, 303, 303, 403, 403, 303, 403, 403, 403),
    # An upload is its sender's: an administrator may cancel the load of another user, and not go on with it.
    "GET /console/load-file/{loadId:str}": (303, 200, 404, 403, 403, 403, 403, 403, 403),
    "POST /console/load-file/{loadId:str}": (303, 303, 404, 403, 403, 403, 403, 403, 403),
    "POST /console/load-file/{loadId:str}/encoding": (303, 303, 404, 403, 403, 403, 403, 403, 403),
    "POST /console/load-file/{loadId:str}/sheet": (303, 303, 404, 403, 403, 403, 403, 403, 403),
    "GET /console/load-file/{loadId:str}/mapping": (303, 200, 404, 403, 403, 403, 403, 403, 403),
    "POST /console/load-file/{loadId:str}/mapping": (303, 303, 404, 403, 403, 403, 403, 403, 403),
    "POST /console/load-file/{loadId:str}/load": (303, 303, 404, 403, 403, 403, 403, 403, 403),
    "POST /console/load-file/{loadId:str}/discard": (303, 303, 404, 403, 403, 403, 403, 403, 403),
    "GET /console/load-file/mappings": (303, 200, 200, 403, 403, 200, 403, 403, 403),
    "POST /console/load-file/mappings/delete": (303, 303, 303, 403, 403, 303, 403, 403, 403),
    "GET /console/refused": (303, 200, 200, 200, 200, 200, 403, 403, 403),
    "POST /console/refused": (303, 200, 200, 200, 200, 200, 403, 403, 403),
    "POST /console/refused/export": (303, 200, 200, 200, 200, 200, 403, 403, 403),
    "GET /console/code-lists": (303, 200, 200, 200, 200, 200, 200, 200, 200),
    "GET /console/code-lists/{name:str}": (303, 200, 200, 200, 200, 200, 200, 200, 200),
    "GET /console/code-lists/{name:str}/add": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "POST /console/code-lists/{name:str}/add": (303, 403, 403, 403, 403, 303, 403, 403, 403),
    "GET /console/code-lists/{name:str}/edit": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "POST /console/code-lists/{name:str}/edit": (303, 403, 403, 403, 403, 303, 403, 403, 403),
    "POST /console/code-lists/{name:str}/remove": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "GET /console/code-lists/import": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "POST /console/code-lists/import": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "POST /console/code-lists/import/apply": (303, 403, 403, 403, 403, 303, 403, 403, 403),
    "POST /console/code-lists/uses": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "GET /console/users": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "POST /console/users": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "GET /console/users/new": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "POST /console/users/new": (303, 403, 403, 403, 403, 303, 403, 403, 403),
    "GET /console/users/{reference:str}": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "POST /console/users/{reference:str}/rights": (303, 403, 403, 403, 403, 303, 403, 403, 403),
    "POST /console/users/{reference:str}/password": (303, 403, 403, 403, 403, 303, 403, 403, 403),
    "POST /console/users/{reference:str}/tokens": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "POST /console/users/{reference:str}/tokens/revoke": (303, 403, 403, 403, 403, 303, 403, 403, 403),
    "GET /console/users/{reference:str}/disable": (303, 403, 403, 403, 403, 200, 403, 403, 403),
    "POST /console/users/{reference:str}/disable": (303, 403, 403, 403, 403, 303, 403, 403, 403),
    "POST /console/users/{reference:str}/enable": (303, 403, 403, 403, 403, 303, 403, 403, 403),
    "GET /console/audit": (303, 403, 403, 403, 403, 200, 403, 200, 403),
    "POST /console/audit": (303, 403, 403, 403, 403, 200, 403, 200, 403),
    "POST /console/audit/export": (303, 403, 403, 403, 403, 200, 403, 200, 403),
    "GET /console/audit/verification": (303, 403, 403, 403, 403, 200, 403, 200, 403),
    "POST /console/audit/verification": (303, 403, 403, 403, 403, 200, 403, 200, 403),
    "GET /console/help": (303, 200, 200, 200, 200, 200, 200, 200, 200),
    "GET /console/help/fields": (303, 200, 200, 200, 200, 200, 200, 200, 200),
    "GET /console/help/errors": (303, 200, 200, 200, 200, 200, 200, 200, 200),
    "GET /console/help/files": (303, 200, 200, 200, 200, 200, 200, 200, 200),
}

_OF_PROVIDER: Final = {"GET /console/sign-in/provider", "GET /console/sign-in/callback"}
# The audit log has identifiers of customers and nothing else of them.
_SECRETS: Final = ("customerExtId", "communicationNumber", "firstName", "lastName")


@pytest.fixture(scope="module")
def records(console: ConsoleBrowser) -> SampleRecords:
    records = add_sample_records(console)
    for user in USERS.values():
        if user is not None and user.name != records.sender.name:
            console.store.users.add_user(user)
    return records


def enter(console: ConsoleBrowser, name: str, sessions: dict[str, str]) -> None:
    """The session of this user, or none. It is a new one after a request that ended the last."""
    console.sign_out()
    user = USERS[name]
    if user is None:
        return
    if name in sessions:
        console.use(sessions[name])
    if console.session is None:
        sessions[name] = console.resume(user)


def test_table_has_every_route_of_the_console() -> None:
    assert set(list_routes()) == EXPECTED.keys()


def test_every_route_is_open_to_the_users_of_the_table_alone(console: ConsoleBrowser, records: SampleRecords) -> None:
    statuses, targets, sessions = {}, set(), dict[str, str]()
    for route in EXPECTED:
        responses = []
        for name in USERS:
            enter(console, name, sessions)
            responses.append(records.send(route))
        statuses[route] = tuple(response.status_code for response in responses)
        if responses[0].status_code == 303:
            targets.add(responses[0].headers["location"])
    assert statuses == EXPECTED
    assert targets == {"/console/sign-in", "/console/"}  # the last one is that of who signs in


@pytest.mark.parametrize("name", ["another sender", "reader of SOUTH", "watcher", "auditor", "no role"])
def test_pages_that_are_open_to_all_show_nothing_of_records_that_the_user_may_not_see(
    console: ConsoleBrowser, records: SampleRecords, name: str
) -> None:
    enter(console, name, {})
    names = _SECRETS[1:] if name == "auditor" else _SECRETS
    secrets = [customer[field] for customer in (records.customer, records.refused_customer) for field in names]
    for route in EXPECTED:
        if route.startswith("GET") or "refused" in route:
            page = ConsolePage(records.send(route))
            shown = [secret for secret in secrets if secret in page.text and secret not in read_request(page)]
            assert shown == [], route


def test_form_of_another_site_is_refused_without_effect_on_every_route(
    console: ConsoleBrowser, records: SampleRecords
) -> None:
    enter(console, "admin", {})
    before = dump(console)
    for route in EXPECTED:
        if route.startswith("POST"):
            page = ConsolePage(records.send(route, {"Sec-Fetch-Site": "cross-site"}))
            assert (page.status, "did not come from a page of the console" in page.text) == (403, True), route
    assert dump(console) == before


def test_unknown_parameter_is_an_error_on_every_route(console: ConsoleBrowser, records: SampleRecords) -> None:
    enter(console, "admin", {})
    before = dump(console)
    for route in EXPECTED.keys() - _OF_PROVIDER:
        page = ConsolePage(records.send(route, unknown="1"))
        assert (page.status, "this path takes" in page.text) == (400, True), route
    assert dump(console) == before


def read_request(page: ConsolePage) -> str:
    """Path and form: a page may repeat what was entered."""
    request = page.response.request
    return f"{request.url} {request.content.decode()}"


def dump(console: ConsoleBrowser) -> list[str]:
    """The whole database."""
    with closing(sqlite3.connect(console.database)) as connection:
        return list(connection.iterdump())
