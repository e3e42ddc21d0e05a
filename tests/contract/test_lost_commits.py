"""The connection to PostgreSQL breaks while a batch is committed: the response says what is true, or that it can't."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from faults.commit_proxy import CommitProxy, Cut, run_proxy
from muster.auth.users import Role
from tests.samples import individual
from tests.serving import VALIDATE, Api, serving

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
FAILURE = ["errorCode", "errorDescription", "timeElapsedMs"]


@dataclass
class CutService:
    """The service behind a proxy that cuts the next commit as it is told."""

    api: Api
    proxy: CommitProxy
    cuts: list[Cut]

    def send(self, content: bytes, **headers: str) -> httpx.Response:
        return self.api.send(content, **headers)

    def count_batches(self) -> int:
        [(count,)] = self.api.sql("SELECT count(*) FROM batches")
        return int(count)

    def read_outcomes(self) -> list[str]:
        """The outcomes that were logged."""
        events = [json.loads(line) for line in self.api.read_log().splitlines()]
        return [event["outcome"] for event in events if event["event"] == "commit_answer_lost"]


@pytest.fixture
def service(postgres_url: str) -> Iterator[CutService]:
    cuts: list[Cut] = []
    with (
        run_proxy(postgres_url, lambda: cuts.pop() if cuts else None) as proxy,
        serving(postgres_url, proxy_url=proxy.url, outcome_timeout=3.0) as api,
    ):
        connect_service(api)
        yield CutService(api, proxy, cuts)


def connect_service(api: Api) -> None:
    """Opens a connection to the database by a dry run: SQLAlchemy commits when it connects for the first time.

    The first use of the token is written in the background, and no other commit may take the cut.
    """
    assert api.send(body(1), VALIDATE).status_code == 200
    deadline = time.monotonic() + 30
    while api.sql("SELECT 1 FROM tokens WHERE last_used_at IS NULL"):
        assert time.monotonic() < deadline


def body(count: int) -> bytes:
    return json.dumps({"customers": [individual() for _ in range(count)]}).encode()


# One customer without a key takes the single statement, everything else a transaction.
REQUESTS: list[tuple[int, dict[str, str]]] = [(1, {}), (1, KEY), (3, {}), (3, KEY)]


@pytest.mark.parametrize("cut", [Cut.ANSWER_DROPPED, Cut.COMMIT_DELAYED])
@pytest.mark.parametrize(("count", "headers"), REQUESTS)
def test_saved_batch_gets_its_200(service: CutService, cut: Cut, count: int, headers: dict[str, str]) -> None:
    content = body(count)
    service.cuts.append(cut)
    response = service.send(content, **headers)
    assert response.status_code == 200
    assert [result["resultType"] for result in response.json()["results"]] == ["REQUEST_ACCEPTED"] * count
    [(batch_id, accepted)] = service.api.sql("SELECT id, accepted FROM batches")
    assert (response.headers["Muster-Batch-Id"], accepted) == (str(batch_id), count)
    assert service.read_outcomes() == ["saved"]
    if headers:
        assert service.send(content, **headers).content == response.content


@pytest.mark.parametrize(("count", "headers"), REQUESTS)
def test_batch_that_was_not_saved_gets_the_usual_500(service: CutService, count: int, headers: dict[str, str]) -> None:
    content = body(count)
    service.cuts.append(Cut.COMMIT_DROPPED)
    response = service.send(content, **headers)
    assert (response.status_code, list(response.json())) == (500, FAILURE)
    assert "Muster-Outcome" not in response.headers
    assert service.count_batches() == 0
    assert service.read_outcomes() == ["not_saved"]
    again = service.send(content, **headers)
    assert again.status_code == 200
    assert "Idempotency-Replayed" not in again.headers


@pytest.mark.parametrize(("count", "headers"), REQUESTS)
def test_unknown_outcome_is_said_with_the_id_of_the_batch(
    postgres_url: str, count: int, headers: dict[str, str]
) -> None:
    content, cuts = body(count), list[Cut]()
    with run_proxy(postgres_url) as proxy:

        def cut_and_refuse() -> Cut | None:
            proxy.is_refusing = bool(cuts)
            return cuts.pop() if cuts else None

        proxy.choose_cut = cut_and_refuse
        with serving(postgres_url, proxy_url=proxy.url, outcome_timeout=0.3) as api:
            connect_service(api)
            service = CutService(api, proxy, cuts)
            service.cuts.append(Cut.ANSWER_DROPPED)
            response = service.send(content, **headers)
            proxy.is_refusing = False
            assert (response.status_code, list(response.json())) == (500, FAILURE)
            assert response.headers["Muster-Outcome"] == "unknown"
            [(batch_id,)] = api.sql("SELECT id FROM batches")
            assert response.headers["Muster-Batch-Id"] == str(batch_id)
            assert service.read_outcomes() == ["unknown"]
            again = service.send(content, **headers)
            assert service.count_batches() == (1 if headers else 2)
            if headers:
                assert again.headers["Idempotency-Replayed"] == "true"
            else:
                assert {result["errorCode"] for result in again.json()["results"]} == {"O005"}


def test_metrics_count_the_outcomes(service: CutService) -> None:
    for cut in (Cut.ANSWER_DROPPED, Cut.COMMIT_DROPPED, Cut.COMMIT_DELAYED):
        service.cuts.append(cut)
        service.send(body(2))
    headers = {"Authorization": f"Bearer {service.api.user(Role.WATCH)}"}
    text = service.api.http.get("/metrics", headers=headers).text
    assert read_series(text, "muster_lost_commits_total") == {"saved": 2.0, "not_saved": 1.0, "unknown": 0.0}


def read_series(text: str, name: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
    return {line.split('"')[1]: float(line.rpartition(" ")[2]) for line in lines}


def test_document_describes_the_headers_of_the_500(service: CutService) -> None:
    paths: dict[str, Any] = service.api.http.get("/v2/api-docs").json()["paths"]
    for path in ("batch-customers", "validate-batch-customers"):
        response = paths[f"/amlyze-ws-rest/{path}"]["post"]["responses"]["500"]
        assert set(response["headers"]) == {"Muster-Outcome", "Muster-Batch-Id"}


def test_upload_whose_record_may_be_lost_is_a_500_that_says_so(service: CutService) -> None:
    service.cuts.append(Cut.ANSWER_DROPPED)
    headers = {"Authorization": f"Bearer {service.api.token}"}
    response = service.api.http.post("/api/v1/loads", json={"name": "customers.csv"}, headers=headers)
    assert (response.status_code, list(response.json())) == (500, FAILURE)
    assert response.headers["Muster-Outcome"] == "unknown"
    assert "Muster-Batch-Id" not in response.headers
    loads = service.api.http.get("/api/v1/loads", headers=headers).json()["loads"]
    assert len(loads) == 1
