"""Requests at the same moment: exactly one gets what only one can have, and nobody gets a 500."""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.samples import individual
from tests.serving import SAVE, Api


def at_once(api: Api, batches: Sequence[list[dict[str, Any]]]) -> list[list[str | None]]:
    """The error codes of each of these batches, posted at the same moment over connections of their own."""
    barrier = Barrier(len(batches))
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}

    def post(customers: list[dict[str, Any]]) -> list[str | None]:
        with httpx.Client(base_url=api.http.base_url, headers=headers, timeout=60) as http:
            body = json.dumps({"customers": customers})
            barrier.wait()
            answer = http.post(SAVE, content=body)
        assert answer.status_code == 200, answer.text
        return [result.get("errorCode") for result in answer.json()["results"]]

    with ThreadPoolExecutor(len(batches)) as pool:
        return list(pool.map(post, batches))


@pytest.mark.parametrize("requests", [2, 16])
def test_one_of_many_requests_gets_a_communication_number(api: Api, requests: int) -> None:
    for round_number in range(3):
        number = f"contested-{round_number}"
        answers = at_once(api, [[individual(communicationNumber=number)] for _ in range(requests)])
        assert Counter(code for (code,) in answers) == {None: 1, "O005": requests - 1}


@pytest.mark.parametrize("requests", [2, 16])
def test_one_of_many_requests_creates_a_customer(api: Api, requests: int) -> None:
    for round_number in range(3):
        ext_id = f"contested-{round_number}"
        answers = at_once(api, [[individual(customerExtId=ext_id)] for _ in range(requests)])
        assert Counter(code for (code,) in answers) == {None: 1, "C004": requests - 1}


def test_a_contested_customer_costs_the_others_of_its_batch_nothing(api: Api) -> None:
    contested = [individual() for _ in range(5)]
    batches = [[individual(), *contested[::step], individual()] for step in (1, -1) for _ in range(4)]
    answers = at_once(api, batches)
    assert all((first, last) == (None, None) for first, *_, last in answers)
    won = Counter(code for _, *codes, _ in answers for code in codes)
    assert won[None] == len(contested)


def test_updates_of_the_same_customers_in_opposite_orders_all_succeed(api: Api) -> None:
    customers = [individual() for _ in range(20)]
    api.results(customers)
    ids = [customer["customerExtId"] for customer in customers]
    batches = [
        [individual(customerExtId=ext_id, action="UPDATE") for ext_id in (ids if turn % 2 else reversed(ids))]
        for turn in range(8)
    ]
    assert at_once(api, batches) == [[None] * len(ids)] * len(batches)
    with api.store.customers.session() as session:
        versions = session.look_up([], [("MAIN", ext_id) for ext_id in ids]).versions
    assert set(versions.values()) == {1 + len(batches)}
