"""The words about files and mappings are complete, and those of the hand-written page."""

from pathlib import Path

from msgspec.structs import fields

from muster.loads.file_guide import FIELD_KEYS, FILE_FORMATS, JOIN_KEYS, MAPPING_EXAMPLE, TABLE_KEYS
from muster.loads.mapping.specification import (
    FieldMapping,
    FileMapping,
    JoinedTable,
    TableMapping,
    parse_mapping,
    read_specification,
)

PAGE = Path(__file__).parents[2] / "docs" / "loading.md"


def test_every_key_of_a_mapping_has_words() -> None:
    assert [field.name for field in fields(FieldMapping)] == list(FIELD_KEYS)
    assert {field.name for field in fields(FileMapping)} == set(TABLE_KEYS)
    of_tables = {field.name for field in fields(TableMapping)}
    assert {field.name for field in fields(JoinedTable)} - of_tables == set(JOIN_KEYS)


def test_the_example_is_a_mapping() -> None:
    assert set(read_specification(parse_mapping(MAPPING_EXAMPLE)).fields) == {
        "customerExtId",
        "applicationDate",
        "requester",
    }


def test_formats_are_those_of_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for guide in FILE_FORMATS:
        assert f"| {guide.name} | {guide.content.replace('|', chr(92) + '|')} | {guide.refused_rows} |" in page
