"""Saved mappings in the database."""

from datetime import timedelta

from muster.audit.events import Action, AuditEvent, EntryFilter
from muster.loads.saved_mappings import SavedMapping
from muster.storage import Storage
from tests.storage.samples import AT

EVENT = AuditEvent("anna", Action.MAPPING_SAVED, "core")
MAPPING = {"fields": {"isPEP": {"column": "Ž", "values": {"taip": True, "\u202e": "x"}}}, "ignore": ["b"]}


def save(storage: Storage, name: str, digest: bytes, minutes: int = 0, max_saved: int = 9) -> bool:
    at = AT + timedelta(minutes=minutes)
    return storage.mappings.save_mapping(SavedMapping(name, "anna", at, digest, MAPPING), EVENT, max_saved=max_saved)


def test_mappings_are_found_by_the_digest_of_their_header_the_last_one_first(storage: Storage) -> None:
    for minutes, (name, digest) in enumerate([("old", b"1"), ("other", b"2"), ("new", b"1")]):
        assert save(storage, name, digest, minutes)
    found = storage.mappings.find_mappings(b"1", limit=9)
    assert [each.name for each in found] == ["new", "old"]
    assert found[0].mapping == MAPPING
    assert (found[1].saved_by, found[1].saved_at) == ("anna", AT)
    assert len(storage.mappings.find_mappings(b"1", limit=1)) == 1
    assert [each.name for each in storage.mappings.list_mappings()] == ["new", "old", "other"]


def test_a_mapping_of_the_same_name_is_replaced_and_others_are_bounded(storage: Storage) -> None:
    assert save(storage, "a", b"1", max_saved=2)
    assert save(storage, "b", b"1", max_saved=2)
    assert save(storage, "a", b"2", max_saved=2)
    assert not save(storage, "c", b"1", max_saved=2)
    assert [each.name for each in storage.mappings.list_mappings()] == ["a", "b"]
    entries = storage.audit.entries(EntryFilter(action="mapping.saved"), after=0, limit=9)
    assert len(entries) == 3  # none for what was not saved


def test_deleting_is_noted_once(storage: Storage) -> None:
    save(storage, "a", b"1")
    event = AuditEvent("anna", Action.MAPPING_DELETED, "a")
    assert storage.mappings.delete_mapping("a", event)
    assert not storage.mappings.delete_mapping("a", event)
    assert len(storage.audit.entries(EntryFilter(action="mapping.deleted"), after=0, limit=9)) == 1
