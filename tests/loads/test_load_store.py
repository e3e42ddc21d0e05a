"""What every store of loads does: the one in memory, and both databases."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from muster.intake.checkpoint import START, Checkpoint, CodeCount, LeaseLostError, Position, Totals
from muster.intake.customer_store import Batch
from muster.intake.service import generate_batch_id
from muster.loads.load_store import (
    MAX_PART_BYTES,
    MAX_PARTS,
    Load,
    LoadOptions,
    LoadState,
    LoadStore,
    NewLoad,
    Part,
    RefusedChunk,
)
from muster.loads.rows import Layout
from muster.storage import open_storage
from muster.storage.load_leases import MAX_TAKEOVERS
from tests.loads import fakes
from tests.loads.fakes import MemoryLoadStore, build_load

MINUTE = timedelta(minutes=1)
EXPIRED = timedelta(seconds=-1)  # the duration of a lease that another worker may take over at once
FAR = datetime(9000, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
AT = datetime(2024, 5, 26, tzinfo=UTC)


@dataclass
class Harness:
    """A store under test, and what writes the checkpoint of a chunk into it."""

    store: LoadStore
    save: Callable[[Checkpoint, UUID], None]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    if request.param == "memory":
        memory = MemoryLoadStore()
        yield Harness(memory, memory.save_checkpoint)
        return
    storage = open_storage(request.getfixturevalue(f"{request.param}_url"))

    def save(checkpoint: Checkpoint, batch_id: UUID) -> None:
        with storage.customers.session() as session:
            session.save(Batch(batch_id, AT, "anna", checkpoint=checkpoint), b"{}")

    yield Harness(storage.loads, save)
    storage.close()


@pytest.fixture
def store(harness: Harness) -> LoadStore:
    return harness.store


_seconds = count()


def create(store: LoadStore, **changes: Any) -> UUID:
    """Creates a load that is receiving; later calls give later ids."""
    load_id = generate_batch_id(AT + timedelta(seconds=next(_seconds)))
    store.create(build_load(load_id, **changes))
    return load_id


def add(store: LoadStore, load_id: UUID, number: int, content: bytes) -> bool:
    return store.add_part(load_id, Part(number, len(content), hashlib.sha256(content).digest()), content)


def upload(store: LoadStore, content: bytes = b"a,b\n", **changes: Any) -> UUID:
    """A load that waits for a worker."""
    load_id = create(store, **changes)
    assert add(store, load_id, 1, content)
    assert store.start(load_id, size=len(content), content_sha256=hashlib.sha256(content).digest())
    return load_id


def get(store: LoadStore, load_id: UUID) -> Load:
    found = store.get(load_id)
    assert found is not None
    return found


def build_checkpoint(
    load_id: UUID, lease: UUID, before: Position, after: Position, refused: bytes | None = None
) -> Checkpoint:
    totals = Totals(after.row, after.row - 1, 1, 2, (CodeCount("C001", 1, "Field is missing", 3, "Q3"),))
    return Checkpoint(load_id, lease, before, after, before.row + 1, totals, refused)


def position(row: int) -> Position:
    return Position(row, row * 100, hashlib.sha256(str(row).encode()).digest())


# Creating and reading


def test_a_created_load_is_read_as_it_was_given(store: LoadStore) -> None:
    mapping = {"z": {"column": "Žodis"}, "a": [1, 2.5, None, True], "null": "\0"}
    given = NewLoad(
        generate_batch_id(AT),
        AT,
        "🦊 bank",
        ("MAIN", "OTHER"),
        "klientai ž.csv",
        LoadOptions(True, True, True, 90, 500, "cp1257", mapping),
        b"\0\xff",
        size=5_000_000_000,
        content_sha256=b"s" * 32,
    )
    store.create(given)
    found = get(store, given.id)
    for name in NewLoad.__dataclass_fields__:
        assert getattr(found, name) == getattr(given, name), name
    assert found.options.mapping is not None
    assert list(found.options.mapping) == ["z", "a", "null"]
    assert (found.position, found.totals, found.layout, found.bytes_read) == (START, Totals(), None, 0)
    assert (found.started_at, found.ended_at, found.problem, found.has_refused) == (None, None, None, False)


def test_an_unknown_load_is_none(store: LoadStore) -> None:
    unknown = uuid4()
    assert store.get(unknown) is None
    assert store.lease(unknown, uuid4(), MINUTE) is None
    assert store.read_part(unknown, 1) is None
    assert not add(store, unknown, 1, b"a")
    assert not store.start(unknown, size=0, content_sha256=b"")
    assert not store.cancel(unknown)
    assert (list(store.parts(unknown)), list(store.refused(unknown)), list(store.batches(unknown))) == ([], [], [])
    store.release(unknown, uuid4())
    store.delete_refused(unknown)


def test_loads_are_listed_newest_first_in_pages(store: LoadStore) -> None:
    annas = [create(store) for _ in range(3)]
    toms = create(store, sender="tom")
    assert [load.id for load in store.list(sender=None, before=None, limit=9)] == [toms, *reversed(annas)]
    assert [load.id for load in store.list(sender="anna", before=None, limit=2)] == [annas[2], annas[1]]
    assert [load.id for load in store.list(sender="anna", before=annas[1], limit=2)] == [annas[0]]
    assert list(store.list(sender="nobody", before=None, limit=2)) == []


def test_the_same_file_is_found_unless_its_load_was_cancelled(store: LoadStore) -> None:
    first, second, cancelled = (create(store, fingerprint=b"same") for _ in range(3))
    create(store, fingerprint=b"other")
    store.cancel(cancelled)
    assert [load.id for load in store.find_same(b"same")] == [second, first]


# Parts


def test_parts_are_kept_in_the_order_of_their_numbers(store: LoadStore) -> None:
    load_id = create(store)
    for number, content in ((2, b"second"), (1, b"\0\xff" * 100_000), (10, b"")):
        assert add(store, load_id, number, content)
    assert [(part.number, part.size) for part in store.parts(load_id)] == [(1, 200_000), (2, 6), (10, 0)]
    assert store.parts(load_id)[1].sha256 == hashlib.sha256(b"second").digest()
    assert store.read_part(load_id, 1) == b"\0\xff" * 100_000
    assert store.read_part(load_id, 10) == b""
    assert store.read_part(load_id, 3) is None


def test_a_repeated_part_replaces_the_earlier_one(store: LoadStore) -> None:
    load_id = create(store)
    add(store, load_id, 1, b"first")
    add(store, load_id, 1, b"corrected")
    [part] = store.parts(load_id)
    assert (part.size, store.read_part(load_id, 1)) == (9, b"corrected")


@pytest.mark.parametrize(("number", "size"), [(1, MAX_PART_BYTES + 1), (0, 1), (-1, 1), (MAX_PARTS + 1, 1)])
def test_a_part_out_of_bounds_is_an_error(store: LoadStore, number: int, size: int) -> None:
    load_id = create(store)
    with pytest.raises(ValueError, match="part"):
        add(store, load_id, number, bytes(size))
    assert list(store.parts(load_id)) == []


def test_the_largest_part_is_kept(store: LoadStore) -> None:
    load_id = create(store)
    assert add(store, load_id, MAX_PARTS, bytes(MAX_PART_BYTES))
    assert store.read_part(load_id, MAX_PARTS) == bytes(MAX_PART_BYTES)


@pytest.mark.parametrize(("numbers", "size"), [([2], 1), ([1, 3], 2), ([1, 2], 3), ([1, 2], 1), ([], 1)])
def test_a_load_with_missing_parts_does_not_start(store: LoadStore, numbers: list[int], size: int) -> None:
    load_id = create(store)
    for number in numbers:
        add(store, load_id, number, b"x")
    assert not store.start(load_id, size=size, content_sha256=b"")
    assert get(store, load_id).state is LoadState.RECEIVING
    assert store.lease_next(uuid4(), MINUTE) is None


def test_a_started_load_waits_and_takes_no_more_parts(store: LoadStore) -> None:
    load_id = upload(store, b"content")
    found = get(store, load_id)
    assert (found.state, found.size, found.content_sha256) == (
        LoadState.WAITING,
        7,
        hashlib.sha256(b"content").digest(),
    )
    assert not add(store, load_id, 1, b"changed")
    assert not store.start(load_id, size=7, content_sha256=b"")
    assert store.read_part(load_id, 1) == b"content"


def test_an_empty_file_can_be_started(store: LoadStore) -> None:
    load_id = create(store)
    assert store.start(load_id, size=0, content_sha256=b"")
    leased = store.lease_next(uuid4(), MINUTE)
    assert leased is not None
    assert leased.id == load_id


# Leases


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


# Progress and checkpoints


def test_a_checkpoint_moves_the_load_and_keeps_its_refused_rows(harness: Harness) -> None:
    store, load_id, lease = harness.store, upload(harness.store), uuid4()
    store.lease_next(lease, MINUTE)
    batches = [uuid4() for _ in range(3)]
    first = build_checkpoint(load_id, lease, START, position(5), b"refused of 1 to 5")
    second = build_checkpoint(load_id, lease, position(5), position(8))
    third = build_checkpoint(load_id, lease, position(8), position(5_000_000_000), b"\0")
    for checkpoint, batch in zip((first, second, third), batches, strict=True):
        harness.save(checkpoint, batch)
    found = get(store, load_id)
    assert (found.position, found.totals, found.has_refused) == (third.after, third.totals, True)
    assert list(store.refused(load_id)) == [RefusedChunk(1, b"refused of 1 to 5"), RefusedChunk(9, b"\0")]
    assert list(store.batches(load_id)) == batches


@pytest.mark.parametrize(
    "before", [START, Position(5, 499, position(5).digest), Position(5, 500, b"other"), position(6)]
)
def test_a_checkpoint_from_another_position_writes_nothing(harness: Harness, before: Position) -> None:
    store, load_id, lease = harness.store, upload(harness.store), uuid4()
    store.lease_next(lease, MINUTE)
    harness.save(build_checkpoint(load_id, lease, START, position(5)), uuid4())
    saved = get(store, load_id)
    with pytest.raises(LeaseLostError):
        harness.save(build_checkpoint(load_id, lease, before, position(9), b"refused"), uuid4())
    assert get(store, load_id) == saved
    assert len(store.batches(load_id)) == 1


def test_a_layout_is_kept_exactly(store: LoadStore) -> None:
    load_id, lease = upload(store), uuid4()
    store.lease_next(lease, MINUTE)
    for header in (None, ("a", "", "NUL \0", "lone \ud83e", 'quote "', "ž")):
        layout = Layout("csv", header, "cp1257", ";", "\r\n", True)
        store.describe(load_id, lease, layout=layout, bytes_read=5_000_000_000)
        found = get(store, load_id)
        assert (found.layout, found.bytes_read) == (layout, 5_000_000_000)


def test_a_dry_run_that_restarts_forgets_what_it_had_found(store: LoadStore) -> None:
    load_id, lease = upload(store, options=LoadOptions(dry_run=True)), uuid4()
    store.lease_next(lease, MINUTE)
    totals = Totals(9, 8, 1, 0, (CodeCount("C018", 1, "text", 4),))
    for row in range(50):  # more chunks than one transaction deletes
        store.save_dry_checkpoint(load_id, lease, totals, RefusedChunk(row, b"r"))
    store.save_dry_checkpoint(load_id, lease, totals, None)
    assert get(store, load_id).totals == totals
    assert len(list(store.refused(load_id))) == 50
    store.restart_dry_run(load_id, lease)
    assert (get(store, load_id).totals, list(store.refused(load_id))) == (Totals(), [])


def test_a_dry_checkpoint_whose_answer_was_lost_can_be_repeated(store: LoadStore) -> None:
    load_id, lease = upload(store), uuid4()
    store.lease_next(lease, MINUTE)
    for _ in range(2):
        store.save_dry_checkpoint(load_id, lease, Totals(1, 0, 1), RefusedChunk(1, b"r"))
    assert list(store.refused(load_id)) == [RefusedChunk(1, b"r")]


# The end


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


# Retention


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


def test_times_are_in_utc(store: LoadStore) -> None:
    load_id = create(store, created_at=AT.astimezone(UTC))
    assert get(store, load_id).created_at == AT
    assert replace(get(store, load_id)).created_at.tzinfo is UTC
