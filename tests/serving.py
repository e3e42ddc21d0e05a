"""The service as `muster serve` runs it, in a process of its own, on a real database."""

import json
import ssl
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from sqlalchemy import text

from muster.auth.tokens import generate_token
from muster.auth.users import Role, Token, User
from muster.bootstrap import make_service
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import ClassifierCache
from muster.intake.checker_cache import CheckerCache
from muster.loads.worker import WorkerTimes
from muster.server.tls_reload import Certificate
from muster.settings import Settings
from muster.storage import OUTCOME_TIMEOUT_SECONDS, Storage, StorageError, open_storage
from muster.web.app import Application
from muster.web.router import preload_routes
from tests.forked_server import ForkedServer, forked_server
from tests.tracing import untraced

SAVE = "/amlyze-ws-rest/batch-customers"
VALIDATE = "/amlyze-ws-rest/validate-batch-customers"


@dataclass
class Api:
    """A client of the service, with the token of a user who may submit."""

    http: httpx.Client
    store: Storage
    server: ForkedServer
    log: Path
    token: str = ""

    @property
    def port(self) -> int:
        port = self.http.base_url.port
        assert port is not None
        return port

    def user(self, role: Role = Role.SUBMIT, units: tuple[str, ...] = (), name: str | None = None) -> str:
        """The token of a new user."""
        token, sha256, token_id = generate_token()
        user = User(name or f"user-{token_id}", role, units)
        self.store.users.add_user(user)
        self.store.users.add_token(Token(token_id, user.name, sha256, datetime.now(UTC)))
        return token

    def units(self, *units: str) -> None:
        """Gives the installation these business units; the service knows them after a second."""
        self.store.classifiers.write([ClassifierEntry("businessUnit", unit, unit) for unit in units], replace=True)

    def sql(self, statement: str) -> Sequence[Any]:
        """Runs a statement of the test on the database, beside the service; gives its rows."""
        with self.store.engine.begin() as connection:
            done = connection.execute(text(statement))
            return done.all() if done.returns_rows else ()

    def read_log(self) -> str:
        """What the service has logged so far, one JSON object a line."""
        return self.log.read_text()

    def send(self, body: bytes, path: str = SAVE, **headers: str) -> httpx.Response:
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        sent = {name: value for name, value in {**given, **headers}.items() if value}
        return self.http.post(path, content=body, headers=sent)

    def results(self, customers: Sequence[Any], path: str = SAVE) -> list[dict[str, Any]]:
        """The results of a batch that must be answered with 200."""
        answer = self.send(json.dumps({"customers": customers}).encode(), path)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results


# For clients that speak plain HTTP: loading the certificates of httpx takes 20 ms.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def connect(port: int, **headers: str) -> httpx.Client:
    """A client of the service."""
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, verify=NO_CERTIFICATES)


@cache
def build_service_once() -> None:
    """Makes the routes before processes are forked: their services start with 0.05 s of CPU, not 0.35."""
    # In a thread: playwright's event loop may be the running one of this thread.
    with untraced(), ThreadPoolExecutor(1) as executor:
        executor.submit(preload_routes).result()
        storage = open_storage("sqlite:///unused.db")  # never connects
        make_service(Settings.read({}), storage)
        storage.close()


@contextmanager
def serving(
    database_url: str,
    *,
    proxy_url: str | None = None,
    outcome_timeout: float = OUTCOME_TIMEOUT_SECONDS,
    load_times: WorkerTimes | None = None,
    workers: int = 1,
    certificate: Certificate | None = None,
    **given: Any,
) -> Iterator[Api]:
    """The service on this database, listening on a port of its own. It may connect through a proxy.

    With a certificate it speaks HTTPS, which the client of `Api` does not.
    """

    settings = Settings.read({}, database=proxy_url or database_url, **given)

    def make_app() -> Application:
        storage = open_storage(
            settings.database,
            pool_size=16,
            statement_timeout=settings.statement_timeout,
            outcome_timeout=outcome_timeout,
        )
        return make_service(settings, storage, load_times=load_times)

    build_service_once()
    store = open_storage(database_url)
    with untraced(), suppress(StorageError):
        CheckerCache(ClassifierCache(store.classifiers)).current()  # compiled here, for all services with these codes
    try:
        with (
            TemporaryDirectory(prefix="muster-log-") as directory,
            forked_server(
                make_app,
                log := Path(directory, "service.log"),
                workers=workers,
                trusted_proxies=settings.trusted_proxies,
                certificate=certificate,
            ) as server,
            connect(server.port) as http,
        ):
            api = Api(http, store, server, log)
            api.token = api.user()
            yield api
    finally:
        store.close()
