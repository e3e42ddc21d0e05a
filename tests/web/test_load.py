"""More requests than there are places, clients that go away, and the end of the service, on a real server."""

import json
import threading
import time

import pytest

from tests.web.fakes import BATCH, FakeIntake, Gate, application
from tests.web.server import Wire, serving

LARGE = b" " * 300_000 + BATCH

pytestmark = pytest.mark.parametrize("http", ["httptools", "h11"])


@pytest.mark.parametrize("content", [BATCH, LARGE])
def test_one_more_than_the_queue_holds_is_503_at_once(http: str, content: bytes):
    gate = Gate()
    intake = FakeIntake(gate)
    with (
        serving(application(intake, threads=1, max_queued_requests=1), http) as port,
        Wire(port) as first,
        Wire(port) as second,
        Wire(port) as third,
        Wire(port) as probe,
    ):
        first.post(content)
        gate.wait_for_entry()
        second.post(content)
        time.sleep(0.1)
        started = time.monotonic()
        status, headers, answered = third.post(content).answer()
        assert time.monotonic() - started < 5
        assert (status, json.loads(answered)["error"]) == (503, "Service Unavailable")
        assert int(headers["retry-after"]) > 0
        assert probe.head(path="/health/live", method="GET").answer()[0] == 200
        assert probe.head(path="/health/ready", method="GET").answer()[0] == 200
        assert probe.head(path="/classifier/country", method="GET").answer()[0] == 200
        gate.opened.set()
        assert (first.answer()[0], second.answer()[0]) == (200, 200)
        assert probe.post(content).answer()[0] == 200
    assert intake.taken == [content] * 3


def test_a_client_that_hangs_up_does_not_stop_the_work_or_keep_the_place(http: str):
    gate = Gate()
    with serving(application(FakeIntake(gate), threads=1, max_queued_requests=0), http) as port:
        with Wire(port) as wire:
            wire.post(BATCH)
            gate.wait_for_entry()
        time.sleep(0.1)
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 503
        gate.opened.set()
        time.sleep(0.2)
        assert gate.passed == 1
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 200


def test_a_slow_sender_of_a_small_body_takes_no_place(http: str):
    with serving(application(threads=1, max_queued_requests=0), http) as port, Wire(port) as slow, Wire(port) as other:
        slow.head(b"Content-Length: %d" % len(BATCH)).send(BATCH[:5])
        time.sleep(0.05)
        assert other.post(BATCH).answer()[0] == 200
        assert slow.send(BATCH[5:]).answer()[0] == 200


def test_stopping_lets_running_work_finish_and_then_closes(http: str):
    gate, order = Gate(), []
    intake = FakeIntake(lambda content: (gate(content), order.append("work")))
    app = application(intake, on_shutdown=lambda: order.append("closed"))
    server = serving(app, http)
    with Wire(server.__enter__()) as wire:
        wire.post(BATCH)
        gate.wait_for_entry()
        threading.Timer(0.3, gate.opened.set).start()
        server.__exit__(None, None, None)
        assert wire.answer()[0] == 200
    assert order == ["work", "closed"]
