"""Traces: a span for each request and for each stage of the intake, sent by OTLP over HTTP.

Spans are built when a request is over, from times measured meanwhile: no outgoing call needs their context, and they
cost a running request nothing. They hold what the log holds. OpenTelemetry's conventions ask for
the path too, but our paths hold identifiers of customers, so it is left out, as are the client's `tracestate` and all
messages of exceptions.

Needs the extra `muster[traces]`.
"""

import logging
import threading
import time
from importlib.metadata import version
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from muster.observability.logs import log_error
from muster.observability.requests import METHODS, RequestSummary

# How long the shutdown of a worker waits for unsent spans. The library waits 30 seconds for a dead collector.
FLUSH_SECONDS: Final = 5.0

_propagator: Final = TraceContextTextMapPropagator()


class TraceExporter:
    """Sends the spans of one process, from a thread of its own with a bounded queue. Spans that don't fit are dropped.

    OpenTelemetry's own environment variables say where and how.
    """

    def __init__(self) -> None:
        # A failed attempt is a warning, and the loss of spans an error. Only the loss is worth a log event.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
        self._provider = TracerProvider(resource=_build_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("muster", version("muster"))

    def record_request(self, request: RequestSummary) -> str | None:
        """Queues the spans of a finished request. Returns the id of its trace, None when it is not recorded."""
        try:
            return self._record_request(request)
        except Exception as error:
            log_error(error, component="traces")
            return None

    def close(self) -> None:
        """Sends the queued spans, as far as that succeeds within `FLUSH_SECONDS`. Blocks."""
        sender = threading.Thread(target=self._provider.shutdown, name="trace-flush", daemon=True)
        sender.start()
        sender.join(FLUSH_SECONDS)

    def _record_request(self, request: RequestSummary) -> str | None:
        epoch_ns = time.time_ns() - time.perf_counter_ns()  # from `perf_counter_ns` to Unix time
        started_ns = epoch_ns + request.started_ns
        span = self._tracer.start_span(
            _format_name(request), _extract_parent(request.traceparent), SpanKind.SERVER, start_time=started_ns
        )
        trace_id = None
        if span.is_recording():
            span.set_attributes(_build_attributes(request))
            trace_id = format_trace_id(span.get_span_context().trace_id)
            context = set_span_in_context(span, Context())
            for name, stage in request.stages or ():
                stage_span = self._tracer.start_span(name, context, start_time=epoch_ns + stage.began)
                stage_span.end(epoch_ns + stage.began + stage.ns)
            if request.status >= 500 or not request.status:
                span.set_status(StatusCode.ERROR)
        span.end(started_ns + request.duration_ns)
        return trace_id


def _build_resource() -> Resource:
    """The sender of the spans. What the environment says has precedence."""
    own = Resource({"service.name": "muster", "service.version": version("muster")})
    return Resource.create(dict(own.merge(OTELResourceDetector().detect()).attributes))


def _extract_parent(traceparent: str | None) -> Context:
    """The client's span. An invalid header counts as absent."""
    return _propagator.extract({} if traceparent is None else {"traceparent": traceparent}, Context())


def _format_name(request: RequestSummary) -> str:
    method = request.method if request.method in METHODS else "HTTP"
    return f"{method} {request.route}" if request.route else method


def _build_attributes(request: RequestSummary) -> dict[str, AttributeValue]:
    batch = request.batch
    has_failed = request.status >= 500 or not request.status
    attributes: dict[str, AttributeValue | None] = {
        "http.request.method": request.method if request.method in METHODS else "_OTHER",
        "url.scheme": request.scheme,
        "network.protocol.version": request.http_version,
        "http.route": request.route,
        "http.response.status_code": request.status or None,
        "http.request.body.size": request.bytes_received or None,
        "error.type": str(request.status or "_OTHER") if has_failed else None,
        "muster.batch.id": str(batch.batch_id) if batch and batch.batch_id else None,
        "muster.customers.accepted": batch.accepted if batch else None,
        "muster.customers.rejected": batch.rejected if batch else None,
        "muster.replayed": (batch.is_replay or None) if batch else None,
    }
    return {name: value for name, value in attributes.items() if value is not None}
