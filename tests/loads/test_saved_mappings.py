"""Saved mappings: found by the header, bounded, and noted in the audit log."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from muster.loads.saved_mappings import SavedMappings, UnsavableMappingError, hash_header
from tests.loads.service_fakes import ANNA, BEN, Clock, MemoryMappingStore

MAPPING = {"fields": {"firstName": "Vardas"}}


@dataclass
class Saved:
    store: MemoryMappingStore = field(default_factory=MemoryMappingStore)

    def __post_init__(self) -> None:
        self.mappings = SavedMappings(self.store, max_saved=2, now=Clock())


def test_a_mapping_is_found_by_its_columns_in_any_order_and_by_those_of_refused_rows() -> None:
    mappings = Saved().mappings
    mappings.save("core", ["Vardas", " Miestas"], MAPPING, ANNA)
    for header in (["Miestas", "Vardas "], ["muster_row", "muster_codes", "muster_errors", "Vardas", "Miestas", ""]):
        (found,) = mappings.find(header)
        assert (found.name, found.mapping, found.saved_by) == ("core", MAPPING, "anna")
    for other in (["Vardas"], ["vardas", "Miestas"], ["Vardas", "Miestas", "x"], []):
        assert mappings.find(other) == []


def test_names_of_columns_can_not_be_taken_for_others() -> None:
    assert len({hash_header(header) for header in (["a", "b"], ["ab"], ["a b"], ["a", "b", "c"])}) == 4


def test_a_mapping_replaces_the_one_of_the_same_name() -> None:
    mappings = Saved().mappings
    mappings.save("core", ["a"], MAPPING, ANNA)
    mappings.save("core", ["b"], {}, BEN)
    assert mappings.find(["a"]) == []
    assert [(info.name, info.saved_by) for info in mappings.list()] == [("core", "ben")]


@pytest.mark.parametrize(
    ("name", "mapping", "message"),
    [
        ("", MAPPING, "a name has 1 to 80"),
        ("x" * 81, MAPPING, "a name has 1 to 80"),
        ("a\nb", MAPPING, "a name has 1 to 80"),
        ("a\u202eb", MAPPING, "a name has 1 to 80"),
        ("large", {"fields": {f"f{number}": "x" * 900 for number in range(300)}}, "256 KiB"),
        ("third", MAPPING, "2 mappings are saved"),
    ],
    ids=["no name", "long", "with a line end", "with a direction", "large", "one too many"],
)
def test_what_can_not_be_saved_is_told(name: str, mapping: dict[str, Any], message: str) -> None:
    mappings = Saved().mappings
    for other in ("first", "second"):
        mappings.save(other, ["a"], MAPPING, ANNA)
    with pytest.raises(UnsavableMappingError, match=message):
        mappings.save(name, ["a"], mapping, ANNA)
    assert len(mappings.list()) == 2


def test_a_deleted_mapping_is_gone() -> None:
    mappings = Saved().mappings
    mappings.save("core", ["a"], MAPPING, ANNA)
    assert mappings.delete("core", BEN)
    assert not mappings.delete("core", BEN)
    assert mappings.find(["a"]) == []
