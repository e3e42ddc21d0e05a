"""Refused rows and abandoned uploads are deleted after a time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from muster.intake.checkpoint import START, Totals
from muster.loads.load_store import LoadState, LoadStore, RefusedChunk
from tests.loads.load_store.harness import (
    FAR,
    LONG_AGO,
    MINUTE,
    Harness,
    add,
    build_checkpoint,
    create,
    get,
    position,
    upload,
)


def test_refused_rows_are_deleted_on_request(harness: Harness) -> None:
    store, load_id = harness.store, finish_with_refused_rows(harness, 50)
    store.delete_refused(load_id)
    assert (list(store.refused(load_id)), get(store, load_id).has_refused) == ([], False)
    assert get(store, load_id).totals.refused == 1


def test_refused_rows_are_purged_when_their_load_ended_long_ago(harness: Harness) -> None:
    store = harness.store
    ended = [finish_with_refused_rows(harness, 2) for _ in range(3)]
    running, lease = upload(store, sender="tom"), uuid4()
    store.lease(running, lease, MINUTE)
    store.save_dry_checkpoint(running, lease, Totals(), RefusedChunk(1, b"r"))
    assert store.purge_refused(LONG_AGO) == 0
    assert store.purge_refused(FAR) == 3
    assert store.purge_refused(FAR) == 0
    assert not any(get(store, load_id).has_refused for load_id in ended)
    assert get(store, running).has_refused


def finish_with_refused_rows(harness: Harness, chunks: int) -> UUID:
    load_id, lease = upload(harness.store), uuid4()
    harness.store.lease(load_id, lease, MINUTE)
    for row in range(chunks):
        before = START if row == 0 else position(row)
        harness.save(build_checkpoint(load_id, lease, before, position(row + 1), b"refused"), uuid4())
    harness.store.finish(load_id, lease, LoadState.COMPLETED, content_sha256=None)
    return load_id


def test_uploads_that_received_nothing_for_long_are_cancelled(store: LoadStore) -> None:
    without_parts = create(store, created_at=LONG_AGO)
    with_part = create(store, created_at=LONG_AGO)
    add(store, with_part, 1, b"part")
    waiting = upload(store, created_at=LONG_AGO)
    new = create(store)
    assert store.cancel_abandoned(LONG_AGO + MINUTE) == 1
    assert get(store, without_parts).state is LoadState.CANCELLED
    assert get(store, with_part).state is LoadState.RECEIVING
    assert store.cancel_abandoned(FAR) == 2
    assert {get(store, load_id).state for load_id in (with_part, new)} == {LoadState.CANCELLED}
    assert list(store.parts(with_part)) == []
    assert get(store, waiting).state is LoadState.WAITING


def test_refused_rows_of_a_local_file_that_nobody_goes_on_with_are_purged(store: LoadStore) -> None:
    given_back, leased = (create(store, state=LoadState.WAITING, created_at=LONG_AGO) for _ in range(2))
    lease = uuid4()
    for load_id in (given_back, leased):
        store.lease(load_id, lease, timedelta(days=365_000))
        store.save_dry_checkpoint(load_id, lease, Totals(), RefusedChunk(1, b"r"))
    store.release(given_back, lease)
    assert store.purge_refused(LONG_AGO + MINUTE) == 0
    assert store.purge_refused(datetime(2200, 1, 1, tzinfo=UTC)) == 1
    assert [get(store, load_id).has_refused for load_id in (given_back, leased)] == [False, True]
    assert get(store, leased).problem is None
    assert store.cancel_abandoned(FAR) == 0

    assert store.lease(given_back, lease, MINUTE) is not None
    store.finish(given_back, lease, LoadState.COMPLETED, content_sha256=None)
    assert "refused rows" in str(get(store, given_back).problem)
