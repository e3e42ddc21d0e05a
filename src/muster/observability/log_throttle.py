"""One line in the log for a cause and a minute.

During an outage of the database each request fails alike. Its stack would take 1.6 KB of the log a request, and hide
what differs. Requests and metrics still count each failure.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from structlog import DropEvent
from structlog.typing import EventDict, WrappedLogger

THROTTLE_SECONDS: Final = 60.0
# The causes that are remembered, the latest ones: each exception of a library can be one.
MAX_CAUSES: Final = 256

# The fields that tell one cause from another. Method and route do not: one outage fails all routes.
_CAUSE_FIELDS: Final = (
    *("event", "component", "logger", "type", "sqlstate", "sqlite_error", "constraint", "connection_failure"),
    *("errno", "message"),
)


@dataclass(slots=True)
class _Logged:
    at: float
    suppressed: int = 0


class LogThrottle:
    """A processor of structlog. Drops an error or a library's message that was logged within `seconds`.

    The next one that is logged has the number of those that were dropped in `suppressed`. Thread-safe.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = THROTTLE_SECONDS,
        max_causes: int = MAX_CAUSES,
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._max_causes = max_causes
        self._lock = threading.Lock()
        self._logged: OrderedDict[tuple[Any, ...], _Logged] = OrderedDict()  # by cause, oldest first

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if "frames" not in event and event["event"] not in ("internal_error", "library_message"):
            return event
        if suppressed := self._count(_get_cause(event)):
            event["suppressed"] = suppressed
        return event

    def _count(self, cause: tuple[Any, ...]) -> int:
        """The number of suppressed events before this one. Raises `DropEvent` when this one is suppressed too."""
        now = self._clock()
        with self._lock:
            logged = self._logged.get(cause)
            if logged is not None and now - logged.at < self._seconds:
                logged.suppressed += 1
                raise DropEvent
            self._logged[cause] = _Logged(now)
            self._logged.move_to_end(cause)
            if len(self._logged) > self._max_causes:
                self._logged.popitem(last=False)
            return logged.suppressed if logged is not None else 0


def _get_cause(event: EventDict) -> tuple[Any, ...]:
    innermost = (tuple(event.get(stack, ())[-1:]) for stack in ("frames", "cause_frames"))
    return (*(event.get(field) for field in _CAUSE_FIELDS), tuple(event.get("causes", ())), *innermost)
