"""Exceptions as log fields, without their messages.

A message can hold a customer's data: a driver quotes the row that the database rejects. Type, stack and the codes of
the cause are safe.
"""

import errno
import re
from collections.abc import Iterable, Iterator
from traceback import walk_tb
from types import TracebackType
from typing import Any, Final

# The innermost frames; a recursion has a thousand.
_MAX_FRAMES: Final = 40
_MAX_CAUSES: Final = 10

# Attributes of exceptions that name a cause, by log field. The patterns keep values out: no attribute of this name
# that holds something else reaches the log.
_CODES: Final = (
    ("sqlstate", "sqlstate", re.compile(r"[0-9A-Z]{5}")),
    ("sqlite_error", "sqlite_errorname", re.compile(r"SQLITE_[A-Z_0-9]{1,40}")),
    ("constraint", "constraint_name", re.compile(r"[a-z_][\w.]{0,62}(, [a-z_][\w.]{0,62}){0,7}")),
    ("connection_failure", "connection_failure", re.compile(r"[a-z_]{1,40}")),
)


def describe_error(error: BaseException) -> dict[str, Any]:
    """Type, stack, causes and their codes of an exception, without messages or arguments."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and len(chain) < _MAX_CAUSES:
        chain.append(cause)
    # Not `stack`: structlog's renderer for text takes that key for a formatted traceback.
    description: dict[str, Any] = {"type": get_type_name(error), "frames": list_frames(error.__traceback__)}
    if len(chain) > 1:
        description["causes"] = [get_type_name(cause) for cause in chain[1:]]
        description["cause_frames"] = list_frames(chain[-1].__traceback__)
    return description | _describe_codes(chain)


def _describe_codes(chain: Iterable[BaseException]) -> dict[str, str]:
    """The codes of the first exceptions that have some: `sqlstate`, `constraint`, `errno` and the like."""
    codes: dict[str, str] = {}
    for field, code in (pair for link in chain for pair in _read_codes(link)):
        codes.setdefault(field, code)
    return codes


def get_type_name(error: BaseException) -> str:
    """Module and name of the exception's class."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _read_codes(error: BaseException) -> Iterator[tuple[str, str]]:
    for field, attribute, pattern in _CODES:
        code = getattr(error, attribute, None)
        if isinstance(code, str) and pattern.fullmatch(code):
            yield field, code
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        yield "errno", errno.errorcode[error.errno]


def list_frames(traceback: TracebackType | None) -> list[str]:
    """The innermost frames: file, line and function, outermost first."""
    frames = [f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}" for frame, line in walk_tb(traceback)]
    return frames[-_MAX_FRAMES:]
