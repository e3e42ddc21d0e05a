"""Requests with an Idempotency-Key are processed once."""

import gzip
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from tests.samples import individual
from tests.serving import SAVE, VALIDATE, Api, connect, serving

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def body(count: int = 3) -> bytes:
    return json.dumps({"customers": [individual() for _ in range(count)]}).encode()


def test_replayed_response_is_the_same_byte_for_byte(api: Api) -> None:
    content = body()
    first = api.send(content, **KEY)
    again = api.send(gzip.compress(content), **KEY, **{"Content-Encoding": "gzip"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["Muster-Batch-Id"] == first.headers["Muster-Batch-Id"]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    [(saved,)] = api.sql("SELECT count(*) FROM customers")
    assert saved == 3


def test_other_body_with_the_key_is_422_and_saves_nothing(api: Api) -> None:
    assert api.send(body(), **KEY).status_code == 200
    assert api.send(body(), **KEY).status_code == 422
    [(saved,)] = api.sql("SELECT count(*) FROM customers")
    assert saved == 3


def test_rejected_batch_leaves_its_key_free(api: Api) -> None:
    rejected = json.dumps({"customers": [{}]}).encode()
    for content in (rejected, rejected, body()):
        response = api.send(content, **KEY)
        assert response.status_code == 200
        assert "Idempotency-Replayed" not in response.headers
    assert api.send(body(), **KEY).status_code == 422


def test_dry_run_does_not_use_up_its_key(api: Api) -> None:
    content = body()
    assert api.send(content, VALIDATE, **KEY).status_code == 200
    assert "Idempotency-Replayed" not in api.send(content, SAVE, **KEY).headers


@pytest.mark.parametrize("requests", [2, 16])
def test_only_one_of_many_concurrent_requests_is_processed(api: Api, requests: int) -> None:
    content, barrier = body(50), Barrier(requests)
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json", **KEY}

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
    assert {response.content for response in successes} == {api.send(content, **KEY).content}


def test_key_survives_a_restart(database_url: str) -> None:
    content = body()
    with serving(database_url) as api:
        first, token = api.send(content, **KEY), api.token
    with serving(database_url) as api:
        again = api.send(content, Authorization=f"Bearer {token}", **KEY)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
