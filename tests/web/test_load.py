"""Saturated pools, disconnecting clients and shutdown, on a real server."""

import json
import threading
import time

import pytest

from tests.forked_server import forked_server
from tests.shared import SharedList
from tests.web.fakes import BATCH, FakeIntake, Gate, application
from tests.web.server import Wire, serving

LARGE = b" " * 300_000 + BATCH


@pytest.mark.parametrize("content", [BATCH, LARGE])
def test_request_over_the_queue_is_503_at_once(content: bytes) -> None:
    gate = Gate()
    intake = FakeIntake(gate)
    with (
        serving(application(intake, threads=1, max_queued_requests=1)) as port,
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
        status, headers, body = third.post(content).answer()
        assert time.monotonic() - started < 5
        assert (status, json.loads(body)["error"]) == (503, "Service Unavailable")
        assert int(headers["retry-after"]) > 0
        assert probe.head(path="/health/live", method="GET").answer()[0] == 200
        assert probe.head(path="/health/ready", method="GET").answer()[0] == 200
        assert probe.head(path="/classifier/country", method="GET").answer()[0] == 200
        gate.opened.set()
        assert (first.answer()[0], second.answer()[0]) == (200, 200)
        assert probe.post(content).answer()[0] == 200
    assert intake.contents == [content] * 3


def test_disconnect_neither_stops_the_work_nor_leaks_the_slot() -> None:
    gate = Gate()
    with serving(application(FakeIntake(gate), threads=1, max_queued_requests=0)) as port:
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


def test_slow_small_body_holds_no_slot() -> None:
    with serving(application(threads=1, max_queued_requests=0)) as port, Wire(port) as slow, Wire(port) as other:
        slow.head(b"Content-Length: %d" % len(BATCH)).send(BATCH[:5])
        time.sleep(0.05)
        assert other.post(BATCH).answer()[0] == 200
        assert slow.send(BATCH[5:]).answer()[0] == 200


def test_shutdown_finishes_running_work_before_it_closes_resources() -> None:
    gate, order = Gate(), SharedList[str]()

    def work(content: bytes) -> None:
        gate(content)
        order.append("work")

    app = application(FakeIntake(work), on_shutdown=lambda: order.append("closed"))
    with forked_server(lambda: app) as server, Wire(server.port) as wire:
        wire.post(BATCH)
        gate.wait_for_entry()
        threading.Timer(0.3, gate.opened.set).start()
        assert server.stop() == 0
        assert wire.answer()[0] == 200
    assert order == ["work", "closed"]
