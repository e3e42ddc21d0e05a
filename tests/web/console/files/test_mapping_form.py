"""A mapping as a form, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from muster.loads.mapping.specification import read_specification
from muster.web.console.files.mapping_form import MappingForm, fill_form, list_columns, read_choices
from muster.web.console.forms import Form

HEADER = ("firstName", "who", "country", "PEP", "muster_row", "", "twice", "twice")
CELLS = (("Ona", "x", "LT", "taip", "2", "", "1", "1"), (" Ona ", "y" * 99, None, "ne", "3", "", "2", "2"))


def fill(mapping: Mapping[str, Any]) -> MappingForm | None:
    return fill_form(list_columns(HEADER, CELLS), read_specification(mapping))


def send(form: MappingForm) -> Form:
    """What a browser sends of the form as it stands."""
    values: dict[str, Sequence[str]] = {}
    for column in form.columns:
        values[f"field-{column.index}"] = [column.field]
        values[f"values-{column.index}"] = [column.values.replace("\n", "\r\n")]
        values[f"date-{column.index}"] = [column.date_format]
    for number, constant in enumerate(form.constants):
        values[f"constant-field-{number}"] = [constant.field]
        values[f"constant-{number}"] = [constant.value]
    values |= {"date-format": [form.date_format], "null-words": [form.null_words], "group-by": [form.group_by]}
    return Form({**values, **({"decimal-comma": ["true"]} if form.decimal_comma else {})})


@pytest.mark.parametrize(
    "mapping",
    [
        {"ignore": ["firstName", "who", "country", "PEP", "twice"]},
        {"ignore": ["country", "PEP", "twice"], "fields": {"lastName": "who"}},
        {
            "date_format": "DD.MM.YYYY",
            "decimal_comma": True,
            "null_words": ["n/a", "NULL"],
            "group_by": ["who"],
            "ignore": ["twice"],
            "fields": {
                "firstName": {"column": "firstName", "date_format": "YYYY"},
                "customerExtId": "who",
                "citizenshipCountry": {"column": "country", "values": {"a = b": "LT", "Latvija": "LV"}},
                "isPEP": {"column": "PEP", "values": {"taip": True, "ne": False}},
                "communicationNumber": {"template": "{job}-{row}"},
                "requester": {"constant": "core"},
                "isSanctioned": {"constant": False},
            },
        },
    ],
)
def test_a_mapping_is_the_same_after_the_form(mapping: dict[str, Any]) -> None:
    filled = fill(mapping)
    assert filled is not None
    form = send(filled)
    again, read = read_choices(form, list_columns(HEADER, CELLS))
    assert form.errors == {}
    assert read == mapping
    assert fill(read) == filled or [column.field for column in again.columns] == [c.field for c in filled.columns]


@pytest.mark.parametrize(
    "rule",
    [
        {"columns": ["who", "country"]},
        {"column": "who", "split": ";"},
        {"column": "who", "if_empty": "x"},
        {"column": "who", "values": {"a": "b"}, "refuse_other": True},
        {"column": "who", "null_words": ["x"]},
    ],
)
def test_a_rule_that_the_form_can_not_show_has_no_form(rule: dict[str, Any]) -> None:
    assert fill({"fields": {"lastName": rule}}) is None


def test_a_column_with_two_fields_has_no_form() -> None:
    assert fill({"fields": {"lastName": "who", "firstName": "who"}}) is None


def test_columns_show_their_first_values_and_the_others_are_listed() -> None:
    form = list_columns(HEADER, CELLS)
    assert [(column.letters, column.header, column.samples) for column in form.columns] == [
        ("A", "firstName", ("Ona",)),
        ("B", "who", ("x", "y" * 60 + "…")),
        ("C", "country", ("LT",)),
        ("D", "PEP", ("taip", "ne")),
    ]
    assert form.left_out == [("F", ""), ("G", "twice"), ("H", "twice")]


def test_mandatory_fields_without_a_column_are_asked_for_first() -> None:
    filled = fill({"fields": {"isPEP": {"constant": False}}})
    assert filled is not None
    constants = [(constant.field, constant.is_mandatory) for constant in filled.constants]
    assert ("requester", True) in constants
    assert ("lastName", True) in constants
    assert constants[-3:] == [("isPEP", False), ("", False), ("", False)]
    assert ("firstName", True) not in constants


def test_an_error_stands_at_the_constant_that_was_sent() -> None:
    form = Form({"constant-field-3": ["frstName"], "constant-3": ["x"], "constant-field-1": ["requester"]})
    filled, _ = read_choices(form, list_columns(HEADER, CELLS))
    (name,) = form.errors
    assert filled.constants[int(name.removeprefix("constant-field-"))].field == "frstName"
