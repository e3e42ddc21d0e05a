"""Templates of files."""

import csv
import io
from typing import Any

import pytest

from muster.customer.business_units import BusinessUnits
from muster.customer.checker import Checker
from muster.customer.examples import make_full_customer
from muster.loads.mapping import make_mapper
from muster.loads.mapping.field_paths import parse_field_path
from muster.loads.rows import Layout, Row
from muster.loads.template import InvalidTemplateError, TemplateColumn, make_template_columns, write_template_csv
from tests.samples import make_snapshot

TITLES = make_snapshot().titles


def make_columns(entity_type: str = "INDIVIDUAL", *fields: str) -> dict[str, TemplateColumn]:
    return {column.name: column for column in make_template_columns(entity_type, TITLES, fields or None)}


@pytest.mark.parametrize("entity_type", ["INDIVIDUAL", "ORGANIZATION"])
@pytest.mark.parametrize("fields", [(), ("mandatory",), ("all",)])
def test_a_template_can_be_loaded_as_it_is(entity_type: str, fields: tuple[str, ...]) -> None:
    columns = make_columns(entity_type, *fields)
    mapper = make_mapper(Layout("csv", tuple(columns)), None, job="j")
    assert list(mapper.map([])) == []
    assert {name for name, column in columns.items() if column.is_mandatory} >= {"customerExtId", "entityType"}


def test_a_template_has_the_fields_of_its_type() -> None:
    assert "firstName" in make_columns("INDIVIDUAL")
    assert "firstName" not in make_columns("ORGANIZATION")
    assert make_columns("ORGANIZATION")["entityType"].codes == ("ORGANIZATION",)
    assert "listAddress[0].country" in make_columns("ORGANIZATION")


def test_objects_and_lists_stand_for_their_fields() -> None:
    names = list(make_columns("INDIVIDUAL", "firstName", "listContact[1]", "fieldOfActivity", "listAppealReason"))
    assert names[:4] == [
        "firstName",
        "listContact[1].contactType",
        "listContact[1].contactDetails",
        "listContact[1].useForCommunication",
    ]
    assert "fieldOfActivity.student.isStudent" in names
    assert names[-1] == "listAppealReason[0].appealReasonType"


def test_notes_say_the_meaning_what_is_expected_and_whether_it_must_be_there() -> None:
    columns = make_columns(
        "ORGANIZATION", "applicationDate", "listAddress", "legalForm", "closingDate", "listRelatedEntity"
    )
    lines = columns["applicationDate"].note.splitlines()
    assert (lines[0], lines[-1]) == ("When the customer applied for the business relationship", "Mandatory")
    assert lines[1].startswith("Expected: a date YYYY-MM-DD")
    assert columns["listAddress[0].addressDetails"].note.endswith("\nMandatory")
    assert make_columns("INDIVIDUAL", "listAddress")["listAddress[0].addressDetails"].note.endswith("\nOptional")
    assert columns["closingDate"].note.endswith("\nMandatory when customerStatus = CLOSED")
    assert columns["listRelatedEntity[0].firstName"].note.endswith("\nMandatory when entityType = INDIVIDUAL")
    assert "classifier legalForm" in columns["legalForm"].note


def test_codes_are_those_of_the_classifiers_and_enumerations() -> None:
    columns = make_columns("INDIVIDUAL", "mandatory", "isPEP", "citizenshipCountry", "firstName")
    assert columns["citizenshipCountry"].codes == tuple(TITLES["country"])
    assert columns["customerStatus"].codes == ("PENDING", "ACTIVE", "REJECTED", "SUSPENDED", "CLOSED")
    assert columns["isPEP"].codes == ("true", "false")
    assert columns["firstName"].codes == ()
    assert {"IND", "ORG"} <= set(columns["riskManagementCategory"].codes)
    assert "LEAD_IND" not in columns["riskManagementCategory"].codes


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("frstName", "did you mean firstName"),
        ("title", "title is no field of INDIVIDUAL customers"),
        ("listAddress.country", "did you mean listAddress"),
        ("", "no field"),
    ],
)
def test_a_field_that_does_not_exist_is_an_error(field: str, expected: str) -> None:
    with pytest.raises(InvalidTemplateError, match=expected):
        make_columns("INDIVIDUAL", field)


def test_a_csv_template_is_its_header() -> None:
    output = io.BytesIO()
    columns = make_template_columns("INDIVIDUAL", TITLES)
    write_template_csv(columns, output)
    (header,) = csv.reader(io.StringIO(output.getvalue().decode("ascii")))
    assert header == [column.name for column in columns]


@pytest.mark.parametrize("entity_type", ["INDIVIDUAL", "ORGANIZATION"])
def test_a_template_filled_with_the_examples_is_accepted(entity_type: str) -> None:
    """From the template to the checker: what the notes and lists offer is what the contract takes."""
    snapshot = make_snapshot()
    full = make_full_customer(entity_type)
    columns = make_columns(entity_type, *(name for name in full))
    cells = [to_cell(full, name) for name in columns]
    mapper = make_mapper(Layout("csv", tuple(columns)), None, job="j")
    (record,) = mapper.map([Row(2, tuple(cells), "", 0)])
    units = BusinessUnits(snapshot.codes["businessUnit"], frozenset(snapshot.codes["businessUnit"]), "MAIN")
    document, _, findings = Checker(snapshot.codes).check(record.document, units)
    assert (findings.violations, findings.warnings) == ([], [])
    assert document == record.document


def to_cell(customer: Any, name: str) -> str:
    value = customer
    for step in parse_field_path(name).steps:
        value = value.get(step) if isinstance(step, str) else value[step]
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
