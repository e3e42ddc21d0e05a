"""Uploads that break off, are slow or too many, on a real server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from muster.bootstrap import FILE_CONNECTIONS
from muster.loads.uploads import UploadLimits
from muster.web.body import BodyTimeouts
from muster.web.pools import FILE_THREADS, MAX_FILES_PER_USER
from tests.web.fakes import application, make_load_service
from tests.web.server import Wire, serving

LOADS = "/api/v1/loads"
UPLOAD = f"{LOADS}?start=true&name=a.csv"
PART_BYTES = 8 * 2**20


@contextmanager
def uploads(limits: UploadLimits | None = None, timeouts: BodyTimeouts | None = None) -> Iterator[int]:
    """A server that takes uploads; gives the port."""
    with serving(application(loads=make_load_service(limits=limits), body_timeouts=timeouts)) as port:
        yield port


def read_states(port: int) -> list[str]:
    with Wire(port) as wire:
        _, _, body = wire.head(path=LOADS, method="GET").answer()
    loads: list[dict[str, Any]] = json.loads(body)["loads"]
    return [load["state"] for load in loads]


def test_a_file_of_several_parts_is_stored_and_waits() -> None:
    with uploads() as port, Wire(port) as wire:
        head = wire.head(b"Transfer-Encoding: chunked", path=UPLOAD)
        for size in (PART_BYTES - 1, 1, PART_BYTES + 5):
            head.send(b"%x\r\n" % size + b"x" * size + b"\r\n")
        status, _, body = head.send(b"0\r\n\r\n").answer()
        load = json.loads(body)
        assert (status, load["state"], load["size"]) == (202, "waiting", 2 * PART_BYTES + 5)
        _, _, body = wire.head(path=f"{LOADS}/{load['id']}/parts", method="GET").answer()
        assert [part["size"] for part in json.loads(body)["parts"]] == [PART_BYTES, PART_BYTES, 5]


def test_a_file_that_breaks_off_is_cancelled() -> None:
    with uploads() as port:
        with Wire(port) as wire:
            wire.head(b"Content-Length: 1000", path=UPLOAD).send(b"x")
        while read_states(port) != ["cancelled"]:
            pass


def test_a_slow_file_is_a_408_and_is_cancelled() -> None:
    with uploads(timeouts=BodyTimeouts(idle_seconds=0.2)) as port, Wire(port) as wire:
        assert wire.head(b"Content-Length: 1000", path=UPLOAD).send(b"x").answer()[0] == 408
        assert read_states(port) == ["cancelled"]


def test_a_file_above_the_bound_is_a_413_and_is_cancelled() -> None:
    with uploads(UploadLimits(max_bytes=10)) as port, Wire(port) as wire:
        status, _, body = wire.head(b"Content-Length: 11", path=UPLOAD).send(b"x" * 11).answer()
        assert status == 413
        assert "10 bytes" in json.loads(body)["message"]
        assert read_states(port) == ["cancelled"]


def test_uploads_of_one_user_are_bounded_and_take_no_slot_of_a_batch() -> None:
    with uploads() as port:
        wires = [Wire(port).head(b"Content-Length: 1000", path=UPLOAD) for _ in range(MAX_FILES_PER_USER)]
        while read_states(port) != ["receiving"] * MAX_FILES_PER_USER:
            pass
        with Wire(port) as other:
            assert other.head(b"Content-Length: 1000", path=UPLOAD).answer()[0] == 429
        with Wire(port) as batch:
            assert batch.post(b'{"customers":[]}').answer()[0] == 200
        for wire in wires:
            wire.close()


@pytest.mark.parametrize("path", [UPLOAD, LOADS])
def test_a_request_without_credentials_is_a_401_before_its_body_is_read(path: str) -> None:
    with uploads() as port, Wire(port) as wire:
        assert wire.head(b"Content-Length: 1000", path=path, authorization=None).answer()[0] == 401


def test_the_database_has_a_connection_for_each_thread_that_handles_files() -> None:
    assert FILE_CONNECTIONS == FILE_THREADS
