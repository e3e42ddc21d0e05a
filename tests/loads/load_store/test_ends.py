"""Loads are finished and cancelled, and do not change afterwards."""

import hashlib
from uuid import UUID, uuid4

import pytest

from muster.intake.checkpoint import START, LeaseLostError
from muster.loads.load_store import LoadState, LoadStore
from tests.loads.load_store.harness import MINUTE, Harness, add, build_checkpoint, create, get, position, upload


@pytest.mark.parametrize("state", [LoadState.COMPLETED, LoadState.FAILED])
def test_a_finished_load_keeps_its_refused_rows_and_loses_its_parts(harness: Harness, state: LoadState) -> None:
    store, load_id, lease = harness.store, upload(harness.store), uuid4()
    store.lease_next(lease, MINUTE)
    harness.save(build_checkpoint(load_id, lease, START, position(5), b"refused"), uuid4())
    store.finish(load_id, lease, state, content_sha256=b"d" * 32, problem="row 7\0")
    found = get(store, load_id)
    assert (found.state, found.content_sha256, found.has_refused) == (state, b"d" * 32, True)
    assert found.problem is not None
    assert found.problem.startswith("row 7")
    assert found.ended_at is not None
    assert found.started_at is not None
    assert found.ended_at >= found.started_at
    assert list(store.parts(load_id)) == []
    assert_final(harness, load_id, lease)


def test_a_load_that_fails_early_keeps_the_digest_that_its_sender_gave(store: LoadStore) -> None:
    load_id, lease = upload(store, b"content"), uuid4()
    store.lease_next(lease, MINUTE)
    store.finish(load_id, lease, LoadState.FAILED, content_sha256=None, problem="not a file of customers")
    found = get(store, load_id)
    assert found.content_sha256 == hashlib.sha256(b"content").digest()
    assert found.problem == "not a file of customers"


def test_a_cancelled_load_loses_its_worker_and_its_parts(harness: Harness) -> None:
    store, load_id, lease = harness.store, upload(harness.store), uuid4()
    store.lease_next(lease, MINUTE)
    assert store.cancel(load_id)
    assert get(store, load_id).state is LoadState.CANCELLED
    assert list(store.parts(load_id)) == []
    assert_final(harness, load_id, lease)


def assert_final(harness: Harness, load_id: UUID, lease: UUID) -> None:
    """Nothing changes the load any more."""
    store, ended = harness.store, get(harness.store, load_id)
    with pytest.raises(LeaseLostError):
        harness.save(build_checkpoint(load_id, lease, ended.position, position(99)), uuid4())
    with pytest.raises(LeaseLostError):
        store.finish(load_id, lease, LoadState.COMPLETED, content_sha256=None)
    store.release(load_id, lease)
    assert not store.cancel(load_id)
    assert not add(store, load_id, 1, b"late")
    assert store.lease(load_id, uuid4(), MINUTE) is None
    assert store.lease_next(uuid4(), MINUTE) is None
    assert get(store, load_id) == ended


def test_an_upload_can_be_cancelled(store: LoadStore) -> None:
    load_id = create(store)
    add(store, load_id, 1, b"part")
    assert store.cancel(load_id)
    assert (get(store, load_id).state, list(store.parts(load_id))) == (LoadState.CANCELLED, [])


def test_a_started_load_is_not_cancelled_as_an_upload(store: LoadStore) -> None:
    receiving, started = create(store), upload(store)
    assert store.cancel(receiving, only_receiving=True)
    assert not store.cancel(started, only_receiving=True)
    assert [get(store, load).state for load in (receiving, started)] == [LoadState.CANCELLED, LoadState.WAITING]
