"""Sends traces when OpenTelemetry's variables name a destination for them."""

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from muster.observability.traces import TraceExporter

# OpenTelemetry's variables for the destination of traces. Without either, no traces are sent.
_TRACE_VARIABLES: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def open_traces() -> "TraceExporter | None":
    """None when traces are not configured, or can't be set up: the service works without them."""
    if not any(os.environ.get(variable) for variable in _TRACE_VARIABLES):
        return None
    from muster.observability.logs import log_error, log_warning

    try:
        from muster.observability.traces import TraceExporter

        return TraceExporter()
    except ImportError:
        log_warning("traces_unavailable", "Traces are not sent: the extra muster[traces] is not installed")
    except Exception as error:
        log_error(error, component="traces")
    return None
