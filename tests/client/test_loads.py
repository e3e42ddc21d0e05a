"""Loads by the client: upload in parts, wait, refused rows, cancel."""

import asyncio
import hashlib
import io
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, cast

import httpx
import pytest

from muster_client import (
    AsyncClient,
    AuthenticationError,
    Client,
    KeyReused,
    LoadFailed,
    LoadInfo,
    LoadJob,
    NotFound,
    OutcomeUnknown,
    RetryPolicy,
    UnexpectedResponse,
    UploadInterrupted,
    WaitTimedOut,
)
from muster_client.loads import MAX_PART_BYTES, read_part
from tests.client.fake_loads import FakeLoads
from tests.client.fakes import TOKEN, URL, FakeClock, connect, make_failure, make_problem

CONTENT = b"".join(b"row %d%s\n" % (row, b" bad" if row % 10 == 3 else b"") for row in range(100))
PART_BYTES = 100
PARTS = -(-len(CONTENT) // PART_BYTES)
CUT = httpx.ReadError("cut")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_bytes(CONTENT)
    return path


def upload(client: Client, file: Path | BinaryIO, **options: Any) -> LoadJob:
    return client.loads.upload(file, part_bytes=PART_BYTES, **options)


def test_file_is_sent_in_parts_and_started(path: Path) -> None:
    service, sent = FakeLoads(), list[int]()
    with connect(service) as (client, _):
        job = upload(client, path, mapping={"columns": {}}, dry_run=True, accept=90, progress=sent.append)
    assert service.file(job.id) == CONTENT
    assert sent == [*range(100, len(CONTENT), 100), len(CONTENT)]
    assert job.info.state == "running"
    load = service.loads[str(job.id)]
    assert load["name"] == "customers.csv"
    assert load["options"] == {
        "mapping": {"columns": {}},
        "dryRun": True,
        "upsert": False,
        "unknown": "ignore",
        "accept": 90,
    }


@pytest.mark.parametrize(
    ("before", "expected"),
    [(1, "part 1 was stored; upload the file again"), (PARTS + 1, "the load was started; upload the file again")],
)
def test_unknown_outcome_of_an_upload_is_told_of_what_was_sent(path: Path, before: int, expected: str) -> None:
    service = FakeLoads()
    service.failures = [*[None] * before, make_failure(**{"Muster-Outcome": "unknown"})]
    with connect(service, retry=RetryPolicy(deadline=0)) as (client, _), pytest.raises(UploadInterrupted) as caught:
        upload(client, path)
    assert isinstance(caught.value.__cause__, OutcomeUnknown)
    assert expected in caught.value.__cause__.message


def test_sheet_is_sent_only_when_it_is_named(path: Path) -> None:
    service = FakeLoads()
    with connect(service) as (client, _):
        named, unnamed = (upload(client, path, sheet=sheet) for sheet in ("People", None))
    assert service.loads[str(named.id)]["options"]["sheet"] == "People"
    assert "sheet" not in service.loads[str(unnamed.id)]["options"]


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200])
def test_parts_have_every_byte_of_a_file_of_any_size(size: int) -> None:
    service = FakeLoads()
    with connect(service) as (client, _):
        job = upload(client, io.BytesIO(CONTENT[:size]), name="x.csv")
    assert service.file(job.id) == CONTENT[:size]


@pytest.mark.parametrize("size", [-1, 0, MAX_PART_BYTES + 1])
def test_size_of_parts_out_of_bounds_is_refused(path: Path, size: int) -> None:
    service = FakeLoads()
    with connect(service) as (client, _), pytest.raises(ValueError, match="part_bytes"):
        client.loads.upload(path, part_bytes=size)
    assert service.requests == []


def test_short_reads_of_a_pipe_fill_a_part() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = CONTENT

        def read(self, size: int = -1) -> bytes:
            piece, self.rest = self.rest[: min(size, 7)], self.rest[min(size, 7) :]
            return piece

    pipe = cast(BinaryIO, Pipe())
    parts = list(iter(lambda: read_part(pipe, PART_BYTES), b""))
    assert b"".join(parts) == CONTENT
    assert {len(part) for part in parts[:-1]} == {100}


def test_lost_responses_are_asked_for_again(path: Path) -> None:
    service = FakeLoads()
    service.failures = [None, CUT, make_problem(503), CUT]
    with connect(service) as (client, clock):
        job = upload(client, path)
    assert service.file(job.id) == CONTENT
    assert len(clock.pauses) == 3


def test_load_whose_response_was_lost_is_created_once(path: Path) -> None:
    service = FakeLoads()
    service.failures = [CUT, CUT]
    with connect(service) as (client, _):
        job = upload(client, path)
    assert list(service.loads) == [str(job.id)]
    assert service.file(job.id) == CONTENT


def test_digest_of_the_file_is_told(path: Path) -> None:
    service, digest = FakeLoads(), hashlib.sha256(CONTENT).hexdigest()
    with connect(service) as (client, _):
        job = upload(client, path, sha256=digest)
    assert service.loads[str(job.id)]["sha256"] == digest


def test_interrupted_upload_goes_on_under_its_key(path: Path) -> None:
    service = FakeLoads()
    service.failures = [None, None, None, make_problem(401)]
    with connect(service) as (client, _):
        with pytest.raises(UploadInterrupted, match="before part 3") as caught:
            upload(client, path)
        assert isinstance(caught.value.__cause__, AuthenticationError)
        del service.parts[str(caught.value.load_id)][1]  # it would be missed
        job = upload(client, path, key=caught.value.idempotency_key)
    assert job.id == caught.value.load_id
    assert service.file(job.id) == CONTENT
    parts = [request.url.path.rsplit("/")[-1] for request in service.requests if request.method == "PUT"]
    assert parts == ["1", "2", "3", "1", *map(str, range(4, PARTS + 1))]


def test_upload_under_a_key_that_was_used_gives_the_load_that_was_started(path: Path) -> None:
    service = FakeLoads()
    with connect(service) as (client, _):
        first, again = (upload(client, path, key="feed-2024-05-26") for _ in range(2))
    assert first.id == again.id
    assert sum(request.method == "PUT" for request in service.requests) == PARTS


def test_load_is_found_by_its_key(path: Path) -> None:
    with connect(FakeLoads()) as (client, _):
        assert client.loads.find("feed") is None
        job = upload(client, path, key="feed")
        found = client.loads.find("feed")
        assert found is not None
        assert found.id == job.id
        with pytest.raises(ValueError, match="visible ASCII"):
            client.loads.find("a key")


def test_key_of_a_longer_file_is_refused(path: Path) -> None:
    service = FakeLoads()
    service.failures = [*[None] * PARTS, make_problem(401)]
    with connect(service) as (client, _):
        with pytest.raises(UploadInterrupted):
            upload(client, path, key="feed")
        path.write_bytes(CONTENT[:250])
        with pytest.raises(KeyReused, match="longer file"):
            upload(client, path, key="feed")


def test_page_of_another_server_is_not_taken_for_the_refused_rows(path: Path, tmp_path: Path) -> None:
    service = FakeLoads()
    with connect(service) as (client, _):
        job = upload(client, path)
        service.failures = [httpx.Response(200, html="<h1>Log in</h1>")]
        with pytest.raises(UnexpectedResponse):
            job.refused(to=tmp_path / "refused.csv")
    assert os.listdir(tmp_path) == ["customers.csv"]


def test_wait_polls_as_often_as_the_service_says_and_reports(path: Path) -> None:
    service, seen = FakeLoads(), list[LoadInfo]()
    service.polls_until_done = 2
    with connect(service) as (client, clock):
        load = upload(client, path).wait(progress=seen.append)
    assert [info.state for info in seen] == ["running", "running", "completed"]
    assert clock.pauses == [3.0, 3.0]
    assert (load.rows, load.accepted, load.refused, load.codes[0].cell) == (100, 90, 10, "A2")


def test_wait_ends_at_its_timeout(path: Path) -> None:
    service = FakeLoads()
    service.polls_until_done = 100
    with connect(service) as (client, clock):
        job = upload(client, path)
        with pytest.raises(WaitTimedOut, match="running"):
            job.wait(timeout=10.0)
    assert sum(clock.pauses) <= 10.0


def test_wait_raises_what_a_load_failed_of(tmp_path: Path) -> None:
    path = tmp_path / "page.csv"
    path.write_bytes(b"<html>\n")
    with connect(FakeLoads()) as (client, _):
        job = upload(client, path)
        with pytest.raises(LoadFailed, match="the file is HTML") as caught:
            job.wait()
    assert caught.value.info == job.info
    assert job.info.is_final


def test_errors_of_the_progress_reach_the_caller(path: Path) -> None:
    def fail(sent: object) -> None:
        raise ZeroDivisionError

    with connect(FakeLoads()) as (client, _):
        with pytest.raises(ZeroDivisionError):
            upload(client, path, progress=fail)
        job = upload(client, path)
        with pytest.raises(ZeroDivisionError):
            job.wait(progress=fail)


def test_refused_rows_are_written_when_they_are_complete(path: Path, tmp_path: Path) -> None:
    service, target = FakeLoads(), tmp_path / "refused.csv"
    with connect(service) as (client, _):
        job = upload(client, path)
        job.wait()
        service.failures = [CUT]
        written = job.refused(to=target)
    content = target.read_bytes()
    assert (written, content.count(b"bad"), content.count(b"\n")) == (len(content), 10, 10)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["customers.csv", "refused.csv"]


def test_failed_download_leaves_the_old_file(path: Path, tmp_path: Path) -> None:
    service, target = FakeLoads(), tmp_path / "refused.csv"
    target.write_text("old")
    with connect(service) as (client, _):
        job = upload(client, path)
        service.failures = [make_problem(404)]
        with pytest.raises(NotFound):
            job.refused(to=target, format="csv")
    assert target.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["customers.csv", "refused.csv"]


def test_refused_rows_are_written_to_an_open_file_after_what_it_has(path: Path) -> None:
    service, target = FakeLoads(), io.BytesIO(b"before\n")
    target.seek(0, io.SEEK_END)
    with connect(service) as (client, _):
        job = upload(client, path)
        service.failures = [CUT]
        job.refused(to=target)
    assert target.getvalue().startswith(b"before\nrow 3 bad\n")
    assert target.getvalue().count(b"\n") == 11


def test_refused_rows_are_written_to_a_pipe_when_they_are_complete(path: Path) -> None:
    service = FakeLoads()
    reading, writing = os.pipe()
    with connect(service) as (client, _), os.fdopen(reading, "rb") as read, os.fdopen(writing, "wb") as target:
        job = upload(client, path)
        service.failures = [CUT]
        written = job.refused(to=target)
        target.close()
        assert read.read().count(b"bad") == 10
    assert written > 0


def test_results_are_read_in_the_order_of_the_file(path: Path) -> None:
    with connect(FakeLoads()) as (client, _):
        results = list(upload(client, path).results())
    assert [result.customer_ext_id for result in results] == [f"c-{row}" for row in range(100)]


def test_loads_are_listed_got_and_cancelled(path: Path) -> None:
    with connect(FakeLoads()) as (client, _):
        ids = [upload(client, path).id for _ in range(5)]
        assert [job.id for job in client.loads.list()] == ids[::-1]
        job = client.loads.get(ids[0])
        assert job.cancel().state == "cancelled"
        assert job.refresh().is_final
        assert job.wait().state == "cancelled"
        assert "customers.csv" not in repr(job) + repr(job.info)


def test_asynchronous_upload_and_wait_raise_what_the_synchronous_ones_raise(path: Path) -> None:
    service, clock = FakeLoads(), FakeClock()

    def fail(sent: int) -> None:
        raise ZeroDivisionError

    async def run() -> None:
        transport = httpx.MockTransport(service)
        async with AsyncClient(URL, token=TOKEN, transport=transport, clock=clock, sleep=clock.sleep_async) as client:
            with pytest.raises(ZeroDivisionError):
                await client.loads.upload(path, part_bytes=PART_BYTES, progress=fail)
            path.write_bytes(b"<html>\n")
            service.failures = [CUT, None, CUT]
            job = await client.loads.upload(path, part_bytes=PART_BYTES)
            with pytest.raises(LoadFailed):
                await job.wait()
            assert job.info.state == "failed"
            assert (await job.refresh()).is_final
            assert "failed" in repr(job)
            for _ in range(4):
                await client.loads.upload(path, part_bytes=PART_BYTES)
            assert len([listed async for listed in client.loads.list()]) == 6

    asyncio.run(run())
    assert len(clock.pauses) == 2


def test_asynchronous_loads_do_the_same(path: Path, tmp_path: Path) -> None:
    service, clock = FakeLoads(), FakeClock()
    service.polls_until_done = 1
    target = tmp_path / "refused.csv"

    async def run() -> None:
        transport = httpx.MockTransport(service)
        async with AsyncClient(URL, token=TOKEN, transport=transport, clock=clock, sleep=clock.sleep_async) as client:
            job = await client.loads.upload(path, part_bytes=PART_BYTES)
            assert (await job.wait()).state == "completed"
            assert await job.refused(to=target) == target.stat().st_size
            assert len([result async for result in job.results()]) == 100
            assert [listed.id async for listed in client.loads.list()] == [job.id]
            assert (await (await client.loads.get(job.id)).cancel()).state == "cancelled"

    asyncio.run(run())
    assert target.read_bytes().count(b"bad") == 10
    assert clock.pauses == [3.0]
