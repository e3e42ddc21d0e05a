"""Exceptions as log fields, without their messages.

A message can hold a customer's data: a driver quotes the row that the database rejects. Type, SQLSTATE and stack are
safe.
"""

from traceback import walk_tb
from types import TracebackType
from typing import Any, Final

# The innermost frames; a recursion has a thousand.
_MAX_FRAMES: Final = 40
_MAX_CAUSES: Final = 10


def describe_error(error: BaseException) -> dict[str, Any]:
    """Type, SQLSTATE, stack and causes of an exception, without messages or arguments."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and len(chain) < _MAX_CAUSES:
        chain.append(cause)
    # Not `stack`: structlog's renderer for text takes that key for a formatted traceback.
    description: dict[str, Any] = {"type": get_type_name(error), "frames": _format_stack(error.__traceback__)}
    if len(chain) > 1:
        description["causes"] = [get_type_name(cause) for cause in chain[1:]]
        description["cause_frames"] = _format_stack(chain[-1].__traceback__)
    states = (getattr(link, "sqlstate", None) for link in chain)
    state = next((state for state in states if isinstance(state, str) and len(state) == 5), None)
    return description if state is None else description | {"sqlstate": state}


def get_type_name(error: BaseException) -> str:
    """Module and name of the exception's class."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _format_stack(traceback: TracebackType | None) -> list[str]:
    frames = [f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}" for frame, line in walk_tb(traceback)]
    return frames[-_MAX_FRAMES:]
