"""What only a real connection shows."""

import gzip
import json
import socket
import time

import pytest

from muster.web.body import BodyTimeouts
from tests.web.fakes import BATCH, BODY, SAVE, FakeIntake, application
from tests.web.server import Wire, serving

MIB = 1024 * 1024
LARGE = b" " * 300_000 + BATCH


@pytest.mark.parametrize("content", [BATCH, LARGE])
def test_connection_serves_many_requests(content: bytes) -> None:
    intake = FakeIntake()
    with serving(application(intake)) as port, Wire(port) as wire:
        for _ in range(3):
            status, headers, body = wire.post(content).answer()
            assert (status, body, headers["content-type"]) == (200, BODY, "application/json")
    assert intake.contents == [content] * 3


def test_refused_small_request_keeps_the_connection_open() -> None:
    with serving(application()) as port, Wire(port) as wire:
        wire.head(b"Content-Length: 16", authorization=b"Basic ?").send(BATCH)
        assert wire.answer()[0] == 401
        assert wire.post(BATCH).answer()[0] == 200


def test_two_authorization_lines_are_401() -> None:
    with serving(application()) as port, Wire(port) as wire:
        wire.head(b"Content-Length: 16", b"Authorization: Bearer good-token").send(BATCH)
        assert wire.answer()[0] == 401


@pytest.mark.parametrize("sizes", [[1] * len(BATCH), [len(BATCH)], [70_000, 1, 200_000]])
def test_chunked_body_is_accepted(sizes: list[int]) -> None:
    content = (b" " * sum(sizes) + BATCH)[-sum(sizes) :]
    intake = FakeIntake()
    with serving(application(intake)) as port, Wire(port) as wire:
        wire.head(b"Transfer-Encoding: chunked")
        at = 0
        for size in sizes:
            wire.send(b"%x\r\n%s\r\n" % (size, content[at : at + size]))
            at += size
        assert wire.send(b"0\r\n\r\n").answer()[0] == 200
    assert intake.contents == [content]


def test_endless_chunked_body_is_413_at_the_limit() -> None:
    with serving(application(max_body_bytes=MIB)) as port, Wire(port) as wire:
        wire.head(b"Transfer-Encoding: chunked")
        for _ in range(17):
            wire.send(b"%x\r\n%s\r\n" % (65536, b" " * 65536))
        status, headers, body = wire.answer()
    assert (status, headers["connection"]) == (413, "close")
    assert str(MIB) in json.loads(body)["message"]


def test_limit_holds_for_a_compressed_chunked_body() -> None:
    bomb = gzip.compress(b" " * 20 * MIB)
    with serving(application(max_body_bytes=MIB)) as port, Wire(port) as wire:
        wire.head(b"Transfer-Encoding: chunked", b"Content-Encoding: gzip")
        assert wire.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(bomb), bomb)).answer()[0] == 413


@pytest.mark.parametrize("length", [1000, 200_000])
def test_truncated_body_is_not_processed_and_leaks_no_slot(length: int) -> None:
    intake = FakeIntake()
    with serving(application(intake, threads=1, max_queued_requests=0)) as port:
        for _ in range(3):
            with Wire(port) as wire:
                wire.head(b"Content-Length: %d" % length).send(BATCH)
                time.sleep(0.05)
        with Wire(port) as wire:
            wire.head(b"Content-Length: %d" % length).send(BATCH).socket.shutdown(socket.SHUT_WR)
            wire.is_closed()
        time.sleep(0.1)
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 200
    assert intake.contents == [BATCH]


def test_bytes_after_the_body_are_not_part_of_it() -> None:
    intake = FakeIntake()
    with serving(application(intake)) as port:
        with Wire(port) as wire:
            wire.head(b"Content-Length: %d" % len(BATCH)).send(BATCH + b'{"more": 1}')
            wire.socket.shutdown(socket.SHUT_WR)
            wire.is_closed()
        with Wire(port) as wire:
            assert wire.post(LARGE).answer()[0] == 200
    assert [content for content in intake.contents if content != BATCH] == [LARGE]


def test_stalled_body_is_408() -> None:
    timeouts = BodyTimeouts(idle_seconds=0.2)
    with serving(application(body_timeouts=timeouts, threads=1, max_queued_requests=0)) as port:
        for length in (b"1000", b"200000"):
            with Wire(port) as wire:
                status, headers, _ = wire.head(b"Content-Length: " + length).send(b"{").answer()
                assert (status, headers["connection"]) == (408, "close")
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 200


def test_trickling_body_is_408() -> None:
    timeouts = BodyTimeouts(idle_seconds=0.5)
    with serving(application(body_timeouts=timeouts, threads=1, max_queued_requests=0)) as port:
        for length in (b"1000", b"200000"):
            with Wire(port) as wire:
                wire.head(b"Content-Length: " + length)
                for _ in range(8):
                    wire.send(b"{")
                    time.sleep(0.1)
                assert wire.answer()[0] == 408
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 200


def test_body_over_the_time_limit_is_408() -> None:
    with serving(application(body_timeouts=BodyTimeouts(max_seconds=0.5))) as port, Wire(port) as wire:
        wire.head(b"Content-Length: 200000")
        for _ in range(8):
            wire.send(b" " * 1000)
            time.sleep(0.1)
        assert wire.answer()[0] == 408


@pytest.mark.parametrize(
    ("path", "authorization", "lines", "status"),
    [
        (SAVE, None, [], 401),
        (SAVE, b"Basic cml0YTpyZWFkcyBvbmx5", [], 403),
        (SAVE, b"Bearer good-token", [b"Content-Encoding: br"], 415),
        (SAVE, b"Bearer good-token", [], 413),
        ("/nowhere", None, [], 404),
        ("/health/live", None, [], 405),
    ],
)
def test_client_that_sends_everything_first_reads_the_early_response(
    path: str, authorization: bytes | None, lines: list[bytes], status: int
) -> None:
    with serving(application(max_body_bytes=MIB)) as port, Wire(port) as wire:
        wire.head(b"Content-Length: %d" % (30 * MIB), *lines, path=path, authorization=authorization)
        wire.send(b" " * 30 * MIB)
        received, headers, body = wire.answer()
        assert (received, json.loads(body)["status"], headers["connection"]) == (status, status, "close")
        assert wire.is_closed()


def test_expect_100_continue_is_refused_before_the_body() -> None:
    with serving(application()) as port, Wire(port) as wire:
        wire.head(b"Content-Length: 1000000", b"Expect: 100-continue", authorization=b"Basic cml0YTp4")
        assert wire.answer()[0] == 401
    with serving(application()) as port, Wire(port) as wire:
        wire.head(b"Content-Length: %d" % len(LARGE), b"Expect: 100-continue")
        assert wire.answer()[0] == 100
        assert wire.send(LARGE).answer()[0] == 200
