"""Signing in to the console at an OpenID provider."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import structlog

from muster.audit.events import EntryFilter
from muster.auth.login_throttle import FREE_ATTEMPTS_PER_ADDRESS
from muster.auth.users import Role
from tests.issuer import (
    AUDIENCE,
    AUTHORIZATION_PATH,
    CLIENT,
    TOKEN_PATH,
    CannedResponse,
    OidcProvider,
    make_key,
    run_provider,
    sign_token,
)
from tests.serving import NO_CERTIFICATES
from tests.web.console.conftest import COOKIE, ConsoleBrowser, run_console
from tests.web.console.pages import ConsolePage

BEGIN = "/console/sign-in/provider"
CALLBACK = "/console/sign-in/callback"
LOGIN_COOKIE = "__Host-muster-login"

MakeDirectory = Callable[[], Path]


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[OidcProvider]:
    with run_provider() as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: OidcProvider) -> OidcProvider:
    """The provider of all tests of this module, as it was at first."""
    shared_provider.id_claims = {}
    shared_provider.requests.clear()
    shared_provider.responses.pop(TOKEN_PATH, None)
    return shared_provider


@pytest.fixture(scope="module")
def console(shared_provider: OidcProvider, make_directory: MakeDirectory) -> Iterator[ConsoleBrowser]:
    """The service of all tests of this module; together they guess fewer codes than are free."""
    with run_console(make_directory(), **configure(shared_provider)) as browser:
        yield browser


@pytest.fixture
def own_provider() -> Iterator[OidcProvider]:
    with run_provider() as provider:
        yield provider


@pytest.fixture
def own_console(own_provider: OidcProvider, make_directory: MakeDirectory) -> Iterator[ConsoleBrowser]:
    """For a test after which the service knows other endpoints, or throttles."""
    with run_console(make_directory(), **configure(own_provider)) as browser:
        yield browser


def configure(provider: OidcProvider) -> dict[str, Any]:
    return {"oidc_issuer": provider.url, "oidc_audience": AUDIENCE, "oidc_client_id": CLIENT}


def go_to_provider(console: ConsoleBrowser) -> str:
    """The address that the provider sends the browser to."""
    page = console.get(BEGIN)
    assert page.status == 303, page.text
    return httpx.get(page.location, follow_redirects=False, verify=NO_CERTIFICATES).headers["location"]


def sign_in(console: ConsoleBrowser) -> ConsolePage:
    return console.get(go_to_provider(console))


def change(answer: str, **changes: str | None) -> str:
    """The provider's answer with other parameters; None removes one."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(answer).query).items()}
    changed = {name: value for name, value in {**query, **changes}.items() if value is not None}
    return f"{CALLBACK}?{urlencode(changed)}"


def assert_refused(console: ConsoleBrowser, page: ConsolePage, message: str, status: int = 200) -> None:
    assert message in page.text
    assert page.status == status
    assert COOKIE not in console.http.cookies
    assert LOGIN_COOKIE not in console.http.cookies, "the sign-in that failed can't be used again"
    assert "There is a problem" in page.text


def test_the_sign_in_page_leads_to_the_provider(console: ConsoleBrowser, provider: OidcProvider) -> None:
    assert console.get("/console/sign-in").links["Sign in at 127.0.0.1"] == BEGIN
    page = console.get(BEGIN)
    target, query = urlsplit(page.location), parse_qs(urlsplit(page.location).query)

    assert f"{target.scheme}://{target.netloc}{target.path}" == provider.url + AUTHORIZATION_PATH
    assert query["redirect_uri"] == [f"https://console.test{CALLBACK}"]
    assert {len(query[name][0]) for name in ("state", "nonce", "code_challenge")} == {43}
    name, _, attributes = page.response.headers["set-cookie"].partition("=")
    assert name == LOGIN_COOKIE
    assert attributes.partition("; ")[2] == "Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_the_user_of_the_provider_gets_a_session_with_the_rights_of_its_claims(
    console: ConsoleBrowser, provider: OidcProvider
) -> None:
    provider.id_claims = {"role": ["audit", "unknown"], "business_units": "LV"}
    page = sign_in(console)

    assert page.status == 200
    assert page.links["Go to the overview"] == "/console/"
    assert ("meta", "0; url=/console/") in [(tag, attributes.get("content")) for tag, attributes in page.tags]
    (session,) = [value for value in page.response.headers.get_list("set-cookie") if value.startswith(COOKIE)]
    assert session.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")
    assert LOGIN_COOKIE not in console.http.cookies

    assert "oidc:anna" in console.get("/console/").text
    stored = console.store.sessions.sessions("oidc:anna")[0]
    assert (stored.user.roles, stored.user.business_units) == (Role.AUDIT, ("LV",))
    (entry,) = console.store.audit.latest_entries(EntryFilter(action="session.started"), limit=1)
    assert (entry.actor, entry.details["credential"]) == ("oidc:anna", "oidc")


def test_signing_in_ends_the_session_before(console: ConsoleBrowser) -> None:
    user = console.sign_in(Role.READ)
    assert sign_in(console).status == 200
    assert console.store.sessions.sessions(user.name) == []


@pytest.mark.parametrize("methods", [None, ["client_secret_basic"], ["client_secret_post"]], ids=str)
def test_a_confidential_client_sends_its_secret_as_the_provider_wants_it(
    own_provider: OidcProvider, make_directory: MakeDirectory, methods: list[str] | None
) -> None:
    directory = make_directory()
    (directory / "secret").write_text("s3cret\n")
    own_provider.client_secret = "s3cret"
    own_provider.describe(**({"token_endpoint_auth_methods_supported": methods} if methods else {}))
    secret_file = str(directory / "secret")
    with run_console(directory, **configure(own_provider), oidc_client_secret_file=secret_file) as console:
        assert "Signed in" in sign_in(console).text
    assert [value is None for value in own_provider.authorizations] == [methods == ["client_secret_post"]]


@pytest.mark.parametrize(
    "changes",
    [{"state": None}, {"state": "x"}, {"state": "é"}, {"state": "A" * 43}, {"state": "", "error": "x"}],
    ids=str,
)
def test_an_answer_to_another_browser_is_refused_without_asking_the_provider(
    console: ConsoleBrowser, provider: OidcProvider, changes: dict[str, str | None]
) -> None:
    answer = go_to_provider(console)
    assert_refused(console, console.get(change(answer, **changes)), "begun in another window")
    assert TOKEN_PATH not in provider.requests


@pytest.mark.parametrize("cookie", [None, "", "a.b.c", "é", "x" * 5000], ids=str)
def test_an_answer_without_the_cookie_of_its_sign_in_is_refused(console: ConsoleBrowser, cookie: str | None) -> None:
    answer = go_to_provider(console)
    console.http.cookies.clear()
    headers = {} if cookie is None else {b"Cookie": f"{LOGIN_COOKIE}={cookie}".encode()}
    page = ConsolePage(console.http.get(answer, headers=headers, follow_redirects=False))
    assert_refused(console, page, "begun in another window")


def test_a_code_is_good_for_one_sign_in(console: ConsoleBrowser) -> None:
    answer = go_to_provider(console)
    kept = console.http.cookies[LOGIN_COOKIE]
    console.get(answer)
    console.http.cookies.clear()
    console.http.cookies.set(LOGIN_COOKIE, kept, domain="console.test", path="/")
    assert_refused(console, console.get(answer), "used before, or is too old")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("access_denied", "you cancelled"),
        ("server_error", "ended the sign-in with an error"),
        ("<script>alert(1)</script>", "ended the sign-in with an error"),
    ],
)
def test_an_error_of_the_provider_is_told(console: ConsoleBrowser, error: str, message: str) -> None:
    answer = change(go_to_provider(console), code=None, error=error, error_description="<b>bold</b>")
    page = console.get(answer)
    assert_refused(console, page, message)
    assert "bold" not in page.text


@pytest.mark.parametrize("issuer", ["https://other.example", None], ids=str)
def test_the_answer_of_another_provider_is_refused(
    console: ConsoleBrowser, provider: OidcProvider, issuer: str | None
) -> None:
    assert_refused(console, console.get(change(go_to_provider(console), iss=issuer)), "could not be verified")
    assert TOKEN_PATH not in provider.requests


def test_a_provider_that_does_not_name_itself_in_answers_is_accepted(
    own_console: ConsoleBrowser, own_provider: OidcProvider
) -> None:
    own_provider.describe(authorization_response_iss_parameter_supported=False)
    assert "Signed in" in own_console.get(change(go_to_provider(own_console), iss=None)).text


@pytest.mark.parametrize(
    ("claims", "message", "reason"),
    [
        ({"role": "clerk"}, "gives you no role here", "no role"),
        ({"role": None}, "gives you no role here", "no role"),
        ({"sub": ""}, "gives you no name", "no name"),
        ({"business_units": 7}, "list of your business units", "business units"),
        ({"nonce": "A" * 43}, "could not be verified", "nonce"),
        ({"nonce": None}, "could not be verified", "nonce"),
        ({"aud": AUDIENCE}, "could not be verified", "audience"),
        ({"aud": [CLIENT, "other"]}, "could not be verified", "audience"),
        ({"aud": [CLIENT, "other"], "azp": "other"}, "could not be verified", "audience"),
        ({"iss": "https://other.example"}, "could not be verified", "issuer"),
        ({"exp": 1}, "could not be verified", "expired"),
    ],
    ids=str,
)
def test_a_token_that_does_not_fit_is_refused_with_its_reason(
    console: ConsoleBrowser, provider: OidcProvider, claims: dict[str, Any], message: str, reason: str
) -> None:
    provider.id_claims = claims
    with structlog.testing.capture_logs() as events:
        assert_refused(console, sign_in(console), message)
    assert [event["token_rejection"] for event in events if "token_rejection" in event] == [reason]


def test_a_token_for_several_clients_is_accepted_when_this_one_asked_for_it(
    console: ConsoleBrowser, provider: OidcProvider
) -> None:
    provider.id_claims = {"aud": [CLIENT, "other"], "azp": CLIENT}
    assert "Signed in" in sign_in(console).text


def test_a_token_that_another_key_signed_is_refused(console: ConsoleBrowser, provider: OidcProvider) -> None:
    forged = sign_token({"iss": provider.url, "aud": CLIENT, "exp": 9_999_999_999}, make_key(owner="attacker"))
    provider.serve_document(TOKEN_PATH, {"id_token": forged})
    assert_refused(console, sign_in(console), "could not be verified")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (CannedResponse(b"", 500), "token: status 500"),
        (CannedResponse(b"", 302, {"Location": "https://elsewhere.example"}), "token: status 302"),
        (CannedResponse(b"<html>"), "token: the response is not JSON"),
        (CannedResponse(b"[]"), "token: the response has no id_token"),
        (CannedResponse(b'{"id_token": 7}'), "token: the response has no id_token"),
        (CannedResponse(b'{"error": "invalid_client"}', 401), "token: invalid_client"),
        (CannedResponse(b'{"error": "<script>"}', 400), "token: refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_token_endpoint_that_fails_is_a_page_to_try_again_from(
    console: ConsoleBrowser, provider: OidcProvider, response: CannedResponse, reason: str
) -> None:
    provider.responses[TOKEN_PATH] = response
    with structlog.testing.capture_logs() as events:
        assert_refused(console, sign_in(console), "does not answer as it should", 503)
    assert [event["token_rejection"] for event in events if "token_rejection" in event] == [reason]


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example"},
        {"authorization_endpoint": "http://id.bank.example/authorize"},
        {"token_endpoint": None},
        {"token_endpoint": ["https://id.bank.example"]},
    ],
    ids=str,
)
def test_a_provider_without_usable_endpoints_is_not_visited(
    own_console: ConsoleBrowser, own_provider: OidcProvider, changes: dict[str, Any]
) -> None:
    own_provider.describe(**changes)
    assert_refused(own_console, own_console.get(BEGIN), "does not answer as it should", 503)
    assert own_console.get(BEGIN).status == 503
    assert own_provider.requests.count("/.well-known/openid-configuration") == 1, "a failure is not repeated at once"


def test_guessed_codes_are_throttled_and_noted(own_console: ConsoleBrowser) -> None:
    def guess() -> ConsolePage:
        return own_console.get(change(go_to_provider(own_console), code="guessed"))

    pages = [guess() for _ in range(FREE_ATTEMPTS_PER_ADDRESS + 1)]
    assert [page.status for page in pages] == [200] * FREE_ATTEMPTS_PER_ADDRESS + [429]
    assert int(pages[-1].response.headers["retry-after"]) >= 1
    assert "Too many wrong sign-ins" in pages[-1].text


def test_who_has_no_role_is_not_throttled(console: ConsoleBrowser, provider: OidcProvider) -> None:
    provider.id_claims = {"role": None}
    assert {sign_in(console).status for _ in range(FREE_ATTEMPTS_PER_ADDRESS + 2)} == {200}


@pytest.mark.parametrize(
    "query",
    ["state=a&state=b", "code=%FF", "&".join(f"a{number}=1" for number in range(99)), "state=%ED%A0%80"],
    ids=["twice", "not UTF-8", "many", "surrogate"],
)
def test_an_answer_that_no_provider_sends_is_a_400(console: ConsoleBrowser, query: str) -> None:
    go_to_provider(console)
    assert console.get(f"{CALLBACK}?{query}").status == 400


def test_a_code_may_be_long(console: ConsoleBrowser) -> None:
    answer = change(go_to_provider(console), code="x" * 4000)
    assert "used before, or is too old" in console.get(answer).text
    assert console.get(change(answer, code="x" * 9000)).status == 414


def test_codes_and_tokens_are_in_no_log(
    console: ConsoleBrowser, provider: OidcProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as events:
        answer = go_to_provider(console)
        login = console.http.cookies[LOGIN_COOKIE]
        caplog.clear()
        console.get(answer)
    written = json.dumps(events, default=str) + "\n".join(
        record.getMessage() for record in caplog.records if record.name not in ("httpx", "asyncio")
    )
    code = parse_qs(urlsplit(answer).query)["code"][0]
    secrets = [code, *login.split("."), console.http.cookies[COOKIE]]
    assert [secret for secret in secrets if secret in written] == []


@pytest.mark.parametrize("path", [BEGIN, CALLBACK])
def test_without_tls_nobody_signs_in_from_another_host(console: ConsoleBrowser, path: str) -> None:
    page = console.get(f"http://console.test{path}")
    assert page.status == 403
    assert "set-cookie" not in page.response.headers


@pytest.mark.parametrize("host", ["", "evil.test/x", "a b", "user@evil.test"])
def test_a_host_that_is_none_is_not_given_to_the_provider(console: ConsoleBrowser, host: str) -> None:
    assert console.http.get(BEGIN, headers={"Host": host}, follow_redirects=False).status_code == 400


def test_where_no_client_is_configured_the_pages_do_not_exist(make_directory: MakeDirectory) -> None:
    with run_console(make_directory()) as console:
        assert BEGIN not in console.get("/console/sign-in").links.values()
        assert [console.get(path).status for path in (BEGIN, CALLBACK)] == [404, 404]


def sign_out(console: ConsoleBrowser) -> ConsolePage:
    """The page that follows."""
    left = console.post("/console/sign-out")
    assert left.status == 303
    assert console.session is None
    return console.get(left.location)


def test_sign_out_leads_to_the_sign_out_at_the_provider(
    own_console: ConsoleBrowser, own_provider: OidcProvider
) -> None:
    own_provider.describe(end_session_endpoint=f"{own_provider.url}/logout?tenant=1")
    sign_in(own_console)
    page = sign_out(own_console)
    assert "At 127.0.0.1 you are still signed in" in page.text
    target = urlsplit(page.links["Sign out at 127.0.0.1, too"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{own_provider.url}/logout"
    assert parse_qs(target.query) == {
        "tenant": ["1"],
        "client_id": [CLIENT],
        "post_logout_redirect_uri": ["https://console.test/console/sign-in"],
    }
    own_console.sign_in()
    assert "still signed in" not in sign_out(own_console).text  # a local user was never signed in there


@pytest.mark.parametrize("endpoint", [None, "javascript:alert(1)", "http://id.bank.example/logout", 7])
def test_sign_out_ends_here_where_the_provider_has_no_sign_out(
    own_console: ConsoleBrowser, own_provider: OidcProvider, endpoint: object
) -> None:
    own_provider.describe(end_session_endpoint=endpoint)
    sign_in(own_console)
    page = sign_out(own_console)
    assert page.status == 200
    assert "still signed in" not in page.text
