"""Requests with an Idempotency-Key are processed once."""

import gzip
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import httpx
import pytest

from tests.samples import individual
from tests.serving import SAVE, VALIDATE, Api, connect, serving


@pytest.fixture
def api(shared_api: Api) -> Api:
    return shared_api


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": f'"{uuid4()}"'}


def count_customers(api: Api) -> int:
    [(count,)] = api.sql("SELECT count(*) FROM customers")
    return int(count)


def body(count: int = 3) -> bytes:
    return json.dumps({"customers": [individual() for _ in range(count)]}).encode()


def test_replayed_response_is_the_same_byte_for_byte(api: Api, key: dict[str, str]) -> None:
    content, before = body(), count_customers(api)
    first = api.send(content, **key)
    again = api.send(gzip.compress(content), **key, **{"Content-Encoding": "gzip"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["Muster-Batch-Id"] == first.headers["Muster-Batch-Id"]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert count_customers(api) - before == 3


def test_other_body_with_the_key_is_422_and_saves_nothing(api: Api, key: dict[str, str]) -> None:
    before = count_customers(api)
    assert api.send(body(), **key).status_code == 200
    assert api.send(body(), **key).status_code == 422
    assert count_customers(api) - before == 3


def test_rejected_batch_leaves_its_key_free(api: Api, key: dict[str, str]) -> None:
    rejected = json.dumps({"customers": [{}]}).encode()
    for content in (rejected, rejected, body()):
        response = api.send(content, **key)
        assert response.status_code == 200
        assert "Idempotency-Replayed" not in response.headers
    assert api.send(body(), **key).status_code == 422


def test_dry_run_does_not_use_up_its_key(api: Api, key: dict[str, str]) -> None:
    content = body()
    assert api.send(content, VALIDATE, **key).status_code == 200
    assert "Idempotency-Replayed" not in api.send(content, SAVE, **key).headers


@pytest.mark.parametrize("requests", [2, 16])
def test_only_one_of_many_concurrent_requests_is_processed(api: Api, key: dict[str, str], requests: int) -> None:
    content, barrier = body(50), Barrier(requests)
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json", **key}

    def post(_: int) -> httpx.Response:
        with connect(api.port, **headers) as http:
            barrier.wait()
            return http.post(SAVE, content=content)

    with ThreadPoolExecutor(requests) as pool:
        responses = list(pool.map(post, range(requests)))
    statuses = Counter(response.status_code for response in responses)
    assert statuses.keys() <= {200, 409}
    successes = [response for response in responses if response.status_code == 200]
    assert sum("Idempotency-Replayed" not in response.headers for response in successes) == 1
    assert {response.content for response in successes} == {api.send(content, **key).content}


def test_key_survives_a_restart(database_url: str, key: dict[str, str]) -> None:
    content = body()
    with serving(database_url) as api:
        first, token = api.send(content, **key), api.token
    with serving(database_url) as api:
        again = api.send(content, Authorization=f"Bearer {token}", **key)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
