"""Users in the console: adding and changing them, and what nobody may do by mistake."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from litestar.testing import TestClient

from muster.audit.events import Action, AuditEntry, EntryFilter
from muster.auth.passwords import verify_password
from muster.auth.users import Role, User
from muster.bootstrap import make_service
from muster.settings import Settings
from muster.storage import open_storage
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.pages import ConsolePage

PASSWORD = "correct horse battery"
HASH = "$argon2id$…"


@pytest.fixture(scope="module", autouse=True)
def other_administrator(console: ConsoleBrowser) -> None:
    """So that those of the tests are not the last one."""
    console.store.users.add_user(User("keeper", Role.ADMIN, (), HASH))


def add_user(console: ConsoleBrowser, name: str, roles: Role = Role.READ, **more: object) -> User:
    user = User(name, roles, **more)  # type: ignore[arg-type]
    console.store.users.add_user(user)
    return user


def open_user(console: ConsoleBrowser, name: str) -> str:
    """The path of a user's page, as the list links to it."""
    found = console.post("/console/users", {"part": name})
    return next(path for text, path in found.links.items() if text == name)


def send(console: ConsoleBrowser, path: str, **fields: str | list[str]) -> ConsolePage:
    return console.post(path, fields)


def find_entries(console: ConsoleBrowser, action: Action, subject: str) -> list[AuditEntry]:
    criteria = EntryFilter(action=action.text, subject=subject)
    return list(console.store.audit.entries(criteria, after=0, limit=10))


@pytest.mark.parametrize("roles", [Role.SUBMIT, Role.READ, Role.WATCH, Role.AUDIT, Role(0)], ids=str)
def test_only_administrators_see_users(console: ConsoleBrowser, roles: Role) -> None:
    add_user(console, f"target of {roles!r}")
    console.sign_in(roles)
    assert "Users" not in console.get("/console/").links
    paths = ("/console/users", "/console/users/new", "/console/users/0123", "/console/users/0123/disable")
    assert {console.get(path).status for path in paths} == {403}
    actions = ("", "/new", "/0123/rights", "/0123/password", "/0123/disable", "/0123/enable", "/0123/tokens")
    assert {console.post(f"/console/users{action}").status for action in (*actions, "/0123/tokens/revoke")} == {403}


def test_list_shows_roles_units_state_password_and_valid_tokens(console: ConsoleBrowser) -> None:
    add_user(console, "list-bot", Role.SUBMIT | Role.READ, business_units=("MAIN", "GONE"), disabled=True)
    console.sign_in()
    page = console.post("/console/users", {"part": "LIST-bot"})
    assert "list-bot submit, read MAIN (default) , GONE disabled no 0 not known" in page.text
    assert "No name has this part" in console.post("/console/users", {"part": "nobody at all"}).text


def test_long_list_has_pages(console: ConsoleBrowser) -> None:
    for number in range(60):
        add_user(console, f"many-{number:02}")
    console.sign_in()
    first = console.get("/console/users")
    second = console.get(first.links["Next page"])
    assert first.links.keys().isdisjoint(name for name in second.links if name.startswith("many-"))
    assert "First page" in second.links
    found = console.post("/console/users", {"part": "many-"})
    assert "The first 50 of 60 users that match" in found.text
    assert console.get("/console/users", cursor="x").status == 400
    assert "There are no more users" in console.get("/console/users", cursor="99999").text


def test_names_stand_in_no_address_and_no_title(console: ConsoleBrowser) -> None:
    add_user(console, "Maria Garcia")
    console.sign_in()
    path = open_user(console, "Maria Garcia")
    page = console.get(path)
    assert "Maria Garcia" in page.text
    assert "Garcia" not in path + page.title + "".join(page.links.values()) + "".join(f.action for f in page.forms)
    console.sign_in()
    gone = console.get(path)
    assert gone.status == 404
    assert "find the user in the list" in gone.text


def test_user_is_added_with_roles_default_unit_and_password(console: ConsoleBrowser) -> None:
    actor = console.sign_in()
    form = console.get("/console/users/new").form("/console/users/new")
    assert set(form.values) == {"name", "password", "repeated"}
    page = send(
        console,
        "/console/users/new",
        name=" new one ",
        roles=["read", "audit"],
        units="MAIN",
        password=PASSWORD,
        repeated=PASSWORD,
    )
    assert page.status == 303
    assert "The user was added" in console.get(page.location).text
    user = console.store.users.user("new one")
    assert user is not None
    assert (user.roles, user.business_units) == (Role.READ | Role.AUDIT, ("MAIN",))
    assert verify_password(user.password_hash or "", PASSWORD)

    [entry] = find_entries(console, Action.USER_ADDED, "new one")
    assert entry.actor == actor.name
    assert entry.details["role"] == "read,audit"
    assert str(entry.details["credential"]).startswith("session:")
    assert entry.details["address"] == "testclient"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "Enter a name of 1 to 256 printable characters"),
        ({"name": "a:b"}, "without a colon"),
        ({"name": "x" * 257}, "Enter a name of 1 to 256"),
        ({"name": "a\u202eb"}, "printable characters"),
        ({"roles": "boss"}, "Choose at least one role"),
        ({"roles": []}, "Choose at least one role"),
        ({"units": "NOWHERE"}, "One of these business units does not exist"),
        ({"default": "MAIN"}, "Choose the default business unit here"),
        ({"password": "short", "repeated": "short"}, "Use at least 8 characters"),
        ({"password": PASSWORD, "repeated": "another one"}, "The passwords differ"),
        ({"password": "x" * 1025, "repeated": "x" * 1025}, "Use at most 1024 bytes"),
        ({"name": "keeper"}, "There is a user with this name already"),
    ],
    ids=str,
)
def test_what_can_not_be_is_said_at_its_field(
    console: ConsoleBrowser, fields: Mapping[str, str | list[str]], message: str
) -> None:
    console.sign_in()
    count = len(console.store.users.users())
    page = console.post("/console/users/new", {"name": "never added", "roles": "read", **fields})
    assert page.status == 200
    assert page.text.count(message) == 2  # in the summary and at the field
    assert len(console.store.users.users()) == count


def test_rights_are_changed_and_units_that_are_gone_can_stay(console: ConsoleBrowser) -> None:
    add_user(console, "rights", Role.SUBMIT, business_units=("OLD",))
    console.sign_in()
    path = open_user(console, "rights")
    page = console.get(path)
    assert "OLD (does not exist any more)" in page.text
    assert page.form(f"{path}/rights").values["units"] == ["OLD"]

    changed = send(console, f"{path}/rights", roles=["submit", "read"], units=["OLD", "MAIN"], default="MAIN")
    assert "were changed" in console.get(changed.location).text
    user = console.store.users.user("rights")
    assert user is not None
    assert (user.roles, user.business_units) == (Role.SUBMIT | Role.READ, ("MAIN", "OLD"))


def test_administrator_confirms_to_lose_its_own_role(console: ConsoleBrowser) -> None:
    me = console.sign_in()
    path = open_user(console, me.name)
    asked = send(console, f"{path}/rights", roles="read")
    assert "You would take the role admin from yourself" in asked.text
    assert asked.form(f"{path}/rights").values.get("roles") == ["read"]
    assert console.store.users.user(me.name) == me

    assert send(console, f"{path}/rights", roles="read", confirmed="yes").status == 303
    assert console.get("/console/users").status == 403


def test_administrator_is_told_what_disabling_itself_means_and_is_signed_out(console: ConsoleBrowser) -> None:
    me = console.sign_in()
    path = open_user(console, me.name)
    assert "This is you" in console.get(f"{path}/disable").text
    assert send(console, f"{path}/disable").status == 303
    assert console.get("/console/").location == "/console/sign-in"


def test_the_last_administrator_with_a_password_stays(console: ConsoleBrowser) -> None:
    for user in console.store.users.users():
        if user.name != "keeper" and Role.ADMIN in user.roles:
            console.store.users.disable_user(user.name)
    keeper = console.store.users.user("keeper")
    assert keeper is not None
    console.resume(keeper)
    path = open_user(console, "keeper")
    for page in (send(console, f"{path}/rights", roles="read", confirmed="yes"), send(console, f"{path}/disable")):
        assert page.status == 200
        assert "the last enabled administrator with a password" in page.text
    assert console.store.users.user("keeper") == keeper


def test_password_ends_the_sessions_and_is_never_shown(console: ConsoleBrowser) -> None:
    user = add_user(console, "password")
    console.resume(user)
    console.sign_in()
    path = open_user(console, "password")
    wrong = send(console, f"{path}/password", password=PASSWORD, repeated="other text")
    assert "The passwords differ" in wrong.text
    assert PASSWORD not in wrong.response.text
    assert "Use at least 8 characters" in send(console, f"{path}/password").text
    assert len(console.store.sessions.sessions("password")) == 1

    done = send(console, f"{path}/password", password=PASSWORD, repeated=PASSWORD)
    assert "The password was set" in console.get(done.location).text
    assert console.store.sessions.sessions("password") == []


def test_disabling_and_enabling(console: ConsoleBrowser) -> None:
    add_user(console, "on and off")
    console.sign_in()
    path = open_user(console, "on and off")
    disabled = console.get(send(console, f"{path}/disable").location)
    assert "The user was disabled" in disabled.text
    assert "Enable the user first" in send(console, f"{path}/tokens", days="1").text
    enabled = console.get(send(console, f"{path}/enable").location)
    assert "The user was enabled" in enabled.text


def test_token_is_shown_once_and_works_until_it_is_revoked(console: ConsoleBrowser) -> None:
    add_user(console, "bot", Role.READ)
    console.sign_in()
    path = open_user(console, "bot")
    page = send(console, f"{path}/tokens", days="30")
    [token] = console.store.users.tokens("bot")
    secret = next(word for word in page.text.split() if word.startswith("mst_"))
    assert page.response.headers["cache-control"] == "no-store"
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days == 30
    assert console.http.get("/api/v1/batches", headers={"Authorization": f"Bearer {secret}"}).status_code == 200

    shown = console.get(path)
    assert secret not in shown.response.text
    assert f"{token.id} valid" in shown.text
    asked = send(console, f"{path}/tokens/revoke", token=token.id)
    assert f"Revoke this token? User bot Id {token.id}" in asked.text
    revoked = send(console, f"{path}/tokens/revoke", **asked.form(f"{path}/tokens/revoke").values)
    assert f"{token.id} revoked" in console.get(revoked.location).text
    assert console.http.get("/api/v1/batches", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_token_of_another_user_is_not_revoked_from_this_page(console: ConsoleBrowser) -> None:
    for name in ("first bot", "second bot"):
        add_user(console, name)
    console.sign_in()
    send(console, f"{open_user(console, 'first bot')}/tokens")
    [token] = console.store.users.tokens("first bot")
    assert token.expires_at is None
    page = send(console, f"{open_user(console, 'second bot')}/tokens/revoke", token=token.id, confirmed="yes")
    assert page.status == 404
    assert console.store.users.tokens("first bot") == [token]


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "36501", "9" * 30, "٣", "x", "<script>"])
def test_nonsense_as_days_of_a_token_is_said(console: ConsoleBrowser, days: str) -> None:
    if console.store.users.user("days") is None:
        add_user(console, "days")
    console.sign_in()
    page = send(console, f"{open_user(console, 'days')}/tokens", days=days)
    assert page.text.count("Enter a number of days from 1 to 36500") == 2
    assert console.store.users.tokens("days") == []


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\"'><img src=x>", "{{ 7*7 }}", "שרה כהן"])
def test_names_are_shown_as_text(console: ConsoleBrowser, name: str) -> None:
    add_user(console, name)
    console.sign_in()
    path = open_user(console, name)
    for page in (console.get(path), console.get(f"{path}/disable"), send(console, f"{path}/tokens")):
        assert name in page.text
        assert not any(tag == "img" for tag, _ in page.tags)


def test_list_says_that_users_of_a_provider_are_not_stored(tmp_path: Path) -> None:
    settings = Settings(
        database=f"sqlite:///{tmp_path / 'muster.db'}", oidc_issuer="https://provider.test", oidc_audience="muster"
    )
    store = open_storage(settings.database)
    store.upgrade()
    with TestClient(make_service(settings, store), base_url="https://console.test") as http:
        browser = ConsoleBrowser(http, store, tmp_path / "muster.db")
        browser.sign_in()
        assert "Users of your OpenID provider sign in too" in browser.get("/console/users").text


def test_last_use_of_a_password_is_shown(console: ConsoleBrowser) -> None:
    add_user(console, "feed", password_hash=HASH)
    used_at = datetime(2024, 5, 26, 16, 49, tzinfo=UTC)
    console.store.users.record_password_use("feed", used_at, interval=timedelta(hours=1))
    console.sign_in()
    path = open_user(console, "feed")
    assert "2024-05-26 16:49" in console.post("/console/users", {"part": "feed"}).text
    assert "last used 2024-05-26 16:49" in console.get(path).text
