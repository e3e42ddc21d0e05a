"""Mappings as TOML read back as they were."""

from typing import Any

import pytest

from muster.loads.mapping import parse_mapping
from muster.loads.mapping.mapping_toml import format_mapping


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"date_format": "DD.MM.YYYY", "decimal_comma": True, "null_words": ["n/a", '"'], "ignore": []},
        {"fields": {"a": "b", "listAddress[0].country": {"constant": "LT"}, "ä": {"column": 'x"\\\n\x7f', "part": 2}}},
        {"fields": {"isPEP": {"column": "PEP", "values": {"": True, "ne = x": False, "1": 1}, "refuse_other": True}}},
        {"group_by": ["a"], "join": [{"file": "b.csv", "key": "c", "fields": {"d": "e"}}, {"sheet": "f", "key": "g"}]},
        {"join": {"file": "b.csv", "key": "c"}},
    ],
)
def test_a_mapping_is_the_same_after_writing_and_reading(mapping: dict[str, Any]) -> None:
    joins = {"join": [mapping["join"]]} if isinstance(mapping.get("join"), dict) else {}
    assert parse_mapping(format_mapping(mapping)) == {**mapping, **joins}
