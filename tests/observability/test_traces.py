"""Spans of requests, as a collector receives them."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
import structlog
from litestar.testing import TestClient
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from structlog.typing import EventDict

from muster import bootstrap
from muster.observability.traces import TraceExporter
from muster.settings import Settings
from muster.storage import open_storage
from muster.web.app import Application
from tests.observability.collector import Collector, collecting, values
from tests.web.fakes import ANNA, BATCH, SAVE, FakeIntake, application

JSON = {"Content-Type": "application/json"}
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        yield collector


@contextmanager
def traced(intake: FakeIntake | None = None) -> Iterator[TestClient[Application]]:
    """A client of an application with traces. The last spans are sent at the end of the block."""
    traces = TraceExporter()
    app = application(intake, record_trace=traces.record_request, on_shutdown=traces.close)
    with TestClient(app) as client:
        yield client


def by_kind(collector: Collector) -> tuple[Span, list[Span]]:
    """The span of the only request, and the spans of its stages."""
    (server,) = [span for span in collector.spans if span.kind == Span.SPAN_KIND_SERVER]
    return server, [span for span in collector.spans if span is not server and span.kind != server.kind]


def test_request_is_a_span_with_a_child_for_each_stage(collector: Collector) -> None:
    intake = FakeIntake()
    with structlog.testing.capture_logs() as events, traced(intake) as client:
        client.post(f"{SAVE}?detail=full", content=BATCH, headers={**JSON, "X-Secret": "Garcia"}, auth=ANNA)
    server, stages = by_kind(collector)
    assert server.name == f"POST {SAVE}"
    assert values(server.attributes) == {
        "http.request.method": "POST",
        "http.route": SAVE,
        "http.response.status_code": 200,
        "http.request.body.size": len(BATCH),
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "muster.batch.id": str(intake.batch_ids[0]),
        "muster.customers.accepted": 2,
        "muster.customers.rejected": 1,
    }
    assert UUID(values(server.attributes)["muster.batch.id"])
    assert [stage.name for stage in stages] == ["decide"]
    assert stages[0].parent_span_id == server.span_id
    assert stages[0].trace_id == server.trace_id
    times = stages[0].start_time_unix_nano, stages[0].end_time_unix_nano
    assert server.start_time_unix_nano <= times[0] <= times[1] <= server.end_time_unix_nano
    assert events[0]["trace"] == server.trace_id.hex()
    assert b"Garcia" not in collector.content


def test_environment_overrides_the_service_name(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    with traced() as client:
        client.get("/health/live")
    assert collector.resource()["service.name"] == "muster"
    collector.bodies.clear()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "muster-night")
    with traced() as client:
        client.get("/health/live")
    assert collector.resource()["service.name"] == "muster-night"


def test_trace_of_the_client_continues_without_its_tracestate(collector: Collector) -> None:
    with traced() as client:
        client.get("/health/live", headers={"traceparent": f"{PARENT}-01", "tracestate": "bank=Garcia"})
    (span,) = collector.spans
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == tuple(PARENT.split("-")[1:])
    assert b"Garcia" not in collector.content


@pytest.mark.parametrize("header", ["Garcia", "", "00-0-0-01", "é", f"{PARENT}-01," + "x" * 1000])
def test_invalid_traceparent_is_ignored(collector: Collector, header: str) -> None:
    with traced() as client:
        response = client.get("/health/live", headers={b"traceparent": header.encode("latin-1")})
    assert response.status_code == 200
    (span,) = collector.spans
    assert span.parent_span_id == b""
    assert b"Garcia" not in collector.content


def test_unsampled_trace_is_not_recorded(collector: Collector) -> None:
    with structlog.testing.capture_logs() as events, traced() as client:
        assert client.get("/health/live", headers={"traceparent": f"{PARENT}-00"}).status_code == 200
    assert collector.bodies == []
    assert "trace" not in events[0]


@pytest.mark.parametrize(("method", "path"), [("GET", "/Garcia?name=Garcia"), ("GARCIA", "/Garcia")])
def test_path_without_a_route_is_not_in_the_span(collector: Collector, method: str, path: str) -> None:
    with traced() as client:
        client.request(method, path)
    (span,) = collector.spans
    assert span.name == ("GET" if method == "GET" else "HTTP")
    assert values(span.attributes)["http.request.method"] == ("GET" if method == "GET" else "_OTHER")
    assert span.status.code == Status.STATUS_CODE_UNSET  # an error of the client
    assert b"garcia" not in collector.content.lower()


def failing(content: bytes) -> None:
    raise RuntimeError("Garcia", content)


def test_internal_error_marks_the_span_without_a_message(collector: Collector) -> None:
    with traced(FakeIntake(failing)) as client:
        assert client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA).status_code == 500
    server, stages = by_kind(collector)
    assert (server.status.code, server.status.message) == (Status.STATUS_CODE_ERROR, "")
    assert values(server.attributes)["error.type"] == "500"
    assert [stage.name for stage in stages] == ["decide"]
    assert not [event for span in collector.spans for event in span.events]
    assert b"Garcia" not in collector.content


def test_hanging_collector_delays_no_request(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "4")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")
    collector.opened.clear()
    with traced() as client:
        # More spans than the queue holds; the collector responds only after all requests.
        for _ in range(20):
            assert client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA).status_code == 200
        assert collector.bodies == []
        collector.opened.set()
    assert collector.spans


TRACED = """
from litestar.testing import TestClient
from muster.observability.log_configuration import configure_logging
configure_logging("json")
from muster.observability.traces import TraceExporter
from tests.web.fakes import *
traces = TraceExporter()
with TestClient(application(record_trace=traces.record_request, on_shutdown=traces.close)) as client:
    response = client.post(SAVE, content=b"Garcia", headers={"Content-Type": "application/json"}, auth=ANNA)
    assert response.status_code == 200
"""


@pytest.mark.untraced  # a process takes twice as long to start
def test_unreachable_collector_loses_spans_and_logs_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://user:sekret@127.0.0.1:{listener.getsockname()[1]}"
    environment = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    done = subprocess.run([sys.executable, "-c", TRACED], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    request, lost = (json.loads(line) for line in done.stderr.splitlines())
    assert (request["event"], request["status"]) == ("request", 200)
    assert lost["logger"].startswith("opentelemetry.exporter")
    assert lost["level"] == "error"
    assert "sekret" not in done.stderr
    assert "Garcia" not in done.stderr


def service_events(sqlite_url: str) -> list[EventDict]:
    """The log events of a service that handles one request."""
    store = open_storage(sqlite_url)
    with (
        structlog.testing.capture_logs() as events,
        TestClient(bootstrap.make_service(Settings(database=sqlite_url), store)) as client,
    ):
        assert client.get("/health/live").status_code == 200
    return list(events)


def test_service_sends_traces_to_the_endpoint_of_the_environment(sqlite_url: str, collector: Collector) -> None:
    (request,) = service_events(sqlite_url)
    assert [span.trace_id.hex() for span in collector.spans] == [request["trace"]]


def test_without_an_endpoint_there_are_no_traces(sqlite_url: str) -> None:
    (request,) = service_events(sqlite_url)
    assert "trace" not in request


def test_service_without_the_extra_logs_a_warning_and_works(
    sqlite_url: str, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "muster.observability.traces")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    warning, request = service_events(sqlite_url)
    assert warning["log_level"] == "warning"
    assert warning["event"] == "traces_unavailable"
    assert "muster[traces]" in warning["message"]
    assert "trace" not in request
    assert collector.bodies == []


def test_service_whose_traces_fail_to_start_logs_an_error_and_works(
    sqlite_url: str, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER", "Garcia")
    failure, request = service_events(sqlite_url)
    assert (failure["event"], failure["component"]) == ("internal_error", "traces")
    assert "Garcia" not in repr(failure)
    assert "trace" not in request
