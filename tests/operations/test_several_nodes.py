"""Two nodes on one PostgreSQL behind HAProxy, with the configuration that docs/operations.md recommends."""

import io
import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final

import pytest

from benchmarks.databases import Database
from faults.client_load import SavedCustomers, save_continuously
from faults.haproxy import EXECUTABLE
from faults.nodes import NODES, Nodes, run_nodes
from faults.sql import run_sql
from muster.auth.passwords import hash_password
from muster.auth.tokens import generate_token
from muster.auth.users import Role, Token, User
from muster.storage import open_storage
from muster_client import RetryPolicy
from tests.contract.loads import make_csv

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="there is no haproxy; apt-get install haproxy")

PASSWORD: Final = "correct horse battery staple"
# The times of the page, shorter. Two failed checks still end before the drain does.
SHORTER: Final = {"check inter 1s": "check inter 150ms"}
DRAIN_SECONDS: Final = 1
# Nothing is sent again but after a 503 that says when; there is to be none.
NO_RETRY: Final = RetryPolicy(deadline=60, first_pause=120, max_pause=120)
# Clients that send without a pause would use all CPU that other tests need.
CLIENTS: Final = 2
PAUSE_SECONDS: Final = 0.1
MIN_SAVED: Final = 8
ROWS: Final = 1_500
# The page says a second.
CODE_SECONDS: Final = 5.0


@pytest.fixture(name="nodes", scope="module")
def _nodes(shared_postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Each test leaves both nodes up. The user anna may administer, by password."""
    multiprocessing.set_forkserver_preload(["faults.loading_service"])
    token = generate_token()
    with closing(open_storage(shared_postgres_url)) as store:
        store.users.add_user(User("anna", Role.ADMIN, (), hash_password(PASSWORD)))
        store.users.add_user(User("core", Role.SUBMIT))
        store.users.add_token(Token(token.id, "core", token.sha256, datetime.now(UTC)))
    database, directory = Database(shared_postgres_url, token.text), tmp_path_factory.mktemp("nodes")
    with run_nodes(database, directory, drain_seconds=DRAIN_SECONDS, changes=SHORTER) as nodes:
        yield nodes


@contextmanager
def saving(nodes: Nodes, retry: RetryPolicy | None = None) -> Iterator[SavedCustomers]:
    """Saves during the block. Then every customer that was acknowledged must be in the database, once."""
    make_client = partial(nodes.make_client, retry)
    with save_continuously(make_client, CLIENTS, seed=1, pause=PAUSE_SECONDS) as saved:
        yield saved
    assert saved.errors == []
    found = saved.compare(partial(run_sql, nodes.database))
    assert (found["lost"], found["twice"]) == (0, 0)  # others saved what is untold


@contextmanager
def only_successes(nodes: Nodes) -> Iterator[None]:
    """The balancer gives no other response during the block."""
    before = nodes.balancer.count_statuses()
    yield
    assert (nodes.balancer.count_statuses() - before).keys() == {"200"}


def wait_until_more_is_saved(saved: SavedCustomers) -> None:
    """Waits for customers that were sent from now on."""
    enough = len(saved.accepted) + MIN_SAVED
    deadline = time.monotonic() + 60
    while len(saved.accepted) < enough and not saved.errors:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def reading(nodes: Nodes) -> Iterator[Counter[int]]:
    """Reads during the block, one request at a time, and repeats none; counts the statuses."""
    statuses, ended = Counter[int](), threading.Event()

    def read() -> None:
        with nodes.connect() as http:
            while not ended.wait(PAUSE_SECONDS):
                statuses[http.get("/classifier/country").status_code] += 1

    with ThreadPoolExecutor(1) as threads:
        reader = threads.submit(read)
        try:
            yield statuses
        finally:
            ended.set()
            reader.result()


def test_a_rolling_restart_refuses_no_request(nodes: Nodes) -> None:
    with only_successes(nodes), saving(nodes, retry=NO_RETRY) as saved:
        for node in range(NODES):
            wait_until_more_is_saved(saved)
            nodes.services[node].terminate()
            wait_until_more_is_saved(saved)
            nodes.restart(node)
    assert all(nodes.count_requests()[node] > MIN_SAVED for node in range(NODES))
    for number in range(1, NODES + 1):  # they said so before they stopped
        assert f"node{number} is DOWN, reason: Layer7 wrong status, code: 503" in nodes.balancer.read_log()


def test_a_reload_of_the_balancer_refuses_no_request(nodes: Nodes) -> None:
    with only_successes(nodes), saving(nodes, retry=NO_RETRY) as saved:
        wait_until_more_is_saved(saved)
        nodes.balancer.reload()
        nodes.wait_until_up()
        wait_until_more_is_saved(saved)


def test_a_killed_node_loses_no_customer_and_fails_no_read_and_its_load_is_taken_over(nodes: Nodes) -> None:
    with nodes.make_client() as client, saving(nodes) as saved, reading(nodes) as statuses:
        job = client.loads.upload(io.BytesIO(make_csv(ROWS)), name="customers.csv", batch=20)
        while not (info := job.refresh()).rows:
            assert not info.is_final
            time.sleep(0.02)
        [node] = [node for node in range(NODES) if has_event(nodes, node, "load_started")]
        wait_until_more_is_saved(saved)
        nodes.services[node].kill()
        load = job.wait()
        assert (load.state, load.rows, load.accepted) == ("completed", ROWS, ROWS)
        assert has_event(nodes, 1 - node, "load_resumed")
        wait_until_more_is_saved(saved)
        nodes.restart(node)
    assert statuses.keys() == {200}
    [(rows,)] = run_sql(nodes.database, "SELECT count(*) FROM communications WHERE communication_number LIKE 'n-%'")
    assert rows == ROWS


def has_event(nodes: Nodes, node: int, key: str) -> bool:
    return any(event["event"] == key for event in nodes.services[node].events())


def test_a_session_holds_on_every_node_and_a_changed_code_reaches_the_other(nodes: Nodes) -> None:
    with nodes.connect() as browser, nodes.connect(0) as first, nodes.connect(1) as second:
        headers = {"Origin": nodes.url}
        form = {"name": "anna", "password": PASSWORD}
        signed_in = browser.post("/console/sign-in", data=form, headers=headers)
        assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/console/")
        headers["Cookie"] = signed_in.headers["Set-Cookie"].partition(";")[0]
        assert first.get("/console/", headers=headers).status_code == 200
        assert second.get("/console/", headers=headers).status_code == 200

        code = {"code": "MUTUAL", "title": "Mutual society"}
        page = "/console/code-lists/legalForm"
        assert code["code"] not in second.get("/classifier/legalForm").text
        assert first.post(f"{page}/add", data=code, headers=headers).status_code == 303
        deadline = time.monotonic() + CODE_SECONDS
        # Each node looks for changes once a second, also the one that has made this.
        while any(code["code"] not in node.get("/classifier/legalForm").text for node in (first, second)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert code["code"] in browser.get("/classifier/legalForm").text


def test_a_refused_body_is_answered_through_the_balancer(nodes: Nodes) -> None:
    """The service answers before it has read the body; a balancer may take that for a broken connection."""
    with nodes.connect() as http:
        for _ in range(5):
            response = http.post("/amlyze-ws-rest/batch-customers", content=bytes(8 * 1024 * 1024))
            assert (response.status_code, response.json()["error"]) == (401, "Unauthorized")
