"""The page about mapping: every mapping on it does with its files what the page says."""

import io
import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from muster.intake.checkpoint import START
from muster.loads.formats import open_rows
from muster.loads.mapping import make_mapper, parse_mapping
from muster.loads.mapping.specification import FieldMapping, FileMapping, JoinedTable
from muster.loads.rows import RowSource

PAGE = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(toml|csv|json)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def read_examples() -> list[dict[str, str]]:
    """The blocks of each example by their language, or by the name of a joined file."""
    examples: list[dict[str, str]] = []
    for match in BLOCK.finditer(PAGE):
        language, name, text = match.groups()
        if language == "toml":
            examples.append({})
        examples[-1][name or language] = text
    return examples


EXAMPLES = read_examples()


def test_every_example_has_a_mapping_a_file_and_customers() -> None:
    assert len(EXAMPLES) > 7
    assert all(example.keys() >= {"toml", "csv", "json"} for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["csv"].splitlines()[0])
def test_an_example_does_what_it_says(example: dict[str, str]) -> None:
    def open_table(file: str | None, sheet: str | None) -> RowSource:
        content = example[file or "csv"].encode()
        return open_rows(io.BytesIO(content), name="customers.csv", size=len(content))

    source = open_table(None, None)
    mapper = make_mapper(source.layout, parse_mapping(example["toml"]), job="job", open_table=open_table)
    records = list(mapper.map(source.rows(START)))
    assert [record.problems for record in records] == [()] * len(records)
    documents = msgspec.json.Decoder(float_hook=Decimal).decode(example["json"])
    assert [record.document for record in records] == documents


def test_every_key_is_on_the_page() -> None:
    keys = {key for struct in (FieldMapping, FileMapping, JoinedTable) for key in struct.__struct_fields__}
    assert {key for key in keys if not re.search(rf"\b{key}\b", PAGE)} == set()
