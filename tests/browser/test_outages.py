"""What a person sees while workers are replaced, and while the database is down. The service speaks HTTPS here."""

import signal
import time
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect

from faults.certificates import make_certificate
from faults.commit_proxy import run_proxy
from muster.auth.passwords import hash_password
from muster.auth.users import Role, User
from muster.server.tls_reload import Certificate
from tests.chromium import needs_chromium
from tests.serving import Api, serving

pytestmark = needs_chromium

PASSWORD: Final = "a long enough password"
_TERMINATE: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def test_a_session_over_https_outlives_its_worker_and_an_outage_of_the_database(
    chromium: Browser, postgres_url: str, tmp_path: Path
) -> None:
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(*files)
    with (
        run_proxy(postgres_url) as proxy,
        serving(postgres_url, proxy_url=proxy.url, certificate=Certificate(*map(str, files)), load_workers=0) as api,
        chromium.new_context(base_url=f"https://localhost:{api.port}", ignore_https_errors=True) as context,
    ):
        api.store.users.add_user(User("anna", Role.ADMIN, (), hash_password(PASSWORD)))
        page = context.new_page()
        sign_in(page)
        [cookie] = context.cookies()
        assert cookie["name"] == "__Host-muster-session"
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")

        replace_workers(api)
        page.get_by_role("link", name="Batches").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Batches")

        proxy.is_refusing = True
        api.sql(_TERMINATE)
        response = page.goto("/console/users")
        assert response is not None
        assert (response.status, response.headers["retry-after"]) == (503, "5")
        expect(page.get_by_role("heading", level=1)).to_have_text("Service Unavailable 503")
        expect(page.get_by_text("The database does not answer, or is busy, and nothing was changed.")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"  # has its style

        proxy.is_refusing = False
        page.get_by_role("link", name="Go to the overview").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def sign_in(page: Page) -> None:
    page.goto("/console/")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def replace_workers(api: Api) -> None:
    api.server.signal(signal.SIGHUP)
    deadline = time.monotonic() + 30
    while '"event":"workers_replaced"' not in api.read_log():
        assert time.monotonic() < deadline, api.read_log()
        time.sleep(0.05)
