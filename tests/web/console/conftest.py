"""The console of a service on SQLite, in this process, and a browser without scripts."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar.testing import TestClient

from muster.auth.sessions import SessionService, UserSession
from muster.auth.users import Role, User
from muster.bootstrap import make_service
from muster.settings import Settings
from muster.storage import Storage, open_storage
from muster.storage.pool import PAGE_LOCK_TIMEOUT_SECONDS
from tests.web.console.pages import ConsolePage

COOKIE = "__Host-muster-session"


@dataclass
class ConsoleBrowser:
    """Sends what a browser would send. It follows no redirects, so that tests see them."""

    http: httpx.Client
    store: Storage
    database: Path
    cookie: str = COOKIE
    domain: str = "console.test"

    @property
    def session(self) -> UserSession | None:
        """The session that the cookie stands for."""
        secret = self.http.cookies.get(self.cookie)
        return SessionService(self.store.sessions).find(secret, "") if secret else None

    def sign_in(self, roles: Role = Role.ADMIN, units: tuple[str, ...] = (), name: str | None = None) -> User:
        """A session of a new user, which replaces the one before."""
        user = User(name or f"user-{uuid4().hex[:8]}", roles, units, "$argon2id$…")
        self.store.users.add_user(user)
        self.resume(user)
        return user

    def resume(self, user: User, user_agent: str = "test browser") -> str:
        """A session of a user that exists; gives its secret."""
        secret = SessionService(self.store.sessions).start(user, user_agent)
        self.use(secret)
        return secret

    def use(self, secret: str) -> None:
        self.http.cookies.clear()
        self.http.cookies.set(self.cookie, secret, domain=self.domain, path="/")

    def sign_out(self) -> None:
        self.http.cookies.clear()

    def get(self, path: str, **query: str) -> ConsolePage:
        return ConsolePage(self.http.get(path, params=query or None, follow_redirects=False))

    def post(
        self,
        path: str,
        fields: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ConsolePage:
        """Sends a form. Without `headers` it comes from a page of the console."""
        sent = headers or {"Sec-Fetch-Site": "same-origin"}
        data: Any = fields or {}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        response = self.http.post(path, data=data, headers={**form, **sent}, follow_redirects=False)
        return ConsolePage(response)


@contextmanager
def run_console(
    directory: Path, *, page_lock_timeout: float = PAGE_LOCK_TIMEOUT_SECONDS, **settings: Any
) -> Iterator[ConsoleBrowser]:
    """A service with these settings, on the migrated database in the directory."""
    file = directory / "muster.db"
    chosen = Settings(database=f"sqlite:///{file}", **settings)
    store = open_storage(chosen.database)
    service = make_service(chosen, open_storage(chosen.database, page_lock_timeout=page_lock_timeout))
    with TestClient(service, base_url="https://console.test") as http:
        yield ConsoleBrowser(http, store, file)
    store.close()


@pytest.fixture(scope="session")
def make_directory(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Path) -> Callable[[], Path]:
    """Makes directories for `run_console`, each with an empty database."""

    def make() -> Path:
        directory = tmp_path_factory.mktemp("console")
        shutil.copy(_migrated_sqlite, directory / "muster.db")
        return directory

    return make


@pytest.fixture(scope="module")
def console(make_directory: Callable[[], Path]) -> Iterator[ConsoleBrowser]:
    """One service for all tests of a module, with an empty database at its start."""
    with run_console(make_directory()) as browser:
        yield browser


@pytest.fixture(autouse=True)
def signed_out(request: pytest.FixtureRequest) -> None:
    """Each test begins without a session."""
    if "console" in request.fixturenames:
        browser: ConsoleBrowser = request.getfixturevalue("console")
        browser.sign_out()
