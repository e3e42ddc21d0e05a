"""A file comes in parts, which are all there when its load starts."""

import hashlib
from uuid import uuid4

import pytest

from muster.loads.load_store import MAX_PART_BYTES, MAX_PARTS, LoadState, LoadStore
from tests.loads.load_store.harness import MINUTE, add, create, get, upload


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
