"""What only shows on a real connection. Each runs on both of uvicorn's HTTP implementations."""

import gzip
import json
import socket
import time

import pytest

from muster.web import body
from tests.web.fakes import BATCH, BODY, SAVE, FakeIntake, application
from tests.web.server import Wire, serving

MIB = 1024 * 1024
LARGE = b" " * 300_000 + BATCH

pytestmark = pytest.mark.parametrize("http", ["httptools", "h11"])


@pytest.mark.parametrize("content", [BATCH, LARGE])
def test_one_connection_serves_many_requests(http: str, content: bytes):
    intake = FakeIntake()
    with serving(application(intake), http) as port, Wire(port) as wire:
        for _ in range(3):
            status, headers, answered = wire.post(content).answer()
            assert (status, answered, headers["content-type"]) == (200, BODY, "application/json")
    assert intake.taken == [content] * 3


def test_a_refusal_of_a_small_request_keeps_the_connection(http: str):
    with serving(application(), http) as port, Wire(port) as wire:
        wire.head(b"Content-Length: 16", authorization=b"Basic ?").send(BATCH)
        assert wire.answer()[0] == 401
        assert wire.post(BATCH).answer()[0] == 200


def test_two_authorization_lines_are_401(http: str):
    with serving(application(), http) as port, Wire(port) as wire:
        wire.head(b"Content-Length: 16", b"Authorization: Bearer good-token").send(BATCH)
        assert wire.answer()[0] == 401


@pytest.mark.parametrize("sizes", [[1] * len(BATCH), [len(BATCH)], [70_000, 1, 200_000]])
def test_a_chunked_body_is_taken(http: str, sizes: list[int]):
    content = (b" " * sum(sizes) + BATCH)[-sum(sizes) :]
    intake = FakeIntake()
    with serving(application(intake), http) as port, Wire(port) as wire:
        wire.head(b"Transfer-Encoding: chunked")
        at = 0
        for size in sizes:
            wire.send(b"%x\r\n%s\r\n" % (size, content[at : at + size]))
            at += size
        assert wire.send(b"0\r\n\r\n").answer()[0] == 200
    assert intake.taken == [content]


def test_a_chunked_body_without_end_is_413_at_the_limit(http: str):
    with serving(application(max_body_bytes=MIB), http) as port, Wire(port) as wire:
        wire.head(b"Transfer-Encoding: chunked")
        for _ in range(17):
            wire.send(b"%x\r\n%s\r\n" % (65536, b" " * 65536))
        status, headers, answered = wire.answer()
    assert (status, headers["connection"]) == (413, "close")
    assert str(MIB) in json.loads(answered)["message"]


def test_a_chunked_body_is_bounded_by_what_it_unpacks_to(http: str):
    bomb = gzip.compress(b" " * 20 * MIB)
    with serving(application(max_body_bytes=MIB), http) as port, Wire(port) as wire:
        wire.head(b"Transfer-Encoding: chunked", b"Content-Encoding: gzip")
        assert wire.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(bomb), bomb)).answer()[0] == 413


@pytest.mark.parametrize("length", [1000, 200_000])
def test_a_body_cut_short_reaches_nobody_and_leaks_no_place(http: str, length: int):
    intake = FakeIntake()
    with serving(application(intake, threads=1, max_queued_requests=0), http) as port:
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
    assert intake.taken == [BATCH]


def test_what_comes_behind_the_body_is_no_part_of_it(http: str):
    intake = FakeIntake()
    with serving(application(intake), http) as port:
        with Wire(port) as wire:
            wire.head(b"Content-Length: %d" % len(BATCH)).send(BATCH + b'{"more": 1}')
            wire.socket.shutdown(socket.SHUT_WR)
            wire.is_closed()
        with Wire(port) as wire:
            assert wire.post(LARGE).answer()[0] == 200
    assert [content for content in intake.taken if content != BATCH] == [LARGE]


def test_a_body_that_stops_coming_is_408(http: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.2)
    with serving(application(threads=1, max_queued_requests=0), http) as port:
        for length in (b"1000", b"200000"):
            with Wire(port) as wire:
                status, headers, _ = wire.head(b"Content-Length: " + length).send(b"{").answer()
                assert (status, headers["connection"]) == (408, "close")
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 200


def test_a_body_that_comes_a_byte_now_and_then_is_408(http: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.5)
    with serving(application(threads=1, max_queued_requests=0), http) as port:
        for length in (b"1000", b"200000"):
            with Wire(port) as wire:
                wire.head(b"Content-Length: " + length)
                for _ in range(8):
                    wire.send(b"{")
                    time.sleep(0.1)
                assert wire.answer()[0] == 408
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 200


def test_a_body_that_takes_too_long_in_all_is_408(http: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(body, "MOST_SECONDS", 0.5)
    with serving(application(), http) as port, Wire(port) as wire:
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
def test_who_sends_all_before_reading_still_reads_the_refusal(
    http: str, path: str, authorization: bytes | None, lines: list[bytes], status: int
):
    with serving(application(max_body_bytes=MIB), http) as port, Wire(port) as wire:
        wire.head(b"Content-Length: %d" % (30 * MIB), *lines, path=path, authorization=authorization)
        wire.send(b" " * 30 * MIB)
        told, headers, answered = wire.answer()
        assert (told, json.loads(answered)["status"], headers["connection"]) == (status, status, "close")
        assert wire.is_closed()


def test_who_asks_before_sending_is_refused_without_sending(http: str):
    with serving(application(), http) as port, Wire(port) as wire:
        wire.head(b"Content-Length: 1000000", b"Expect: 100-continue", authorization=b"Basic cml0YTp4")
        assert wire.answer()[0] == 401
    with serving(application(), http) as port, Wire(port) as wire:
        wire.head(b"Content-Length: %d" % len(LARGE), b"Expect: 100-continue")
        assert wire.answer()[0] == 100
        assert wire.send(LARGE).answer()[0] == 200
