"""Several services share a PgBouncer that has fewer connections than they have threads."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import psycopg
import pytest

from muster.auth.users import Role
from tests.contract.loads import Loads, make_csv
from tests.samples import individual
from tests.serving import SAVE, Api, connect, serving
from tests.storage.pgbouncer.server import needs_pgbouncer

pytestmark = needs_pgbouncer

BATCHES = 60
CLIENTS = 12
ROWS = 4_000


@pytest.fixture
def services(postgres_url: str) -> Iterator[list[Api]]:
    with serving(postgres_url, workers=2) as first, serving(postgres_url) as second:
        yield [first, second]


def test_batches_with_keys_and_a_load_are_saved_once(services: list[Api], direct_url: str) -> None:
    first, second = services
    loads = Loads(first, first.user(Role.SUBMIT))
    load_id = loads.upload_without_waiting(make_csv(ROWS))
    bodies = [json.dumps({"customers": [individual() for _ in range(1 + n % 3)]}).encode() for n in range(BATCHES)]
    keys = [str(uuid4()) for _ in bodies]
    authorization = {"Authorization": f"Bearer {first.token}", "Content-Type": "application/json"}

    def send(n: int) -> httpx.Response:
        """Sends a batch under its key until a service answers other than that the other one works on it."""
        port = services[n % 2].port
        with connect(port, **authorization) as client:
            while True:
                response = client.post(
                    SAVE, content=bodies[n // 2], headers={"Idempotency-Key": keys[n // 2]} if n % 4 < 3 else {}
                )
                if response.status_code != 409:
                    return response

    with ThreadPoolExecutor(CLIENTS) as pool:
        responses = list(pool.map(send, range(2 * BATCHES)))
    assert Counter(response.status_code for response in responses) == {200: 2 * BATCHES}
    # Two of four requests are the same under one key; the other two have a key and none, so one of them is refused.
    for n in range(0, 2 * BATCHES, 4):
        assert responses[n].content == responses[n + 1].content
    assert loads.wait(load_id)["accepted"] == ROWS
    accepted = sum(1 + n % 3 for n in range(BATCHES))
    with psycopg.connect(direct_url) as connection:
        [(customers, numbers)] = connection.execute(
            "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM communications)"
        ).fetchall()
        assert customers == numbers == accepted + ROWS
        assert connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone() == (0,)
    logged = (first.read_log() + second.read_log()).splitlines()
    assert [event for line in logged if (event := json.loads(line))["level"] == "error"] == []
