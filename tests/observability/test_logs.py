"""The log: what stands in it, and what never does."""

import json
import subprocess
import sys

import pytest
import structlog
from litestar.testing import TestClient
from structlog.typing import EventDict

from muster.observability.logs import configure_logging, describe_error
from muster.settings import InvalidSettingError
from tests.web.fakes import ANNA, BATCH, RITA, SAVE, FakeIntake, application

JSON = {"Content-Type": "application/json"}


def events_of(intake: FakeIntake, path: str, **request) -> list[EventDict]:
    with structlog.testing.capture_logs() as events, TestClient(application(intake)) as client:
        client.request(**{"method": "POST", "url": path, "content": BATCH, "headers": JSON, **request})
    return list(events)


def test_a_request_is_one_event():
    intake = FakeIntake()
    (event,) = events_of(intake, f"{SAVE}?detail=full&firstName=Garcia", auth=ANNA)
    assert event.pop("ms") >= 0
    assert list(event.pop("stages")) == ["decide"]
    assert event == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "route": SAVE,
        "status": 200,
        "bytes_in": len(BATCH),
        "user": "anna",
        "accepted": 2,
        "rejected": 1,
        "batch": str(intake.batch_ids[0]),
    }


def test_a_refused_request_says_who_but_counts_nothing():
    (event,) = events_of(FakeIntake(), SAVE, auth=RITA)
    assert (event["status"], event["user"]) == (403, "rita")
    assert not {"accepted", "rejected", "batch"} & set(event)


def test_what_somebody_claims_to_be_is_not_written():
    (event,) = events_of(FakeIntake(), SAVE, auth=("pässword-in-the-wrong-field", ""))
    assert event["status"] == 401
    assert "user" not in event


def test_the_route_stands_for_the_path_and_an_unknown_path_is_cut_and_cleaned():
    (event,) = events_of(FakeIntake(), "/classifier/Garcia", method="GET", content=None)
    assert event["route"] == "/classifier/{name}"
    (event,) = events_of(FakeIntake(), "/a%0Ab%1B[31m" + "x" * 500, method="GET", content=None)
    assert event["route"] == "/a?b?[31m" + "x" * 91


class WithState(Exception):
    sqlstate = "23505"


def failing(content: bytes) -> None:
    try:
        raise WithState("Key (number)=(Garcia) already exists")
    except WithState as error:
        raise RuntimeError("Garcia", {"name": "Garcia"}) from error


def test_a_failure_has_type_state_and_places_but_no_message():
    failure, request = events_of(FakeIntake(failing), SAVE, auth=ANNA)
    assert (failure["event"], failure["log_level"]) == ("failure", "error")
    assert (failure["type"], failure["sqlstate"]) == ("builtins.RuntimeError", "23505")
    assert failure["causes"] == [f"{__name__}.WithState"]
    assert failure["route"] == SAVE
    assert failure["at"][-1].endswith(" failing")
    assert "test_logs.py:" in failure["at"][-1]
    assert "Garcia" not in repr(failure)
    assert request["status"] == 500


def test_an_exception_with_itself_as_its_cause_is_described_too():
    first, second = ValueError("Garcia"), KeyError("Garcia")
    first.__context__, second.__context__ = second, first
    assert "Garcia" not in repr(describe_error(first))


SERVE = """
import asyncio, logging, sys, uvicorn
from litestar.testing import TestClient
from muster.observability import logs
logs.configure_logging(sys.argv[1])
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
    asyncio.get_running_loop().set_exception_handler(logs.loop_failure)
    asyncio.ensure_future(fail())
    await asyncio.sleep(0.01)
asyncio.run(forgotten())
logging.getLogger("uvicorn.error").info("ready %s", "now")
logging.getLogger("noisy.library").info("hidden")
logging.getLogger("careless.library").warning("lost %d: %s", 3, ValueError("Garcia"))
"""


@pytest.mark.parametrize("log_format", ["json", "auto"])
def test_the_whole_process_logs_in_lines_of_json_without_messages_of_exceptions(log_format: str):
    done = subprocess.run([sys.executable, "-c", SERVE, log_format], capture_output=True, text=True, timeout=30)
    assert done.stdout == ""
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["event"] for event in events] == [
        "failure",
        "request",
        "Exception in ASGI application",
        "failure",
        "ready now",
        "lost 3: builtins.ValueError",
    ]
    levels = "info", "warning", "error"
    assert all(event["timestamp"].endswith("Z") and event["level"] in levels for event in events)
    assert events[2]["type"] == events[3]["type"] == "builtins.ValueError"
    assert "Garcia" not in done.stderr


def test_text_is_for_people():
    done = subprocess.run([sys.executable, "-c", SERVE, "text"], capture_output=True, text=True, timeout=30)
    lines = done.stderr.splitlines()
    assert len(lines) == 6
    assert "request" in lines[1]
    assert "status=500" in lines[1]
    assert "Garcia" not in done.stderr


def test_an_unknown_format_is_a_bad_setting():
    with pytest.raises(InvalidSettingError, match="json, text, auto"):
        configure_logging("xml")


def test_a_log_that_cannot_be_written_costs_no_answer(monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(sys.stdout, "write", full)
    with TestClient(application(FakeIntake(failing))) as client:
        assert client.post(SAVE, content=BATCH, headers=JSON, auth=ANNA).status_code == 500
        assert client.get("/health/live").status_code == 200
