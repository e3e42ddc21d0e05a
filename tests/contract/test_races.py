"""Concurrent requests for the same number or customer: exactly one succeeds, and none gets a 500."""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from tests.samples import individual
from tests.serving import SAVE, Api, connect


@pytest.fixture
def api(shared_api: Api) -> Api:
    return shared_api


def send_concurrently(api: Api, batches: Sequence[list[dict[str, Any]]], path: str = SAVE) -> list[list[str | None]]:
    """The error codes of each batch. All are sent at the same moment, over a connection each."""
    barrier = Barrier(len(batches))
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}

    def post(customers: list[dict[str, Any]]) -> list[str | None]:
        with connect(api.port, **headers) as http:
            body = json.dumps({"customers": customers})
            barrier.wait()
            response = http.post(path, content=body)
        assert response.status_code == 200, response.text
        return [result.get("errorCode") for result in response.json()["results"]]

    with ThreadPoolExecutor(len(batches)) as pool:
        return list(pool.map(post, batches))


@pytest.mark.parametrize("requests", [2, 16])
def test_one_of_several_requests_gets_the_communication_number(api: Api, requests: int) -> None:
    for _ in range(3):
        number = uuid4().hex
        codes = send_concurrently(api, [[individual(communicationNumber=number)] for _ in range(requests)])
        assert Counter(code for (code,) in codes) == {None: 1, "O005": requests - 1}


@pytest.mark.parametrize("requests", [2, 16])
def test_one_of_several_requests_creates_the_customer(api: Api, requests: int) -> None:
    for _ in range(3):
        ext_id = uuid4().hex
        codes = send_concurrently(api, [[individual(customerExtId=ext_id)] for _ in range(requests)])
        assert Counter(code for (code,) in codes) == {None: 1, "C004": requests - 1}


@pytest.mark.parametrize("requests", [2, 16])
def test_one_of_several_upserts_creates_the_customer_and_the_others_update_it(api: Api, requests: int) -> None:
    for _ in range(3):
        ext_id = uuid4().hex
        batches = [[individual(customerExtId=ext_id, action=None)] for _ in range(requests)]
        codes = send_concurrently(api, batches, f"{SAVE}?upsert=true")
        assert codes == [[None]] * requests
        with api.store.customers.session() as session:
            assert session.look_up([], [("MAIN", ext_id)]).versions == {("MAIN", ext_id): requests}


def test_conflict_leaves_the_other_customers_of_the_batch_alone(api: Api) -> None:
    shared = [individual() for _ in range(5)]
    batches = [[individual(), *shared[::step], individual()] for step in (1, -1) for _ in range(4)]
    codes = send_concurrently(api, batches)
    assert all((first, last) == (None, None) for first, *_, last in codes)
    counts = Counter(code for _, *shared_codes, _ in codes for code in shared_codes)
    assert counts[None] == len(shared)


def test_updates_of_the_same_customers_in_opposite_orders_all_succeed(api: Api) -> None:
    customers = [individual() for _ in range(20)]
    api.results(customers)
    ids = [customer["customerExtId"] for customer in customers]
    batches = [
        [individual(customerExtId=ext_id, action="UPDATE") for ext_id in (ids if number % 2 else reversed(ids))]
        for number in range(8)
    ]
    assert send_concurrently(api, batches) == [[None] * len(ids)] * len(batches)
    with api.store.customers.session() as session:
        versions = session.look_up([], [("MAIN", ext_id) for ext_id in ids]).versions
    assert set(versions.values()) == {1 + len(batches)}
