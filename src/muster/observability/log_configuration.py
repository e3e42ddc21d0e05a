"""Where and in which format a process logs; the records of libraries too."""

import logging
import sys
import threading
from typing import Any, BinaryIO, Final

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from muster.observability.error_description import describe_error, get_type_name
from muster.observability.log_throttle import LogThrottle
from muster.observability.logs import log_error, log_library_record
from muster.settings import InvalidSettingError

LOG_FORMATS: Final = ("json", "text", "auto")


def configure_logging(log_format: str, stream: BinaryIO | None = None) -> None:
    """Sends all logs of the process to `stream` (default: standard error) in one of `LOG_FORMATS`.

    Call once at the start of a process that serves. The HTTP server must not configure logging itself. Raises
    `InvalidSettingError`.
    """
    check_log_format(log_format)
    stream = stream or sys.stderr.buffer
    is_text = not is_json_format(log_format, stream)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _replace_exception,
            LogThrottle(),
            _build_text_renderer(colors=stream.isatty()) if is_text else _render_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _configure_libraries()
    _configure_hooks()


def check_log_format(log_format: str) -> None:
    """Raises `InvalidSettingError`."""
    if log_format not in LOG_FORMATS:
        raise InvalidSettingError(f"MUSTER_LOG_FORMAT must be one of {', '.join(LOG_FORMATS)}")


def is_json_format(log_format: str, stream: BinaryIO) -> bool:
    """Whether events on this stream are JSON lines."""
    return log_format == "json" or (log_format == "auto" and not stream.isatty())


def logs_json() -> bool:
    """Whether this process has called `configure_logging` and logs JSON lines."""
    return structlog.is_configured() and structlog.get_config()["processors"][-1] is _render_json


def _configure_libraries() -> None:
    logging.basicConfig(handlers=[_StructlogHandler()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.level = [], True, logging.INFO


def _configure_hooks() -> None:
    """The interpreter's own handlers print tracebacks, which are no events and hold messages of exceptions."""
    sys.excepthook = lambda _type, error, _traceback: log_error(error, component="process")
    sys.unraisablehook = lambda unraisable: _log_lost(unraisable.exc_value, "finalizer")
    threading.excepthook = lambda thread: _log_lost(thread.exc_value, "thread")


def _log_lost(error: BaseException | None, component: str) -> None:
    if error is not None and not isinstance(error, SystemExit | Warning):
        log_error(error, component=component)


class _StructlogHandler(logging.Handler):
    """Passes records of the standard library on to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        exception: dict[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        log_library_record(record.levelno, _format_message(record).strip(), logger=record.name, **exception)


def _format_message(record: logging.LogRecord) -> str:
    """The text of a record, with exceptions among its arguments replaced by their type."""
    if not isinstance(record.args, tuple):
        return record.getMessage()
    return str(record.msg) % tuple(get_type_name(arg) if isinstance(arg, BaseException) else arg for arg in record.args)


def _replace_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event.update(describe_error(error))
    return event


def _render_json(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)


def _build_text_renderer(*, colors: bool) -> Processor:
    render = structlog.dev.ConsoleRenderer(colors=colors)
    return lambda logger, method, event: render(logger, method, event).encode("utf-8", "backslashreplace")
