"""One worker has a load at a time, by a lease."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from muster.intake.checkpoint import START, LeaseLostError, Totals
from muster.loads.load_store import LoadState, LoadStore, RefusedChunk
from muster.loads.rows import Layout
from muster.storage.load_leases import MAX_TAKEOVERS
from tests.loads import fakes
from tests.loads.load_store.harness import EXPIRED, MINUTE, Harness, build_checkpoint, create, get, position, upload


def test_a_load_goes_to_one_worker(store: LoadStore) -> None:
    load_id, lease = upload(store), uuid4()
    leased = store.lease_next(lease, MINUTE)
    assert leased is not None
    assert (leased.id, leased.state) == (load_id, LoadState.RUNNING)
    assert leased.started_at is not None
    assert store.lease_next(uuid4(), MINUTE) is None
    assert store.lease(load_id, uuid4(), MINUTE) is None


def test_a_worker_may_lease_its_load_again(store: LoadStore) -> None:
    load_id, lease = upload(store), uuid4()
    for _ in range(MAX_TAKEOVERS + 2):
        assert store.lease(load_id, lease, EXPIRED) is not None


def test_an_expired_lease_is_taken_over_at_the_checkpoint(harness: Harness) -> None:
    store, load_id, dead = harness.store, upload(harness.store), uuid4()
    first = store.lease_next(dead, EXPIRED)
    harness.save(build_checkpoint(load_id, dead, START, position(9)), uuid4())
    taken = store.lease_next(uuid4(), MINUTE)
    assert first is not None
    assert taken is not None
    assert (taken.id, taken.position, taken.started_at) == (load_id, position(9), first.started_at)


def test_a_lease_that_was_given_back_is_free_at_once(store: LoadStore) -> None:
    load_id, lease = upload(store), uuid4()
    for _ in range(MAX_TAKEOVERS + 2):  # giving back is no crash
        assert store.lease_next(lease, MINUTE) is not None
        store.release(load_id, lease)
    assert get(store, load_id).state is LoadState.RUNNING
    store.release(load_id, lease)


def test_only_the_holder_gives_a_lease_back(store: LoadStore) -> None:
    load_id, lease = upload(store), uuid4()
    store.lease_next(lease, MINUTE)
    store.release(load_id, uuid4())
    assert store.lease_next(uuid4(), MINUTE) is None


def test_a_renewed_lease_lasts_longer(store: LoadStore) -> None:
    load_id, lease = upload(store), uuid4()
    store.lease_next(lease, EXPIRED)
    store.renew(load_id, lease, MINUTE)
    assert store.lease_next(uuid4(), MINUTE) is None
    store.renew(load_id, lease, EXPIRED)
    assert store.lease_next(uuid4(), MINUTE) is not None


def test_an_expired_lease_that_nobody_took_is_still_held(store: LoadStore) -> None:
    load_id, lease = upload(store), uuid4()
    store.lease_next(lease, EXPIRED)
    store.describe(load_id, lease, layout=Layout("csv"), bytes_read=1)
    store.renew(load_id, lease, MINUTE)


def test_a_worker_without_the_lease_writes_nothing(harness: Harness) -> None:
    store, load_id, old, new = harness.store, upload(harness.store), uuid4(), uuid4()
    store.lease_next(old, EXPIRED)
    store.lease_next(new, MINUTE)
    before = get(store, load_id)
    attempts: list[Callable[[], object]] = [
        lambda: store.renew(load_id, old, MINUTE),
        lambda: store.describe(load_id, old, layout=Layout("csv"), bytes_read=1),
        lambda: store.save_dry_checkpoint(load_id, old, Totals(1), RefusedChunk(1, b"r")),
        lambda: store.restart_dry_run(load_id, old),
        lambda: store.finish(load_id, old, LoadState.COMPLETED, content_sha256=None),
        lambda: harness.save(build_checkpoint(load_id, old, START, position(9), b"r"), uuid4()),
    ]
    for attempt in attempts:
        with pytest.raises(LeaseLostError):
            attempt()
    assert get(store, load_id) == before
    assert list(store.batches(load_id)) == []


def test_senders_take_turns(store: LoadStore) -> None:
    annas = [upload(store) for _ in range(3)]
    tom, eve = upload(store, sender="tom"), upload(store, sender="eve")
    taken: list[UUID] = []
    while (load := store.lease_next(uuid4(), MINUTE)) is not None:
        taken.append(load.id)
        if load.id == annas[1]:
            toms_second = upload(store, sender="tom")  # his first one was leased before anna's second one
    assert taken == [annas[0], tom, eve, annas[1], toms_second, annas[2]]


def test_a_file_that_is_not_in_the_database_is_leased_by_its_id_alone(store: LoadStore) -> None:
    load_id = create(store, state=LoadState.WAITING)
    assert store.lease_next(uuid4(), MINUTE) is None
    assert store.lease(load_id, uuid4(), EXPIRED) is not None
    assert store.lease_next(uuid4(), MINUTE) is None
    assert store.lease(load_id, uuid4(), MINUTE) is not None


def test_a_load_that_crashes_its_workers_fails(store: LoadStore) -> None:
    assert fakes.MAX_TAKEOVERS == MAX_TAKEOVERS
    crashing = upload(store)
    for _ in range(MAX_TAKEOVERS + 1):
        leased = store.lease_next(uuid4(), EXPIRED)
        assert leased is not None
        assert leased.id == crashing
    healthy = upload(store, sender="tom")
    assert [leased.id for _ in range(2) if (leased := store.lease_next(uuid4(), MINUTE))] == [healthy]
    upload(store)
    assert store.lease_next(uuid4(), MINUTE) is not None
    failed = get(store, crashing)
    assert failed.state is LoadState.FAILED
    assert failed.problem is not None
    assert list(store.parts(crashing)) == []


def test_a_checkpoint_shows_that_a_load_does_not_crash_its_workers(harness: Harness) -> None:
    load_id = upload(harness.store)
    for row in range(MAX_TAKEOVERS + 3):
        lease = uuid4()
        leased = harness.store.lease_next(lease, EXPIRED)
        assert leased is not None
        harness.save(build_checkpoint(load_id, lease, leased.position, position(row + 1)), uuid4())
    assert get(harness.store, load_id).state is LoadState.RUNNING
