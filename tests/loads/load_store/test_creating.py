"""Loads are created, read and listed."""

from dataclasses import replace
from datetime import UTC, timedelta
from uuid import uuid4

from muster.intake.checkpoint import START, Totals
from muster.intake.service import generate_batch_id
from muster.loads.load_store import LoadListFilter, LoadOptions, LoadState, LoadStore, NewLoad
from tests.loads.fakes import build_load
from tests.loads.load_store.harness import AT, MINUTE, add, create, get


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


def test_loads_are_listed_by_time_sender_state_and_dry_run(store: LoadStore) -> None:
    days = [AT + timedelta(days=day) for day in range(4)]
    first, second, third, fourth = (generate_batch_id(day) for day in days)
    dry_run = LoadOptions(dry_run=True)
    store.create(build_load(first, days[0]))
    store.create(build_load(second, days[1], sender="tom", options=dry_run))
    store.create(build_load(third, days[2], options=dry_run))
    store.create(build_load(fourth, days[3]))
    store.cancel(third)
    for wanted, found in (
        (LoadListFilter(), [fourth, third, second, first]),
        (LoadListFilter(since=days[2]), [fourth, third]),
        (LoadListFilter(until=days[2]), [second, first]),
        (LoadListFilter(since=days[1], until=days[3], sender="anna"), [third]),
        (LoadListFilter(state=LoadState.CANCELLED), [third]),
        (LoadListFilter(state=LoadState.RECEIVING, is_dry_run=True), [second]),
        (LoadListFilter(is_dry_run=True), [third, second]),
        (LoadListFilter(is_dry_run=False), [fourth, first]),
    ):
        listed = store.list(wanted, sender=None, before=None, limit=9)
        assert [load.id for load in listed] == found, wanted
    # A user who sees its own loads alone finds no others, whatever it wants.
    assert list(store.list(LoadListFilter(sender="tom"), sender="anna", before=None, limit=9)) == []
    page = store.list(LoadListFilter(is_dry_run=True), sender=None, before=third, limit=9)
    assert [load.id for load in page] == [second]


def test_the_same_file_is_found_unless_its_load_was_cancelled(store: LoadStore) -> None:
    first, second, cancelled = (create(store, fingerprint=b"same") for _ in range(3))
    create(store, fingerprint=b"other")
    store.cancel(cancelled)
    assert [load.id for load in store.find_same(b"same")] == [second, first]


def test_a_load_is_created_once_under_a_fingerprint_unless_the_first_one_was_cancelled(store: LoadStore) -> None:
    first, second, third = (generate_batch_id(AT + minutes * MINUTE) for minutes in range(3))
    assert store.create_once(build_load(first))
    assert not store.create_once(build_load(second))
    assert store.get(second) is None
    store.cancel(first)
    assert store.create_once(build_load(third))
    assert [load.id for load in store.find_same(b"fingerprint")] == [third]


def test_times_are_in_utc(store: LoadStore) -> None:
    load_id = create(store, created_at=AT.astimezone(UTC))
    assert get(store, load_id).created_at == AT
    assert replace(get(store, load_id)).created_at.tzinfo is UTC
