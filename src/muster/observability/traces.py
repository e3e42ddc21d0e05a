"""Traces: a span for each request and one for each stage of the intake, by OTLP over HTTP.

Spans are made when a request is over, from the times that were taken meanwhile: nobody is called who would need their
context, and a request costs nothing while it runs. They hold what the log holds. OpenTelemetry's conventions ask for
the path too; ours have identifiers of customers in them, so it is left out, as are the `tracestate` that a sender made
up and all messages of exceptions.

Needs the extra `muster[traces]`.
"""

import logging
import threading
import time
from importlib.metadata import version
from typing import Final

from litestar.types import Scope
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from muster.observability.observers import log_errors
from muster.observability.prometheus import METHODS
from muster.web.request_context import RequestContext

# How long the end of a worker waits for spans on their way. The library would wait 30 seconds for a dead collector.
FLUSH_SECONDS: Final = 5.0

_parents: Final = TraceContextTextMapPropagator()


class Traces:
    """Sends the spans of one process. What can't be sent is lost: a queue of bounded length, and a thread of its own.

    Where to, and how, is said by OpenTelemetry's own environment variables.
    """

    def __init__(self) -> None:
        # Of each attempt that fails there is a warning; that a batch of spans is lost is an error.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("muster", version("muster"))

    @log_errors("traces")
    def request(self, exchange: RequestContext, scope: Scope) -> None:
        """Makes the spans of a request that is over, and names their trace to those who are told after."""
        ended = time.time_ns()
        epoch = ended - time.perf_counter_ns()  # what a moment of `perf_counter_ns` is away from Unix time
        route: str | None = scope.get("path_template")
        method = exchange.method if exchange.method in METHODS else "_OTHER"
        span = self._tracer.start_span(
            " ".join(("HTTP" if method == "_OTHER" else method, *([route] if route else []))),
            _parent(scope),
            SpanKind.SERVER,
            start_time=epoch + int(exchange.started * 1e9),
        )
        if span.is_recording():
            span.set_attributes({"http.request.method": method, **_attributes(exchange, scope)})
            exchange.trace = format_trace_id(span.get_span_context().trace_id)
            context = set_span_in_context(span, Context())
            for name, stage in exchange.stages or ():
                of_stage = self._tracer.start_span(name, context, start_time=epoch + stage.began)
                of_stage.end(epoch + stage.began + stage.ns)
            if exchange.status >= 500 or not exchange.status:
                span.set_attribute("error.type", str(exchange.status or "_OTHER"))
                span.set_status(StatusCode.ERROR)
        span.end(ended)

    def close(self) -> None:
        """Sends what is left, as far as it can be sent within `FLUSH_SECONDS`. Blocks."""
        sending = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        sending.start()
        sending.join(FLUSH_SECONDS)


def _resource() -> Resource:
    """Who sends it; what the environment says counts more than our own names."""
    own = Resource({"service.name": "muster", "service.version": version("muster")})
    return Resource.create(dict(own.merge(OTELResourceDetector().detect()).attributes))


def _parent(scope: Scope) -> Context:
    """The sender's own span, by the W3C's header; a header that can't be read is as if it were not there."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"]
    return _parents.extract({"traceparent": lines[0]} if len(lines) == 1 else {}, Context())


def _attributes(exchange: RequestContext, scope: Scope) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue | None] = {
        "url.scheme": scope.get("scheme"),
        "network.protocol.version": scope.get("http_version"),
        "http.route": scope.get("path_template"),
        "http.response.status_code": exchange.status or None,
        "http.request.body.size": exchange.bytes_in or None,
        "muster.batch.id": str(exchange.batch_id) if exchange.batch_id else None,
        "muster.customers.accepted": exchange.accepted,
        "muster.customers.rejected": exchange.rejected,
        "muster.replayed": exchange.replayed or None,
    }
    return {name: value for name, value in found.items() if value is not None}
