"""The validation of mappings: keys, types and contradictions, without a file."""

from typing import Any

import pytest

from muster.loads.mapping import InvalidMappingError, check_mapping, parse_mapping
from muster.loads.mapping.specification import read_specification


def find_problems(mapping: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidMappingError) as caught:
        read_specification(mapping)
    return caught.value.problems


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({"date_fromat": "x"}, "date_fromat: there is no such key; did you mean date_format?"),
        ({"dateFormat": "x"}, "dateFormat: there is no such key; did you mean date_format?"),
        ({"date_format": "\ud800"}, "mapping.date_format: has half of a surrogate pair"),
        ({"\ud800": 1}, "mapping: has half of a surrogate pair"),
        ({"wild": 1}, "wild: there is no such key; the keys are fields, ignore, "),
        ({"decimal_comma": "yes"}, "decimal_comma: expected bool, got str"),
        ({"ignore": "x"}, "ignore: expected array, got str"),
        ({"ignore": ["a", 1]}, "ignore[1]: expected str, got int"),
        ({"fields": []}, "fields: write a table [fields]"),
        ({"fields": {"firstName": 1}}, "fields.firstName: write the name of a column"),
        ({"fields": {"firstName": {}}}, "fields.firstName: write one of column, columns, constant, template"),
        ({"fields": {"a.b": {"column": "A", "constant": "x"}}}, 'fields."a.b": write one of'),
        (
            {"fields": {"firstName": {"colum": "A"}}},
            "fields.firstName.colum: there is no such key; did you mean column?",
        ),
        ({"fields": {"firstName": {"column": 1}}}, "fields.firstName.column: expected str | null, got int"),
        ({"fields": {"firstName": {"column": "A", "values": {"a": []}}}}, "fields.firstName.values[...]: expected"),
        ({"fields": {"firstName": {"column": "A", "part": 1}}}, "needs split"),
        ({"fields": {"firstName": {"column": "A", "part": 0, "split": ","}}}, "part is the number"),
        ({"fields": {"firstName": {"column": "A", "split": ""}}}, "split is empty"),
        ({"fields": {"firstName": {"column": "A", "joined_by": ""}}}, "joined_by belongs to columns"),
        ({"fields": {"firstName": {"columns": []}}}, "columns names no column"),
        ({"fields": {"firstName": {"column": "A", "if_other": 1}}}, "belong to values"),
        ({"fields": {"firstName": {"constant": 1, "if_empty": 2}}}, "a constant takes no other keys"),
        (
            {"fields": {"firstName": {"column": "A", "values": {}, "if_other": 1, "refuse_other": True}}},
            "not both",
        ),
    ],
)
def test_each_mistake_is_told_with_its_place(mapping: Any, expected: str) -> None:
    (problem,) = find_problems(mapping)
    assert expected in problem


def test_all_mistakes_are_told_at_once() -> None:
    mapping = {"x": 1, "decimal_comma": 1, "fields": {"a": 1, "b": {"c": 1}}}
    assert len(find_problems(mapping)) == 4


def test_many_mistakes_are_counted() -> None:
    error = InvalidMappingError([f"problem {number}" for number in range(30)])
    assert str(error).endswith("problem 19; and 10 more")
    assert len(error.problems) == 30


def test_an_error_of_toml_has_its_line() -> None:
    with pytest.raises(InvalidMappingError, match="line 2"):
        parse_mapping("ignore = []\ndate_format = DD\n")


@pytest.mark.parametrize("text", ["x" * (1024 * 1024 + 1), "a = " + "[" * 10_000])
def test_a_mapping_of_absurd_size_is_an_error(text: str) -> None:
    with pytest.raises(InvalidMappingError):
        parse_mapping(text)


def test_the_json_shape_has_the_digits_and_dates_of_the_toml() -> None:
    mapping = parse_mapping(
        "[fields.a]\nconstant = 1_0.10\n[fields.b]\nconstant = 2024-01-31\n[fields.c]\nvalues = { x = nan }"
    )
    assert mapping == {
        "fields": {"a": {"constant": "10.10"}, "b": {"constant": "2024-01-31"}, "c": {"values": {"x": "nan"}}}
    }


def test_a_mapping_is_checked_without_its_file() -> None:
    check_mapping({"fields": {"firstName": "A", "listAddress[].country": {"constant": "LT"}}, "group_by": "A"})
    with pytest.raises(InvalidMappingError) as caught:
        check_mapping({"fields": {"frstName": "A"}, "join": {"key": "A", "file": "/etc/passwd"}})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["join", "frstName"]


def test_one_column_to_group_by_needs_no_list() -> None:
    assert read_specification({"group_by": "A"}).group_by == ("A",)
    assert read_specification({"group_by": ["A", "B"]}).group_by == ("A", "B")


@pytest.mark.parametrize(
    "mapping",
    [
        {"date_format": "D" * 1001},
        {"fields": {"x" * 1001: "A"}},
        {"fields": {"firstName": {"column": "A", "values": {"a": "b" * 1001}}}},
        {"join": [{"key": "k" * 1001}]},
        {"fields": {f"listAddress[{index}].city": {"constant": "x" * 1000} for index in range(11)}},
    ],
)
def test_a_mapping_that_adds_much_to_each_row_is_an_error(mapping: Any) -> None:
    assert any("characters" in problem for problem in find_problems(mapping))


def test_a_mapping_that_nests_without_end_is_an_error() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert find_problems({"ignore": deep})
