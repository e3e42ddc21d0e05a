"""An outage is one line a cause and a minute, which counts what it stands for."""

import pytest
from structlog import DropEvent
from structlog.typing import EventDict

from muster.observability.error_description import describe_error
from muster.observability.log_throttle import LogThrottle


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class UnavailableError(Exception):
    def __init__(self, failure: str) -> None:
        super().__init__("Garcia")
        self.connection_failure = failure


def fail(error: Exception) -> EventDict:
    """The event of an exception that is raised at one place of the code."""
    try:
        raise error
    except Exception as raised:
        return {"event": "internal_error", "method": "POST", **describe_error(raised)}


class Log:
    """The events that pass the throttle."""

    def __init__(self, **bounds: int) -> None:
        self.clock = Clock()
        self._throttle = LogThrottle(clock=self.clock, **bounds)

    def __call__(self, event: EventDict) -> EventDict | None:
        try:
            return self._throttle(None, "error", event)
        except DropEvent:
            return None


def test_cause_is_logged_once_a_minute_with_the_number_of_suppressed_events() -> None:
    log = Log()
    first = log(fail(UnavailableError("refused")))
    assert first is not None
    assert "suppressed" not in first
    for route in ("/a", "/b", "/c"):
        assert log({**fail(UnavailableError("refused")), "route": route}) is None
    log.clock.now = 60
    again = log(fail(UnavailableError("refused")))
    assert again is not None
    assert again["suppressed"] == 3
    log.clock.now = 120
    third = log(fail(UnavailableError("refused")))
    assert third is not None
    assert "suppressed" not in third


@pytest.mark.parametrize(
    "other",
    [
        fail(UnavailableError("unreachable")),
        fail(ValueError("refused")),
        {**fail(UnavailableError("refused")), "component": "metrics"},
        {**fail(UnavailableError("refused")), "frames": ["elsewhere.py:1 work"]},
    ],
    ids=["code", "type", "component", "place"],
)
def test_other_cause_is_logged_at_once(other: EventDict) -> None:
    log = Log()
    assert log(fail(UnavailableError("refused"))) is not None
    assert log(other) is not None


def test_message_of_a_library_is_logged_once_a_minute() -> None:
    log = Log()
    event = {"event": "library_message", "logger": "careless", "message": "lost a span"}
    assert log(dict(event)) is not None
    assert log(dict(event)) is None
    assert log({**event, "message": "lost two spans"}) is not None


def test_other_events_are_never_suppressed() -> None:
    log = Log()
    for _ in range(3):
        assert log({"event": "request", "status": 200}) == {"event": "request", "status": 200}
        assert log({"event": "worker_died", "message": "a new one takes its place"}) is not None


def test_number_of_remembered_causes_is_bounded() -> None:
    log = Log(max_causes=2)
    for failure in ("a", "b", "c"):
        assert log(fail(UnavailableError(failure))) is not None
    assert log(fail(UnavailableError("c"))) is None
    assert log(fail(UnavailableError("a"))) is not None  # forgotten, so logged again and not lost
