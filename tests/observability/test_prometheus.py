"""What is counted, and who may read it."""

import time
from collections.abc import Callable

import pytest
import structlog
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families

from muster.customer.error_order import ERROR_CODES
from muster.observability.metrics import METRICS, MetricKind
from muster.storage.pool import ConnectionUsage
from tests.web.fakes import (
    ANNA,
    BATCH,
    RITA,
    SAVE,
    TOKEN,
    VALIDATE,
    WATCHER,
    FakeAccess,
    FakeIntake,
    Gate,
    application,
)
from tests.web.reading import Series, series_in, series_of, total, value
from tests.web.server import Wire, serving

JSON = {"Content-Type": "application/json"}
WORKS = {"Authorization": f"Bearer {TOKEN}"}


def scraped(client: TestClient) -> Series:
    answer = client.get("/metrics", auth=WATCHER)
    assert answer.status_code == 200
    return series_in(answer.text)


def fail(content: bytes) -> None:
    raise RuntimeError("Garcia")


def test_every_metric_of_the_table_is_told_and_nothing_else():
    with TestClient(application()) as client:
        client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        text = client.get("/metrics", auth=WATCHER).text
    told = {family.name: family for family in text_string_to_metric_families(text)}
    named = {
        metric.name.removesuffix("_total") if metric.kind is MetricKind.COUNTER else metric.name for metric in METRICS
    }
    assert told.keys() == named
    for metric in METRICS:
        family = told[metric.name.removesuffix("_total") if metric.kind is MetricKind.COUNTER else metric.name]
        assert (family.type, family.documentation) == (metric.kind.value, metric.meaning)
        assert family.samples
        for sample in family.samples:
            assert sample.name in series_of(metric)
            assert sample.labels.keys() - {"le"} == set(metric.labels)


def test_it_is_prometheus_text_for_head_too():
    with TestClient(application()) as client:
        for method in ("GET", "HEAD"):
            answer = client.request(method, "/metrics", auth=WATCHER)
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({}, 401),
        ({"auth": ("nobody", "x")}, 401),
        ({"auth": ANNA}, 403),
        ({"auth": RITA}, 403),
        ({"headers": WORKS}, 200),
    ],
)
def test_who_may_not_watch_reads_nothing(how: dict[str, object], status: int):
    with TestClient(application()) as client:
        answer = client.get("/metrics", **how)
    assert answer.status_code == status
    assert ("muster_" in answer.text) is (status == 200)


@pytest.mark.parametrize(("path", "who"), [("/metrics", ANNA), ("/api/v1/batches", WATCHER), (SAVE, WATCHER)])
def test_whoever_lacks_a_role_is_told_who_gives_it(path: str, who: tuple[str, str]):
    with TestClient(application()) as client:
        answer = client.request("POST" if path == SAVE else "GET", path, content=BATCH, headers=JSON, auth=who)
    assert answer.status_code == 403
    assert "`muster user change`, or its OpenID provider, gives it" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/api/v1/batches", "/api/v1/communications/n", "/api/v1/customers/c"])
def test_who_watches_reads_no_records(path: str):
    with TestClient(application()) as client:
        assert client.get(path, auth=WATCHER).status_code == 403
        assert client.post(SAVE, content=BATCH, headers=JSON, auth=WATCHER).status_code == 403


def test_requests_are_counted_by_what_has_few_values():
    with TestClient(application()) as client:
        client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        client.post(SAVE, content=BATCH, headers=JSON, auth=RITA)
        for name in ("country", "Garcia"):
            client.get(f"/classifier/{name}")
        for path in ("/Garcia", "/wp-login.php"):
            client.get(path)
        client.request("BREW", SAVE)
        client.request("DELETE", SAVE)
        answer = client.get("/metrics", auth=WATCHER)
        series = series_in(answer.text)
    requests = {labels: found for (name, labels), found in series.items() if name == "muster_requests_total"}
    assert {tuple(sorted(dict(labels).items())): found for labels, found in requests.items()} == {
        (("method", method), ("route", route), ("status", status)): count
        for method, route, status, count in (
            ("POST", SAVE, "200", 1),
            ("POST", SAVE, "403", 1),
            ("GET", "/classifier/{name}", "200", 1),
            ("GET", "/classifier/{name}", "404", 1),
            ("GET", "unknown", "404", 2),
            ("other", "unknown", "405", 1),
            ("DELETE", "unknown", "405", 1),
        )
    }
    assert total(series, "muster_request_seconds_count") == 8
    assert value(series, "muster_request_seconds_count", route="/classifier/{name}") == 2
    assert value(series, "muster_body_bytes_total") == 2 * len(BATCH)
    assert "Garcia" not in answer.text


def test_customers_are_counted_by_endpoint_and_code():
    with TestClient(application()) as client:
        for path in (SAVE, SAVE, VALIDATE):
            client.post(path, content=BATCH, headers=JSON, auth=ANNA)
        series = scraped(client)
    for endpoint, times in (("submit", 2), ("validate", 1)):
        counted = {"endpoint": endpoint}
        assert value(series, "muster_customers_total", **counted, result="accepted", code="") == 2 * times
        assert value(series, "muster_customers_total", **counted, result="rejected", code="C019") == times
    assert total(series, "muster_customers_total") == 9
    assert value(series, "muster_batch_customers_count") == 3
    assert value(series, "muster_batch_customers_sum") == 9


def test_a_code_that_comes_for_the_first_time_is_growth_to_prometheus():
    # Prometheus sees how a series grows, and not how it begins.
    with TestClient(application()) as client:
        before = scraped(client)
        client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        after = scraped(client)
    grown = {key: after[key] - before[key] for key in before if key[0] == "muster_customers_total"}
    rejected = {dict(labels)["code"]: by for (_, labels), by in grown.items() if ("result", "rejected") in labels}
    assert {code: by for code, by in rejected.items() if by} == {"C019": 1}
    assert rejected.keys() == set(ERROR_CODES)
    assert sum(grown.values()) == total(after, "muster_customers_total") == 3


def test_a_replay_is_counted_as_such_and_its_customers_are_not_counted_again():
    with TestClient(application()) as client:
        for _ in range(3):
            client.post(SAVE, content=BATCH, headers={**JSON, "Idempotency-Key": "k"}, auth=ANNA)
        series = scraped(client)
    assert value(series, "muster_replayed_total") == 2
    assert total(series, "muster_customers_total") == 3
    assert value(series, "muster_batch_customers_count") == 1


@pytest.mark.parametrize(("does", "status"), [(lambda content: None, 200), (fail, 500)])
def test_a_stage_is_counted_also_when_it_failed(does: Callable[[bytes], None], status: int):
    with TestClient(application(FakeIntake(does))) as client:
        assert client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA).status_code == status
        series = scraped(client)
    assert value(series, "muster_stage_seconds_count", stage="decide") == 1
    assert value(series, "muster_stage_seconds_sum", stage="decide") > 0
    assert value(series, "muster_stage_seconds_count", stage="save") == 0
    assert total(series, "muster_customers_total") == (3 if status == 200 else 0)


def test_failures_are_counted_and_refusals_are_none():
    with TestClient(application(FakeIntake(fail), FakeAccess())) as client:
        client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        client.post(SAVE, content=BATCH, headers=JSON)
        client.get("/nothing")
        assert value(scraped(client), "muster_failures_total") == 1


def test_wrong_credentials_are_counted_and_missing_ones_are_none():
    with TestClient(application()) as client:
        client.get("/api/v1/batches")
        client.get("/api/v1/batches", auth=("anna", "guessed"))
        client.get("/api/v1/batches", headers={"Authorization": "Bearer guessed"})
        client.get("/api/v1/batches", auth=ANNA)
        assert value(scraped(client), "muster_wrong_credentials_total") == 2


def test_how_busy_it_is_can_be_asked_while_it_takes_nobody_else():
    gate = Gate()
    app = application(FakeIntake(gate), threads=1, max_queued_requests=2)
    with serving(app) as port, Wire(port) as first, Wire(port) as second, Wire(port) as third, Wire(port) as other:
        first.post(BATCH)
        gate.wait_for_entry()
        second.post(BATCH)
        # The third holds a place while it sends a large body, and no thread waits for it.
        third.head(b"Content-Length: 300000").send(b" ")
        series = _once(other, lambda found: value(found, "muster_pool_places_taken", pool="work") == 3)
        assert other.post(BATCH).answer()[0] == 503
        gate.opened.set()
        assert (first.answer()[0], second.answer()[0]) == (200, 200)
        later = _once(other, lambda found: value(found, "muster_pool_places_taken", pool="work") == 1)
    # Whoever sends a large body is asked who it is first, and waits for that as the second does.
    assert [value(series, f"muster_pool_{what}", pool="work") for what in ("threads", "threads_busy", "places")] == [
        1,
        1,
        3,
    ]
    assert value(series, "muster_pool_requests_waiting", pool="work") == 2
    assert value(series, "muster_pool_threads_busy", pool="watch") == 1  # this one
    assert value(series, "muster_database_connections") == 3
    assert value(series, "muster_database_connections_max") == 12
    assert [value(later, f"muster_pool_{what}", pool="work") for what in ("threads_busy", "requests_waiting")] == [0, 0]


def _once(wire: Wire, condition: Callable[[Series], bool]) -> Series:
    """The metrics as soon as they are so."""
    end = time.monotonic() + 10
    while True:
        status, _, text = wire.head(path="/metrics", method="GET", authorization=b"Bearer good-token").answer()
        assert status == 200
        series = series_in(text.decode())
        if condition(series):
            return series
        assert time.monotonic() < end


def test_a_batch_is_counted_whose_sender_has_gone():
    gate = Gate()
    with serving(application(FakeIntake(gate))) as port:
        with Wire(port) as wire:
            wire.post(BATCH)
            gate.wait_for_entry()
        gate.opened.set()
        with Wire(port) as wire:
            series = _once(wire, lambda found: total(found, "muster_requests_total", route=SAVE) == 1)
    assert total(series, "muster_customers_total") == 3


def test_applications_do_not_count_for_each_other():
    with TestClient(application()) as one, TestClient(application()) as other:
        one.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        assert total(scraped(one), "muster_customers_total") == 3
        assert total(scraped(other), "muster_customers_total") == 0


def test_what_goes_wrong_with_counting_costs_no_answer():
    found = [ConnectionUsage(0, 1)] * 2  # for as long as the application is made
    app = application(connections=found.pop)
    with structlog.testing.capture_logs() as events, TestClient(app) as client:
        assert value(scraped(client), "muster_workers") == 1
    failure = next(event for event in events if event["event"] == "failure")
    assert (failure["where"], failure["type"]) == ("metrics", "builtins.IndexError")
