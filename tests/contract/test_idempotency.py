"""A request with an Idempotency-Key over HTTP: once, whoever asks again and whenever."""

import gzip
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from tests.samples import individual
from tests.serving import SAVE, VALIDATE, Api, serving

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def body(count: int = 3) -> bytes:
    return json.dumps({"customers": [individual() for _ in range(count)]}).encode()


def test_the_answer_to_the_same_request_is_the_same_byte_for_byte(api: Api) -> None:
    content = body()
    first = api.send(content, **KEY)
    again = api.send(gzip.compress(content), **KEY, **{"Content-Encoding": "gzip"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["Muster-Batch-Id"] == first.headers["Muster-Batch-Id"]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    [(saved,)] = api.sql("SELECT count(*) FROM customers")
    assert saved == 3


def test_another_body_under_the_key_is_422_and_saves_nothing(api: Api) -> None:
    assert api.send(body(), **KEY).status_code == 200
    assert api.send(body(), **KEY).status_code == 422
    [(saved,)] = api.sql("SELECT count(*) FROM customers")
    assert saved == 3


def test_a_rejected_batch_is_replayed_too(api: Api) -> None:
    content = json.dumps({"customers": [{}]}).encode()
    first, again = api.send(content, **KEY), api.send(content, **KEY)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_key_of_a_dry_run_stands_for_nothing(api: Api) -> None:
    content = body()
    assert api.send(content, VALIDATE, **KEY).status_code == 200
    assert "Idempotency-Replayed" not in api.send(content, SAVE, **KEY).headers


@pytest.mark.parametrize("requests", [2, 16])
def test_of_many_requests_at_once_one_is_processed(api: Api, requests: int) -> None:
    content, barrier = body(50), Barrier(requests)
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json", **KEY}

    def post(_: int) -> httpx.Response:
        with httpx.Client(base_url=api.http.base_url, headers=headers, timeout=60) as http:
            barrier.wait()
            return http.post(SAVE, content=content)

    with ThreadPoolExecutor(requests) as pool:
        answers = list(pool.map(post, range(requests)))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() <= {200, 409}
    sound = [answer for answer in answers if answer.status_code == 200]
    assert sum("Idempotency-Replayed" not in answer.headers for answer in sound) == 1
    assert {answer.content for answer in sound} == {api.send(content, **KEY).content}


def test_a_key_outlives_the_service(database_url: str) -> None:
    content = body()
    with serving(database_url) as api:
        first, token = api.send(content, **KEY), api.token
    with serving(database_url) as api:
        again = api.send(content, Authorization=f"Bearer {token}", **KEY)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
