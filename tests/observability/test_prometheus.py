"""The metrics of an application, and the permission to read them."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families

from muster.customer.error_order import ERROR_CODES
from muster.customer.warnings import WARNING_CODES
from muster.observability.metrics import METRICS, MetricKind
from muster.storage.pool import ConnectionUsage
from muster.web.app import Application
from tests.web.fakes import (
    ANNA,
    BATCH,
    RITA,
    SAVE,
    TOKEN,
    VALIDATE,
    WATCHER,
    FakeIntake,
    FakeVerifier,
    Gate,
    application,
)
from tests.web.reading import Series, get_series_names, series_in, total, value
from tests.web.server import Wire, serving

JSON = {"Content-Type": "application/json"}
WORKS = {"Authorization": f"Bearer {TOKEN}"}


def scrape(client: TestClient[Application]) -> Series:
    response = client.get("/metrics", auth=WATCHER)
    assert response.status_code == 200
    return series_in(response.text)


def fail(content: bytes) -> None:
    raise RuntimeError("Garcia")


def test_scrape_has_exactly_the_metrics_of_the_table() -> None:
    with TestClient(application()) as client:
        client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        text = client.get("/metrics", auth=WATCHER).text
    scraped = {family.name: family for family in text_string_to_metric_families(text)}
    named = {
        metric.name.removesuffix("_total") if metric.kind is MetricKind.COUNTER else metric.name for metric in METRICS
    }
    assert scraped.keys() == named
    for metric in METRICS:
        family = scraped[metric.name.removesuffix("_total") if metric.kind is MetricKind.COUNTER else metric.name]
        assert (family.type, family.documentation) == (metric.kind.value, metric.meaning)
        assert family.samples
        for sample in family.samples:
            assert sample.name in get_series_names(metric)
            assert sample.labels.keys() - {"le"} == set(metric.labels)


def test_content_type_is_that_of_prometheus_for_get_and_head() -> None:
    with TestClient(application()) as client:
        for method in ("GET", "HEAD"):
            response = client.request(method, "/metrics", auth=WATCHER)
            assert response.status_code == 200
            assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


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
def test_only_watch_and_admin_read_metrics(how: dict[str, Any], status: int) -> None:
    with TestClient(application()) as client:
        response = client.get("/metrics", **how)
    assert response.status_code == status
    assert ("muster_" in response.text) is (status == 200)


@pytest.mark.parametrize(
    ("path", "who", "action", "roles", "added"),
    [
        ("/metrics", ANNA, "read the metrics", "watch", "watch"),
        ("/api/v1/batches", WATCHER, "read batches and communications", "submit or read", "read"),
        ("/api/v1/customers/c", ANNA, "read customers", "read", "read"),
        (SAVE, WATCHER, "submit batches", "submit", "submit"),
    ],
)
def test_403_says_which_role_to_add(path: str, who: tuple[str, str], action: str, roles: str, added: str) -> None:
    with TestClient(application()) as client:
        response = client.request("POST" if path == SAVE else "GET", path, content=BATCH, headers=JSON, auth=who)
    assert response.status_code == 403
    message = response.json()["message"]
    assert message.startswith(f"this user may not {action}; it needs the role {roles}, which ")
    assert f"`muster user change NAME --add-role {added}`" in message


@pytest.mark.parametrize("path", ["/api/v1/batches", "/api/v1/communications/n", "/api/v1/customers/c"])
def test_role_watch_reads_no_records(path: str) -> None:
    with TestClient(application()) as client:
        assert client.get(path, auth=WATCHER).status_code == 403
        assert client.post(SAVE, content=BATCH, headers=JSON, auth=WATCHER).status_code == 403


def test_requests_are_counted_by_labels_with_few_values() -> None:
    with TestClient(application()) as client:
        client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        client.post(SAVE, content=BATCH, headers=JSON, auth=RITA)
        for name in ("country", "Garcia"):
            client.get(f"/classifier/{name}")
        for path in ("/Garcia", "/wp-login.php"):
            client.get(path)
        client.request("BREW", SAVE)
        client.request("DELETE", SAVE)
        response = client.get("/metrics", auth=WATCHER)
        series = series_in(response.text)
    requests = {labels: found for (name, labels), found in series.items() if name == "muster_requests_total"}
    assert {tuple(sorted(dict(labels).items())): found for labels, found in requests.items()} == {
        (("method", method), ("route", route), ("status", status)): count
        for method, route, status, count in (
            ("POST", SAVE, "200", 1),
            ("POST", SAVE, "403", 1),
            ("GET", "/classifier/{name}", "200", 1),
            ("GET", "/classifier/{name}", "404", 1),
            ("GET", "unknown", "404", 2),
            ("other", SAVE, "405", 1),
            ("DELETE", SAVE, "405", 1),
        )
    }
    assert total(series, "muster_request_duration_seconds_count") == 8
    assert value(series, "muster_request_duration_seconds_count", route="/classifier/{name}") == 2
    assert value(series, "muster_request_body_bytes_total") == 2 * len(BATCH)
    assert "Garcia" not in response.text


def test_customers_are_counted_by_endpoint_and_code() -> None:
    with TestClient(application()) as client:
        for path in (SAVE, SAVE, VALIDATE):
            client.post(path, content=BATCH, headers=JSON, auth=ANNA)
        series = scrape(client)
    for endpoint, times in (("submit", 2), ("validate", 1)):
        counted = {"endpoint": endpoint}
        assert value(series, "muster_customers_total", **counted, result="accepted", code="") == 2 * times
        assert value(series, "muster_customers_total", **counted, result="rejected", code="C019") == times
    assert total(series, "muster_customers_total") == 9
    assert value(series, "muster_batch_customers_count") == 3
    assert value(series, "muster_batch_customers_sum") == 9


def test_warnings_are_counted_by_endpoint_and_code_and_start_at_0() -> None:
    with TestClient(application(FakeIntake(warnings={"W001": 2, "W003": 1}))) as client:
        before = scrape(client)
        for path in (SAVE, SAVE, VALIDATE):
            client.post(path, content=BATCH, headers=JSON, auth=ANNA)
        series = scrape(client)
    assert value(series, "muster_warnings_total", endpoint="submit", code="W001") == 4
    assert value(series, "muster_warnings_total", endpoint="validate", code="W003") == 1
    assert total(series, "muster_warnings_total") == 9
    assert {dict(labels)["code"] for name, labels in before if name == "muster_warnings_total"} == set(WARNING_CODES)


def test_first_rejection_by_a_code_is_an_increase() -> None:
    # Prometheus sees the increase of a series, and not its first value.
    with TestClient(application()) as client:
        before = scrape(client)
        client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        after = scrape(client)
    grown = {key: after[key] - before[key] for key in before if key[0] == "muster_customers_total"}
    rejected = {dict(labels)["code"]: by for (_, labels), by in grown.items() if ("result", "rejected") in labels}
    assert {code: by for code, by in rejected.items() if by} == {"C019": 1}
    assert rejected.keys() == set(ERROR_CODES)
    assert sum(grown.values()) == total(after, "muster_customers_total") == 3


def test_replay_is_counted_once_and_its_customers_are_not() -> None:
    with TestClient(application()) as client:
        for _ in range(3):
            client.post(SAVE, content=BATCH, headers={**JSON, "Idempotency-Key": "k"}, auth=ANNA)
        series = scrape(client)
    assert value(series, "muster_idempotent_replays_total") == 2
    assert total(series, "muster_customers_total") == 3
    assert value(series, "muster_batch_customers_count") == 1


@pytest.mark.parametrize(("action", "status"), [(lambda content: None, 200), (fail, 500)])
def test_failed_stage_is_counted(action: Callable[[bytes], None], status: int) -> None:
    with TestClient(application(FakeIntake(action))) as client:
        assert client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA).status_code == status
        series = scrape(client)
    assert value(series, "muster_stage_duration_seconds_count", stage="decide") == 1
    assert value(series, "muster_stage_duration_seconds_sum", stage="decide") > 0
    assert value(series, "muster_stage_duration_seconds_count", stage="save") == 0
    assert total(series, "muster_customers_total") == (3 if status == 200 else 0)


def test_internal_errors_are_counted_and_refusals_are_not() -> None:
    with TestClient(application(FakeIntake(fail), FakeVerifier())) as client:
        client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        client.post(SAVE, content=BATCH, headers=JSON)
        client.get("/nothing")
        assert value(scrape(client), "muster_internal_errors_total") == 1


def test_invalid_credentials_are_counted_and_missing_ones_are_not() -> None:
    with TestClient(application()) as client:
        client.get("/api/v1/batches")
        client.get("/api/v1/batches", auth=("anna", "guessed"))
        client.get("/api/v1/batches", headers={"Authorization": "Bearer guessed"})
        client.get("/api/v1/batches", auth=ANNA)
        assert value(scrape(client), "muster_auth_failures_total") == 2


def test_scrape_works_while_the_work_pool_is_full() -> None:
    gate = Gate()
    app = application(FakeIntake(gate), threads=1, max_queued_requests=2)
    with serving(app) as port, Wire(port) as first, Wire(port) as second, Wire(port) as third, Wire(port) as other:
        first.post(BATCH)
        gate.wait_for_entry()
        second.post(BATCH)
        # The third request holds a slot while it sends a large body, and waits for no thread.
        third.head(b"Content-Length: 300000").send(b" ")
        series = wait_for_series(other, lambda found: value(found, "muster_pool_slots_in_use", pool="work") == 3)
        assert other.post(BATCH).answer()[0] == 503
        gate.opened.set()
        assert (first.answer()[0], second.answer()[0]) == (200, 200)
        later = wait_for_series(other, lambda found: value(found, "muster_pool_slots_in_use", pool="work") == 1)
    # A request with a large body is authenticated first, and waits for that like the second request.
    assert [value(series, f"muster_pool_{what}", pool="work") for what in ("threads", "threads_busy", "slots")] == [
        1,
        1,
        3,
    ]
    assert value(series, "muster_pool_requests_waiting", pool="work") == 2
    assert value(series, "muster_pool_threads_busy", pool="metrics") == 1  # the scrape itself
    assert value(series, "muster_database_connections") == 3
    assert value(series, "muster_database_connections_max") == 12
    assert [value(later, f"muster_pool_{what}", pool="work") for what in ("threads_busy", "requests_waiting")] == [0, 0]


def wait_for_series(wire: Wire, condition: Callable[[Series], bool]) -> Series:
    """Scrapes until the condition holds."""
    end = time.monotonic() + 10
    while True:
        status, _, text = wire.head(path="/metrics", method="GET", authorization=b"Bearer good-token").answer()
        assert status == 200
        series = series_in(text.decode())
        if condition(series):
            return series
        assert time.monotonic() < end


def test_batch_of_a_disconnected_client_is_counted() -> None:
    gate = Gate()
    with serving(application(FakeIntake(gate))) as port:
        with Wire(port) as wire:
            wire.post(BATCH)
            gate.wait_for_entry()
        gate.opened.set()
        with Wire(port) as wire:
            series = wait_for_series(wire, lambda found: total(found, "muster_requests_total", route=SAVE) == 1)
    assert total(series, "muster_customers_total") == 3


def test_applications_have_separate_metrics() -> None:
    with TestClient(application()) as one, TestClient(application()) as other:
        one.post(SAVE, content=BATCH, headers=JSON, auth=ANNA)
        assert total(scrape(one), "muster_customers_total") == 3
        assert total(scrape(other), "muster_customers_total") == 0


def test_error_while_counting_does_not_fail_the_request() -> None:
    found = [ConnectionUsage(0, 1)] * 2  # enough for the construction of the application
    app = application(connections=found.pop)
    with structlog.testing.capture_logs() as events, TestClient(app) as client:
        assert value(scrape(client), "muster_workers") == 1
    failure = next(event for event in events if event["event"] == "internal_error")
    assert (failure["component"], failure["type"]) == ("metrics", "builtins.IndexError")
