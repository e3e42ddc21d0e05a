"""Signing in and out of the console, and its sessions."""

import pytest

from muster.audit.events import EntryFilter
from muster.auth.passwords import hash_password
from muster.auth.users import Role, User
from tests.web.console.conftest import COOKIE, ConsoleBrowser

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def olga(console: ConsoleBrowser) -> User:
    user = User("olga", Role.READ, (), hash_password(PASSWORD))
    console.store.users.add_user(user)
    return user


def test_a_page_without_a_session_leads_to_the_form_that_signs_in(console: ConsoleBrowser) -> None:
    for path in ("/console/", "/console", "/console/sessions"):
        assert console.get(path).location == "/console/sign-in"
    form = console.get("/console/sign-in").form("/console/sign-in")
    assert list(form.values) == ["name", "password"]


def test_a_right_password_starts_a_session_with_a_cookie_for_this_host_alone(
    console: ConsoleBrowser, olga: User
) -> None:
    page = console.post("/console/sign-in", {"name": "olga", "password": PASSWORD})

    assert (page.status, page.location) == (303, "/console/")
    name, _, attributes = page.response.headers["set-cookie"].partition("=")
    assert name == COOKIE
    assert attributes.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Strict; Secure"
    assert "olga" in console.get("/console/").text


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(console: ConsoleBrowser, olga: User) -> None:
    wrong = console.post("/console/sign-in", {"name": "olga", "password": "another one"})
    unknown = console.post("/console/sign-in", {"name": "oscar", "password": "another one"})

    assert "Name or password is wrong" in wrong.text
    assert wrong.text == unknown.text
    assert "set-cookie" not in wrong.response.headers
    assert wrong.form("/console/sign-in").values == {"name": ["olga"], "password": [""]}


def test_wrong_passwords_are_throttled_as_those_of_basic_authentication(console: ConsoleBrowser) -> None:
    pages = [console.post("/console/sign-in", {"name": "peter", "password": "guess"}) for _ in range(6)]
    assert [page.status for page in pages] == [200] * 5 + [429]
    assert "Too many wrong passwords" in pages[-1].text
    assert int(pages[-1].response.headers["retry-after"]) >= 1


def test_a_password_that_changes_while_it_is_verified_starts_no_session(
    console: ConsoleBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = hash_password(PASSWORD)
    console.store.users.add_user(User("paul", Role.READ, (), old))

    def verify_and_change(password_hash: str, password: str) -> bool:
        console.store.users.set_password("paul", hash_password("another password"))
        return password_hash == old

    monkeypatch.setattr("muster.auth.passwords.verify_password", verify_and_change)
    page = console.post("/console/sign-in", {"name": "paul", "password": PASSWORD})
    assert "Name or password is wrong" in page.text
    assert not console.store.sessions.sessions("paul")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://attacker.test"},
        {"Origin": "null"},
        {"Origin": "http://console.test"},
        {"Accept": "text/html"},
    ],
    ids=str,
)
def test_a_form_of_another_origin_does_nothing(console: ConsoleBrowser, olga: User, headers: dict[str, str]) -> None:
    page = console.post("/console/sign-in", {"name": "olga", "password": PASSWORD}, headers)
    assert page.status == 403
    assert "did not come from a page of the console" in page.text
    assert "set-cookie" not in page.response.headers

    console.resume(olga)
    console.post("/console/sign-out", headers=headers)
    assert console.get("/console/").status == 200


def test_a_browser_without_fetch_metadata_signs_in_by_its_origin(console: ConsoleBrowser, olga: User) -> None:
    page = console.post("/console/sign-in", {"name": "olga", "password": PASSWORD}, {"Origin": "https://console.test"})
    assert page.status == 303


def test_signing_in_again_ends_the_session_before(console: ConsoleBrowser, olga: User) -> None:
    first = console.resume(olga)
    console.post("/console/sign-in", {"name": "olga", "password": PASSWORD})
    assert console.http.cookies.get(COOKIE) != first

    console.http.cookies.clear()
    console.http.cookies.set(COOKIE, first, domain="console.test", path="/")
    assert console.get("/console/").location == "/console/sign-in"


def test_signing_out_ends_the_session_on_the_server_too(console: ConsoleBrowser, olga: User) -> None:
    secret = console.resume(olga)
    page = console.post("/console/sign-out")
    assert page.location == "/console/sign-in"
    assert page.response.headers["set-cookie"].startswith(f"{COOKIE}=; Max-Age=0; ")

    console.http.cookies.set(COOKIE, secret, domain="console.test", path="/")
    assert console.get("/console/").location == "/console/sign-in"


def test_a_session_ends_when_its_user_is_disabled_or_gets_another_password(console: ConsoleBrowser) -> None:
    user = console.sign_in(Role.READ)
    console.store.users.disable_user(user.name)
    console.store.users.enable_user(user.name)
    assert console.get("/console/").location == "/console/sign-in"

    console.resume(user)
    console.store.users.set_password(user.name, "$argon2id$other")
    assert console.get("/console/").location == "/console/sign-in"


def test_a_role_that_is_taken_away_counts_from_the_next_page_on(console: ConsoleBrowser) -> None:
    user = console.sign_in(Role.ADMIN)
    assert "Audit log" in console.get("/console/").links
    console.store.users.set_rights(user.name, Role.SUBMIT, ())
    assert "Audit log" not in console.get("/console/").links


def test_users_see_and_end_their_own_sessions_and_administrators_all(console: ConsoleBrowser, olga: User) -> None:
    console.resume(olga)
    other = console.store.sessions.sessions("olga")[0]
    reader = console.sign_in(Role.READ)
    assert "olga" not in console.get("/console/sessions").text
    console.post("/console/sessions/end", {"session": other.id})
    assert other.id in {session.id for session in console.store.sessions.sessions("olga")}

    console.sign_in(Role.ADMIN)
    page = console.get("/console/sessions")
    assert reader.name in page.text
    assert "test browser" in page.text
    console.post("/console/sessions/end", {"session": other.id})
    assert other.id not in {session.id for session in console.store.sessions.sessions("olga")}


def test_signing_in_and_out_is_in_the_audit_log_with_the_address(console: ConsoleBrowser, olga: User) -> None:
    console.post("/console/sign-in", {"name": "olga", "password": PASSWORD})
    console.post("/console/sign-out")
    ended, started = console.store.audit.latest_entries(EntryFilter(actor="olga"), limit=2)

    assert (started.action, ended.action) == ("session.started", "session.ended")
    assert started.subject == ended.subject
    assert started.details["credential"] == "password"
    assert ended.details["credential"] == f"session:{ended.subject}"
    assert started.details["address"]


def test_the_secret_of_a_session_is_not_in_the_database(console: ConsoleBrowser, olga: User) -> None:
    secret = console.resume(olga)
    stored = b"".join(path.read_bytes() for path in console.database.parent.iterdir())
    assert b"olga" in stored
    assert secret.encode() not in stored


@pytest.mark.parametrize("cookie", ["", "x", "é" * 43, "a" * 43, "a" * 5000, "%00"], ids=len)
def test_a_cookie_that_no_session_has_leads_to_the_form(console: ConsoleBrowser, cookie: str) -> None:
    headers = {b"Cookie": f"{COOKIE}={cookie}".encode()}
    response = console.http.get("/console/", headers=headers, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/console/sign-in")


def test_without_tls_the_form_works_on_this_host_only(console: ConsoleBrowser, olga: User) -> None:
    fields = {"name": "olga", "password": PASSWORD}
    page = console.post("http://console.test/console/sign-in", fields)
    assert page.status == 403
    assert "over HTTPS only" in page.text
    assert "set-cookie" not in page.response.headers


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"name=%FF", 400), (b"name=a%00b", 400), (b"a=1&" * 3000, 400), (b"name=" + b"x" * 300_000, 413)],
    ids=["not UTF-8", "NUL", "many fields", "large"],
)
def test_a_form_that_no_page_sends_is_refused_on_a_page(console: ConsoleBrowser, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    response = console.http.post("/console/sign-in", content=body, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
