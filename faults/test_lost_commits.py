"""The answers to commits are lost under load: what the service says of such a batch is true."""

import threading
import time
from http.client import HTTPConnection
from random import Random
from uuid import UUID

import pytest

from benchmarks.databases import Database
from benchmarks.load_generator import SAVE
from faults.claims import Claims
from faults.commit_proxy import CommitProxy, Cut, run_proxy
from faults.conftest import FaultSummary
from faults.ledger import Ledger, SentRequest
from faults.service import run_service

SEED = 20_240_528
CLIENTS = 4
CUT_SHARE = 0.5  # of the commits
TIMEOUT_SECONDS = 60.0  # of one request
SETTLE_SECONDS = 5.0


class CutClient(threading.Thread):
    """Sends one batch after the other, every second one with a key; those are repeated until they succeed."""

    def __init__(self, port: int, token: str, ledger: Ledger, claims: Claims, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._ledger = ledger
        self._claims = claims
        self._stop_requested = stop

    def run(self) -> None:
        while not self._stop_requested.is_set():
            self._send_once(self._ledger.create_request())
            self._send_until_saved(self._ledger.create_request())

    def _send_once(self, request: SentRequest) -> None:
        status, _, batch_id = self._send(request, {})
        if status == "saved":
            self._claims.saved.append((request, UUID(batch_id)))
        elif status == "not saved":
            self._claims.not_saved.append(request)

    def _send_until_saved(self, request: SentRequest) -> None:
        """A batch that was not saved, as a response said, can't be replayed."""
        said = "not saved"
        while True:
            status, is_replay, batch_id = self._send(request, {"Idempotency-Key": request.key})
            if status == "saved":
                self._claims.saved.append((request, UUID(batch_id)))
                if is_replay and said == "not saved":
                    self._claims.false_answers.append(f"{request.key} was saved, and a response said that it was not")
                return
            if status == "unknown":
                said = status

    def _send(self, request: SentRequest, headers: dict[str, str]) -> tuple[str, bool, str]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        connection.request("POST", SAVE, request.body, {**self._headers, **headers})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        batch_id = response.getheader("Muster-Batch-Id") or ""
        if response.status == 200:
            request.response = content
            status = "saved"
        elif response.status == 500:
            status = response.getheader("Muster-Outcome") or "not saved"
        else:
            status = str(response.status)
        self._claims.statuses[status] += 1
        return status, response.getheader("Idempotency-Replayed") == "true", batch_id


def test_no_answer_about_a_lost_commit_is_false(
    postgres_database: Database, summary: FaultSummary, pytestconfig: pytest.Config
) -> None:
    count = int(pytestconfig.getoption("--cuts"))
    random, ledger, claims = Random(SEED), Ledger(SEED), Claims()

    def choose_cut() -> Cut | None:
        return random.choice(list(Cut)) if random.random() < CUT_SHARE else None

    with run_proxy(postgres_database.url) as proxy:
        proxied = Database(proxy.url, postgres_database.token)
        with run_service(proxied) as service:
            proxy.choose_cut = choose_cut
            send_until_cut(proxy, count, service.port, proxied.token, ledger, claims)
    time.sleep(SETTLE_SECONDS)  # a commit that was claimed not to happen may still be under way
    claims.check(postgres_database)
    summary.faults += proxy.cuts.total()
    summary.add_cuts(proxy.cuts.total(), claims.statuses, len(claims.false_answers))
    assert claims.false_answers == []
    assert claims.statuses.keys() <= {"saved", "not saved", "unknown", "409"}
    assert set(proxy.cuts) == set(Cut)


def send_until_cut(proxy: CommitProxy, count: int, port: int, token: str, ledger: Ledger, claims: Claims) -> None:
    stop = threading.Event()
    clients = [CutClient(port, token, ledger, claims, stop) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    while proxy.cuts.total() < count and any(client.is_alive() for client in clients):
        time.sleep(0.1)
    proxy.choose_cut = lambda: None
    stop.set()
    for client in clients:
        client.join(2 * TIMEOUT_SECONDS)
    assert proxy.cuts.total() >= count, "a client failed"
