"""A checkpoint moves a load, and keeps what a chunk has found."""

from uuid import uuid4

import pytest

from muster.intake.checkpoint import START, CodeCount, LeaseLostError, Position, Totals
from muster.loads.load_store import LoadOptions, LoadStore, RefusedChunk
from muster.loads.rows import Layout
from tests.loads.load_store.harness import MINUTE, Harness, build_checkpoint, get, position, upload


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
