"""Log events: one for each request, one for each internal error, and none with a customer's data.

`event` is a stable key in snake_case that tools can match. The sentence for a reader is in `message`.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, Final, ParamSpec

import structlog

from muster.observability.error_description import describe_error
from muster.observability.requests import RequestSummary

P = ParamSpec("P")

_log: Final = structlog.get_logger("muster")

# Probes come every few seconds, so their requests are only counted. A change of readiness is an event of its own.
_PROBE_ROUTES: Final = frozenset({"/health/live", "/health/ready"})


def log_event(event: str, message: str = "", **fields: str | int) -> None:
    """Logs an event of normal operation."""
    _write(logging.INFO, event, message, fields)


def log_warning(event: str, message: str = "", **fields: str | int) -> None:
    """Logs an event that an operator should know of although the service works."""
    _write(logging.WARNING, event, message, fields)


def log_failure(event: str, message: str) -> None:
    """Logs why the service ends or does not start. The message is one of ours, without values."""
    _write(logging.ERROR, event, message, {})


def log_error(error: BaseException, **context: str) -> None:
    """Logs an unexpected exception as `internal_error`, without its message."""
    _write(logging.ERROR, "internal_error", "", {**context, **describe_error(error)})


def log_library_record(level: int, message: str, **fields: Any) -> None:
    """Logs a record that a library wrote with the standard library's `logging`."""
    _write(level, "library_message", message, fields)


def log_request(request: RequestSummary, trace_id: str | None = None) -> None:
    """Logs a finished request; a health probe at the level `debug`. Durations are in milliseconds."""
    fields: dict[str, Any] = {
        "method": request.method,
        **({"route": request.route} if request.route else {}),
        "status": request.status,
        "duration_ms": round(request.duration_ns / 1e6, 2),
        "bytes_received": request.bytes_received,
    }
    if request.user is not None:
        fields["user"] = request.user
    if request.token_rejection is not None:
        fields["token_rejection"] = request.token_rejection
    if request.batch is not None:
        fields["accepted"], fields["rejected"] = request.batch.accepted, request.batch.rejected
        if request.batch.is_replay:
            fields["replayed"] = True
        if request.batch.batch_id is not None:
            fields["batch"] = str(request.batch.batch_id)
    if request.stages is not None and (stages := {name: round(stage.ns / 1e6, 2) for name, stage in request.stages}):
        fields["stages_ms"] = stages
    if trace_id is not None:
        fields["trace"] = trace_id
    _write(logging.DEBUG if request.route in _PROBE_ROUTES else logging.INFO, "request", "", fields)


def log_loop_error(loop: object, context: Mapping[str, Any]) -> None:
    """Exception handler for the event loop. The default one logs messages of exceptions, which may hold data."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        log_error(error, component="event_loop")
    else:
        _write(logging.ERROR, "internal_error", "", {"component": "event_loop"})


def log_errors(component: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Decorates a function whose failure must not fail the request: logs its exceptions as `internal_error`."""

    def decorate(function: Callable[P, None]) -> Callable[P, None]:
        @wraps(function)
        def logging_errors(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                function(*args, **kwargs)
            except Exception as error:
                log_error(error, component=component)

        return logging_errors

    return decorate


def _write(level: int, event: str, message: str, fields: Mapping[str, Any]) -> None:
    # A log that can't be written, because of a full disk or a closed pipe, must not fail a request.
    with suppress(Exception):
        _log.log(level, event, **({"message": message} if message else {}), **fields)
