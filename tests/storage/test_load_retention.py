"""What is left of loads is removed in time, in small transactions, and for good."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, event, text

from muster.intake.checkpoint import Totals
from muster.intake.service import generate_batch_id
from muster.loads.load_store import LoadOptions, LoadState, Part, RefusedChunk
from muster.records.retention import RetentionKind
from muster.storage import Storage, open_storage
from tests.loads.fakes import build_load
from tests.storage.samples import AT, fetch

MINUTE = timedelta(minutes=1)
FAR = datetime(2200, 1, 1, tzinfo=UTC)


def start_load(storage: Storage) -> UUID:
    """A load that waits for a worker."""
    load_id = generate_batch_id(AT)
    storage.loads.create(build_load(load_id, AT))
    storage.loads.add_part(load_id, Part(1, 4, b"digest"), b"part")
    assert storage.loads.start(load_id, size=4, content_sha256=b"digest")
    return load_id


def finish_load(storage: Storage, chunks: int) -> UUID:
    """A load that has ended, with this number of chunks of refused rows."""
    load_id, lease = start_load(storage), uuid4()
    storage.loads.lease(load_id, lease, MINUTE)
    for row in range(chunks):
        storage.loads.save_dry_checkpoint(load_id, lease, Totals(), RefusedChunk(row, b"refused"))
    storage.loads.finish(load_id, lease, LoadState.COMPLETED, content_sha256=None)
    return load_id


@pytest.fixture
def commits() -> Iterator[list[str]]:
    """The number of parts and of chunks of refused rows after each commit of SQLAlchemy's."""
    found: list[str] = []

    def look(connection: Connection) -> None:
        counts = "SELECT (SELECT count(*) FROM load_parts) || ' ' || (SELECT count(*) FROM load_refused_rows)"
        found.append(connection.exec_driver_sql(counts).scalar_one())

    event.listen(Engine, "commit", look)
    yield found
    event.remove(Engine, "commit", look)


def test_a_purge_removes_the_refused_rows_of_old_loads(storage: Storage) -> None:
    ended = [finish_load(storage, 3) for _ in range(3)]
    started = start_load(storage)
    kind = RetentionKind.REFUSED_ROWS
    assert storage.retention.count(kind, AT, FAR) == sum(storage.retention.purge(kind, AT, FAR)) == 0
    assert storage.retention.count(kind, FAR, FAR) == sum(storage.retention.purge(kind, FAR, FAR)) == len(ended)
    assert storage.retention.count(kind, FAR, FAR) == 0
    assert fetch(storage, "SELECT * FROM load_refused_rows") == []
    assert len(storage.loads.parts(started)) == 1


def test_a_purge_cancels_uploads_that_were_never_completed(storage: Storage) -> None:
    for number in range(3):
        storage.loads.create(build_load(generate_batch_id(AT), AT + number * MINUTE))
    waiting = start_load(storage)
    kind = RetentionKind.ABANDONED_UPLOADS
    assert storage.retention.count(kind, AT + MINUTE, FAR) == 1
    assert list(storage.retention.purge(kind, AT + MINUTE, FAR)) == [1]
    assert storage.retention.count(kind, FAR, FAR) == sum(storage.retention.purge(kind, FAR, FAR)) == 2
    load = storage.loads.get(waiting)
    assert load is not None
    assert load.state is LoadState.WAITING


def test_an_upload_is_not_abandoned_while_its_dry_run_runs_and_a_while_after(storage: Storage) -> None:
    upload, dry_run, lease = generate_batch_id(AT), generate_batch_id(AT), uuid4()
    storage.loads.create(build_load(upload, AT))
    storage.loads.create(build_load(dry_run, AT, state=LoadState.WAITING, parts_of=upload))
    kind = RetentionKind.ABANDONED_UPLOADS
    assert storage.retention.count(kind, FAR, FAR) == 0
    found = storage.loads.lease_next(lease, MINUTE)
    assert found is not None
    assert (found.id, found.file_id) == (dry_run, upload)
    storage.loads.finish(dry_run, lease, LoadState.COMPLETED, content_sha256=None)
    assert storage.retention.count(kind, AT + MINUTE, FAR) == 0
    assert list(storage.retention.purge(kind, FAR, FAR)) == [1]


def test_options_change_until_a_load_is_started(storage: Storage) -> None:
    load_id, options = generate_batch_id(AT), LoadOptions(encoding="cp1257", mapping={"fields": {"name": "b"}})
    storage.loads.create(build_load(load_id))
    storage.loads.add_part(load_id, Part(1, 4, b"digest"), b"part")
    assert storage.loads.configure(load_id, options)
    storage.loads.start(load_id, size=4, content_sha256=b"")
    assert not storage.loads.configure(load_id, LoadOptions())
    started = storage.loads.get(load_id)
    assert started is not None
    assert started.options == options


def test_no_transaction_deletes_more_than_one_part(storage: Storage, commits: list[str]) -> None:
    """A part has up to 8 MiB, and SQLite has one writer."""
    load_id = generate_batch_id(AT)
    storage.loads.create(build_load(load_id))
    for number in (1, 2, 5):
        storage.loads.add_part(load_id, Part(number, 1, b"d"), b"x")
    commits.clear()
    assert storage.loads.cancel(load_id)
    assert [count for count in commits if count != "3 0"] == ["2 0", "1 0", "0 0", "0 0"]


def test_refused_rows_are_deleted_some_chunks_at_a_time(storage: Storage, commits: list[str]) -> None:
    finish_load(storage, 50)
    commits.clear()
    assert storage.loads.purge_refused(FAR) == 1
    assert commits[-4:] == ["0 30", "0 10", "0 0", "0 0"]


def test_an_ended_load_without_its_deletion_loses_its_parts_later(storage: Storage) -> None:
    """As when the process dies between the end of the load and the deletion of its parts."""
    load_id, open_load = start_load(storage), start_load(storage)
    stored_id = load_id.hex if storage.engine.dialect.name == "sqlite" else load_id
    with storage.engine.begin() as connection:
        connection.execute(text("UPDATE loads SET state = 'completed' WHERE id = :id"), {"id": stored_id})
    assert storage.loads.cancel_abandoned(AT) == 0
    assert (len(storage.loads.parts(load_id)), len(storage.loads.parts(open_load))) == (0, 1)


def test_refused_rows_and_parts_leave_nothing_in_a_sqlite_file(sqlite_url: str) -> None:
    storage, load_id, lease = open_storage(sqlite_url), generate_batch_id(AT), uuid4()
    marker = uuid4().bytes * 3
    storage.loads.create(build_load(load_id))
    storage.loads.add_part(load_id, Part(1, len(marker), b"d"), marker)
    storage.loads.start(load_id, size=len(marker), content_sha256=b"d")
    storage.loads.lease_next(lease, MINUTE)
    storage.loads.save_dry_checkpoint(load_id, lease, Totals(), RefusedChunk(1, marker))
    storage.loads.finish(load_id, lease, LoadState.COMPLETED, content_sha256=None)
    storage.loads.delete_refused(load_id)
    assert storage.retention.wipe()
    storage.close()
    assert marker[:16] not in Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()
