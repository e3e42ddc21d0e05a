"""The fields of log events, and the data that no event holds."""

import json
import subprocess
import sys
from typing import Any

import pytest
import structlog
from litestar.testing import TestClient
from structlog.typing import EventDict

from muster.observability.error_description import describe_error
from muster.observability.log_configuration import configure_logging
from muster.settings import InvalidSettingError
from tests.web.fakes import ANNA, BATCH, RITA, SAVE, FakeIntake, application

JSON = {"Content-Type": "application/json"}


def capture_events(intake: FakeIntake, path: str, **request: Any) -> list[EventDict]:
    with structlog.testing.capture_logs() as events, TestClient(application(intake)) as client:
        client.request(**{"method": "POST", "url": path, "content": BATCH, "headers": JSON, **request})
    return list(events)


def test_request_is_one_event() -> None:
    intake = FakeIntake()
    (event,) = capture_events(intake, f"{SAVE}?detail=full", auth=ANNA)
    assert event.pop("duration_ms") >= 0
    assert list(event.pop("stages_ms")) == ["decide"]
    assert event == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "route": SAVE,
        "status": 200,
        "bytes_received": len(BATCH),
        "user": "anna",
        "accepted": 2,
        "rejected": 1,
        "batch": str(intake.batch_ids[0]),
    }


def test_query_is_not_logged() -> None:
    (event,) = capture_events(FakeIntake(), f"{SAVE}?firstName=Garcia", auth=ANNA)
    assert (event["status"], event["route"]) == (400, SAVE)
    assert "Garcia" not in str(event)


def test_refused_request_has_the_user_and_no_counts() -> None:
    (event,) = capture_events(FakeIntake(), SAVE, auth=RITA)
    assert (event["status"], event["user"]) == (403, "rita")
    assert not {"accepted", "rejected", "batch"} & set(event)


def test_unverified_name_is_not_logged() -> None:
    (event,) = capture_events(FakeIntake(), SAVE, auth=("pässword-in-the-wrong-field", ""))
    assert event["status"] == 401
    assert "user" not in event


def test_route_replaces_the_path_and_an_unknown_path_is_not_logged() -> None:
    (event,) = capture_events(FakeIntake(), "/classifier/Garcia", method="GET", content=None)
    assert event["route"] == "/classifier/{name}"
    for path in ("/a%0Ab%1B[31m" + "x" * 500, "/api/v1/customer/Garcia", "/" + "Garcia" * 500):
        (event,) = capture_events(FakeIntake(), path, method="GET", content=None)
        assert event["status"] in (404, 414)
        assert "route" not in event
        assert "Garcia" not in repr(event)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v1/customers/Garcia", "/api/v1/customers/{customerExtId}"),
        ("/api/v1/customers/Garcia%2F1", "/api/v1/customers/{customerExtId}"),
        ("/api/v1/customers/Garcia/1", "/api/v1/customers/{customerExtId}"),
        ("/api/v1/customers/Garcia/history", "/api/v1/customers/{customerExtId}/history"),
        ("/api/v1/communications/Garcia", "/api/v1/communications/{communicationNumber}"),
        ("/classifier/Garcia", "/classifier/{name}"),
    ],
)
def test_method_that_a_path_does_not_take_is_logged_with_the_route(path: str, route: str) -> None:
    (event,) = capture_events(FakeIntake(), path, method="DELETE", content=None)
    assert (event["status"], event["route"]) == (405, route)
    assert "Garcia" not in repr(event)


class StateError(Exception):
    sqlstate = "23505"


def failing(content: bytes) -> None:
    try:
        raise StateError("Key (number)=(Garcia) already exists")
    except StateError as error:
        raise RuntimeError("Garcia", {"name": "Garcia"}) from error


def test_internal_error_has_type_sqlstate_and_stack_but_no_message() -> None:
    failure, request = capture_events(FakeIntake(failing), SAVE, auth=ANNA)
    assert (failure["event"], failure["log_level"]) == ("internal_error", "error")
    assert (failure["type"], failure["sqlstate"]) == ("builtins.RuntimeError", "23505")
    assert failure["causes"] == [f"{__name__}.StateError"]
    assert failure["route"] == SAVE
    assert failure["frames"][-1].endswith(" failing")
    assert "test_logs.py:" in failure["frames"][-1]
    assert "Garcia" not in repr(failure)
    assert request["status"] == 500


class ConstraintError(Exception):
    sqlstate = "23505"
    constraint_name = "communications_pkey"


@pytest.mark.parametrize(
    ("error", "codes"),
    [
        (OSError(28, "No space left on device: Garcia"), {"errno": "ENOSPC"}),
        (ConstraintError("Garcia"), {"sqlstate": "23505", "constraint": "communications_pkey"}),
        (OSError("Garcia"), {}),
    ],
)
def test_cause_of_an_internal_error_is_named_by_codes(error: Exception, codes: dict[str, str]) -> None:
    described = describe_error(RuntimeError("Garcia")) | describe_error(error)
    assert {name: value for name, value in described.items() if name not in ("type", "frames")} == codes
    assert "Garcia" not in repr(described)


@pytest.mark.parametrize("attribute", ["sqlstate", "constraint_name", "sqlite_errorname", "connection_failure"])
def test_attribute_with_a_value_is_no_code(attribute: str) -> None:
    error = ValueError("x")
    setattr(error, attribute, "José García, born 1970")
    assert "Garc" not in repr(describe_error(error))


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
@pytest.mark.parametrize("is_ready", [True, False])
def test_health_probe_is_not_logged_at_info(path: str, is_ready: bool) -> None:
    with (
        structlog.testing.capture_logs() as events,
        TestClient(application(is_ready=lambda: is_ready)) as client,
    ):
        client.get(path)
        client.get(path)
    assert [event for event in events if event["event"] == "request" and event["log_level"] != "debug"] == []


def test_change_of_readiness_is_an_event() -> None:
    states = iter([True, False, False, True])
    with (
        structlog.testing.capture_logs() as events,
        TestClient(application(is_ready=lambda: next(states), ready_cache_seconds=0)) as client,
    ):
        statuses = [client.get("/health/ready").status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    changes = [(event["event"], event["log_level"]) for event in events if event["event"] != "request"]
    assert changes == [("readiness_lost", "warning"), ("readiness_restored", "info")]


def test_exception_in_a_cycle_of_causes_is_described() -> None:
    first, second = ValueError("Garcia"), KeyError("Garcia")
    first.__context__, second.__context__ = second, first
    assert "Garcia" not in repr(describe_error(first))


SERVE = """
import asyncio, logging, sys, uvicorn
from litestar.testing import TestClient
from muster.observability.log_configuration import configure_logging
from muster.observability.logs import log_loop_error
configure_logging(sys.argv[1])
from tests.observability.test_logs import failing
from tests.web.fakes import *
with TestClient(application(FakeIntake(failing))) as client:
    client.post(SAVE, content=BATCH, headers={"Content-Type": "application/json"}, auth=ANNA)
try:
    raise ValueError("Garcia")
except ValueError as error:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\\n", exc_info=error)
async def forgotten():
    async def fail(): raise ValueError("Garcia")
    asyncio.get_running_loop().set_exception_handler(log_loop_error)
    asyncio.ensure_future(fail())
    await asyncio.sleep(0.01)
asyncio.run(forgotten())
import threading
def fail_in_thread(): raise ValueError("Garcia")
thread = threading.Thread(target=fail_in_thread)
thread.start()
thread.join()
logging.getLogger("uvicorn.error").info("ready %s", "now")
logging.getLogger("noisy.library").info("hidden")
logging.getLogger("careless.library").warning("lost %d: %s", 3, ValueError("Garcia"))
raise ValueError("Garcia")
"""


@pytest.mark.untraced  # processes take twice as long to start
@pytest.mark.parametrize("log_format", ["json", "auto"])
def test_whole_process_logs_json_lines_without_messages_of_exceptions(log_format: str) -> None:
    done = subprocess.run([sys.executable, "-c", SERVE, log_format], capture_output=True, text=True, timeout=30)
    assert done.stdout == ""
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(event["event"], event.get("message")) for event in events] == [
        ("internal_error", None),
        ("request", None),
        ("library_message", "Exception in ASGI application"),
        ("internal_error", None),
        ("internal_error", None),
        ("library_message", "ready now"),
        ("library_message", "lost 3: builtins.ValueError"),
        ("internal_error", None),
    ]
    assert [event.get("component") for event in events if event["event"] == "internal_error"] == [
        *(None, "event_loop", "thread", "process")
    ]
    levels = "info", "warning", "error"
    assert all(event["timestamp"].endswith("Z") and event["level"] in levels for event in events)
    assert events[2]["type"] == events[3]["type"] == "builtins.ValueError"
    assert "Garcia" not in done.stderr


@pytest.mark.untraced  # processes take twice as long to start
def test_text_format_has_one_line_per_event() -> None:
    done = subprocess.run([sys.executable, "-c", SERVE, "text"], capture_output=True, text=True, timeout=30)
    lines = done.stderr.splitlines()
    assert len(lines) == 8
    assert "request" in lines[1]
    assert "status=500" in lines[1]
    assert "Garcia" not in done.stderr


def test_unknown_format_is_an_invalid_setting() -> None:
    with pytest.raises(InvalidSettingError, match="json, text, auto"):
        configure_logging("xml")


def test_unwritable_log_does_not_fail_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(sys.stdout, "write", full)
    with TestClient(application(FakeIntake(failing))) as client:
        assert client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA).status_code == 500
        assert client.get("/health/live").status_code == 200
