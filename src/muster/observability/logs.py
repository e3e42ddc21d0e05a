"""The log: one event a request, one for each failure, and none with a value of a customer's field.

An exception's message can hold such values (a driver quotes the row that it refuses), so no message of an exception is
ever written: its type, its SQLSTATE and the places of its stack have to do.
"""

import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from traceback import walk_tb
from types import TracebackType
from typing import Any, BinaryIO, Final

import msgspec
import structlog
from litestar.types import Scope
from structlog.typing import EventDict, Processor, WrappedLogger

from muster.settings import InvalidSettingError
from muster.web.request_context import RequestContext, sanitize_path

LOG_FORMATS: Final = ("json", "text", "auto")
# The innermost places of a stack; a recursion has a thousand.
_MOST_PLACES: Final = 40
_MOST_CAUSES: Final = 10

_log: Final = structlog.get_logger("muster.web")


def log_request(exchange: RequestContext, scope: Scope) -> None:
    """Writes the event of a request that is over."""
    event: dict[str, Any] = {
        "method": exchange.method,
        "route": get_route(exchange, scope),
        "status": exchange.status,
        "ms": round(exchange.milliseconds, 2),
        "bytes_in": exchange.bytes_in,
    }
    if exchange.user is not None:
        event["user"] = exchange.user
    if exchange.refused is not None:
        event["refused"] = exchange.refused
    if exchange.accepted is not None:
        event["accepted"], event["rejected"] = exchange.accepted, exchange.rejected
    if exchange.stages is not None and (took := {name: round(stage.ns / 1e6, 2) for name, stage in exchange.stages}):
        event["stages"] = took  # ms
    if exchange.replayed:
        event["replayed"] = True
    if exchange.batch_id is not None:
        event["batch"] = str(exchange.batch_id)
    if exchange.trace is not None:
        event["trace"] = exchange.trace
    _write(logging.INFO, "request", event)


def log_error(error: BaseException, **where: str) -> None:
    """Writes the event of an exception that nobody expected."""
    _write(logging.ERROR, "failure", {**where, **describe_error(error)})


def log_event(name: str, **event: str | int) -> None:
    """Writes an event that is neither a request nor a failure."""
    _write(logging.INFO, name, event)


def log_warning(name: str, **event: str) -> None:
    """Writes an event that an operator should know of, though the service works."""
    _write(logging.WARNING, name, event)


def _write(level: int, name: str, event: Mapping[str, Any]) -> None:
    # A log that can't be written, on a full disk or a closed pipe, must not cost an answer or a batch.
    with suppress(Exception):
        _log.log(level, name, **event)


def get_route(exchange: RequestContext, scope: Scope) -> str:
    """The template of the route; a path that has none is shortened and made printable."""
    template: str | None = scope.get("path_template")
    return template or sanitize_path(exchange.path)


def describe_error(error: BaseException) -> dict[str, Any]:
    """Type, SQLSTATE, stack and causes of an exception, without its message or its arguments."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and len(chain) < _MOST_CAUSES:
        chain.append(cause)
    about: dict[str, Any] = {"type": _name(error), "at": _places(error.__traceback__)}
    if len(chain) > 1:
        about["causes"] = [_name(cause) for cause in chain[1:]]
        about["cause_at"] = _places(chain[-1].__traceback__)
    states = (getattr(link, "sqlstate", None) for link in chain)
    state = next((state for state in states if isinstance(state, str) and len(state) == 5), None)
    return about if state is None else about | {"sqlstate": state}


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _places(trace: TracebackType | None) -> list[str]:
    places = [f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}" for frame, line in walk_tb(trace)]
    return places[-_MOST_PLACES:]


def log_loop_error(loop: object, context: Mapping[str, Any]) -> None:
    """Exception handler of the event loop. Its own one writes the exception and the task with their messages."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        log_error(error, where="event loop")
    else:
        _write(logging.ERROR, "failure", {"where": "event loop"})


def configure_logging(log_format: str, stream: BinaryIO | None = None) -> None:
    """Sends all logs of the process, those of the libraries too, to `stream` (standard error) in `LOG_FORMATS`.

    For the start of a process that serves; uvicorn is to run with `log_config=None, access_log=False`. Raises
    `InvalidSettingError`.
    """
    if log_format not in LOG_FORMATS:
        raise InvalidSettingError(f"MUSTER_LOG_FORMAT must be one of {', '.join(LOG_FORMATS)}")
    stream = stream or sys.stderr.buffer
    text = log_format == "text" or (log_format == "auto" and stream.isatty())
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_messages,
            _text(colors=stream.isatty()) if text else _json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _configure_libraries()


def _configure_libraries() -> None:
    logging.basicConfig(handlers=[_ToStructlog()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.level = [], True, logging.INFO


class _ToStructlog(logging.Handler):
    """Passes the records of the standard library on."""

    def emit(self, record: logging.LogRecord) -> None:
        exception = {"exc_info": record.exc_info} if record.exc_info else {}
        _write(record.levelno, _text_of(record).strip(), {"logger": record.name, **exception})


def _text_of(record: logging.LogRecord) -> str:
    """A library may put an exception into its text, and with it the message."""
    if not isinstance(record.args, tuple):
        return record.getMessage()
    return str(record.msg) % tuple(_name(arg) if isinstance(arg, BaseException) else arg for arg in record.args)


def _without_messages(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event.update(describe_error(error))
    return event


def _json(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)


def _text(*, colors: bool) -> Processor:
    render = structlog.dev.ConsoleRenderer(colors=colors)
    return lambda logger, method, event: render(logger, method, event).encode("utf-8", "backslashreplace")
