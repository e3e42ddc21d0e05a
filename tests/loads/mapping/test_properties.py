"""Properties: documents survive being flattened to columns, and no cell makes a mapper fail."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.customer.fields import SCHEMAS
from muster.customer.schema import Field
from muster.customer.value_types import Boolean, Integer, Nested, NestedList, ScreeningList
from muster.customer.value_types import Decimal as DecimalType
from muster.loads.mapping import InvalidMappingError, make_mapper, parse_mapping
from muster.loads.mapping.field_paths import list_fields
from muster.loads.rows import BooleanText, Layout, NumberText, Row
from tests.loads.mapping.tables import make_rows

MAX_EXAMPLES = 60

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8).filter(
    lambda text: not text.isspace()
)


def make_values(field: Field, depth: int) -> st.SearchStrategy[Any]:
    """The values of a field, as a document of the contract holds them."""
    match field.value_type:
        case Boolean():
            return st.booleans()
        case Integer():
            return st.integers(0, 10**39)
        case DecimalType():
            return st.decimals(min_value=-(10**9), max_value=10**9, places=2)
        case Nested(schema=schema):
            return make_objects(schema, depth + 1)
        case NestedList(schema=schema):
            return st.lists(make_objects(schema, depth + 1), min_size=1, max_size=2)
        case ScreeningList():
            return st.lists(texts, min_size=1, max_size=2)
    return texts


def make_objects(schema: str | None, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with one to three of their fields: more only take longer to be made."""
    fields = list_fields(schema)
    names = st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=3, unique=True)
    return names.flatmap(
        lambda chosen: st.fixed_dictionaries({name: make_values(fields[name], depth) for name in chosen})
    )


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The columns of a document: header and cell."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from flatten(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from flatten(each, f"{path}[{index}]")
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def to_typed(value: Any) -> Any:
    """The value with the types of its numbers, which `==` does not tell."""
    if isinstance(value, dict):
        return {name: to_typed(each) for name, each in value.items()}
    if isinstance(value, list):
        return [to_typed(each) for each in value]
    if isinstance(value, Decimal) and value == value.to_integral_value() and value.as_tuple().exponent == 0:
        return ("int", str(value))
    return (type(value).__name__, str(value))


@settings(max_examples=MAX_EXAMPLES, deadline=None)
@given(make_objects(None), st.randoms(use_true_random=False))
def test_a_document_that_was_flattened_is_the_same_again(document: dict[str, Any], random: Any) -> None:
    columns = list(flatten(document))
    random.shuffle(columns)
    mapper = make_mapper(Layout("csv", tuple(header for header, _ in columns)), None, job="")
    (record,) = mapper.map([Row(2, tuple(cell for _, cell in columns), "", 0)])
    assert record.problems == ()
    assert to_typed(record.document) == to_typed(document)
    for header, cell in columns:
        assert find_cell(mapper, header) == header, cell


def find_cell(mapper: Any, header: str) -> str:
    """The header of the cell that is found for the path of a header."""
    steps = header.replace("[", ".").replace("]", "").split(".")
    header_found: str = mapper.locate([int(step) if step.isdigit() else step for step in steps]).header
    return header_found


MAPPINGS = (
    "",
    'date_format = "DD.MM.YYYY"\ndecimal_comma = true\nnull_words = ["-"]',
    """
        group_by = "customerExtId"
        [fields]
        firstName = { column = "firstName", split = " ", part = 1 }
        lastName = { column = "firstName", split = " ", part = 2, values = { a = "b" }, refuse_other = true }
        communicationNumber = { template = "{job}-{row}-{customerExtId}" }
        "listCountryOfActivity[].country" = { column = "title", split = ",", if_empty = "LT" }
        "listCountryOfTaxPayment[].country" = { column = "isPEP", values = { true = "LT" }, if_other = "LV" }
        requester = { columns = ["lei", "giin"], joined_by = "/" }
    """,
)
COLUMNS = (
    "customerExtId",
    "firstName",
    "title",
    "isPEP",
    "lei",
    "giin",
    "birthDate",
    "companyAssetValue",
    "initialDepositAmount",
    "listAddress",
    "fieldOfActivity",
    "listSourceOfWealth[1].amount",
    "initializeScreeningProcesses",
)
cell_texts = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.text(st.sampled_from("0123456789.,-+eE '[]{}\":\u00a0\u0661"), max_size=12),
    st.sampled_from(["true", "01.02.2024 00:00", "[[[[", "a b c", ",,", "1e999999", "9" * 5000, "NaN", "[1e400]"]),
    st.builds(BooleanText, st.sampled_from(["true", "false"])),
    st.builds(NumberText, st.sampled_from(["1", "0.1", "-5E+20", "1e300", "0"])),
)


@pytest.mark.parametrize("toml", MAPPINGS)
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
@settings(max_examples=MAX_EXAMPLES // 2, deadline=None)
@given(rows=st.lists(st.lists(cell_texts, max_size=len(COLUMNS) + 1), max_size=4))
def test_no_text_of_a_cell_makes_a_mapper_fail(toml: str, file_format: str, rows: list[list[str | None]]) -> None:
    mapper = make_mapper(Layout(file_format, COLUMNS), parse_mapping(toml), job="j")
    if file_format == "csv":  # only other formats have cells that are numbers
        rows = [[None if cell is None else str(cell) for cell in row] for row in rows]
    made = make_rows(*rows)
    records = list(mapper.map(made))
    kept = [row for record in records for row in record.rows]
    assert [(row.number, row.value) for row in kept] == [(row.number, row.value) for row in made]
    for record in records:
        assert msgspec.json.encode(record.document, enc_hook=repr)
        assert {NumberText, BooleanText}.isdisjoint(list_types(record.document))


def list_types(value: Any) -> Iterator[type]:
    """The types of all values in a document."""
    yield type(value)
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from list_types(each)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("fields", "ignore", "group_by", "join", "null_words", "date_format", "decimal_comma", "ignore_other_columns")


@settings(max_examples=MAX_EXAMPLES, deadline=None)
@given(mapping=st.dictionaries(st.sampled_from(KEYS), json_values, max_size=3))
def test_a_mapping_of_any_shape_is_made_or_refused(mapping: dict[str, Any]) -> None:

    try:
        mapper = make_mapper(Layout("csv", COLUMNS), mapping, job="j")
    except InvalidMappingError as error:
        assert error.problems  # noqa: PT017 - either outcome is right
    else:
        assert list(mapper.map([])) == []


def test_every_field_of_the_tables_has_a_path() -> None:
    assert set(list_fields(None)) > {field.name for field in SCHEMAS["Customer"].fields}
