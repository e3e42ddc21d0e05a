"""The field tables have the fields of the contract's table, and every field accepts and rejects what it should."""

from typing import Any

import pytest

from muster.customer import BusinessUnits, Findings
from muster.customer.error_order import ERROR_ROWS
from muster.customer.error_prefix import RELATED_CODES
from muster.customer.examples import get_example, make_full_customer
from muster.customer.fields import SCHEMAS, iterate_fields
from muster.customer.schema import Field
from muster.customer.value_types import ClassifierCode, Enum, Nested, NestedList, ScreeningList, ValueType
from tests.samples import LEFT_OUT, given, individual, make_checker, organization

CHECKER = make_checker()
UNITS = BusinessUnits.for_user(CHECKER.business_units, ())
FIELDS = [pytest.param(row, id=f"{row['schema']}.{row['field']}") for row in given("fields")]


def check(customer: dict[str, Any]) -> Findings:
    return CHECKER.check(customer, UNITS)[2]


def find_codes(customer: dict[str, Any]) -> list[str]:
    return [violation.code for violation in check(customer).violations]


def get_field(row: dict[str, str]) -> Field:
    (field,) = (field for field in SCHEMAS[row["schema"]].fields if field.name == row["field"])
    return field


def test_tables_have_every_field_of_the_contract_in_its_order() -> None:
    assert [(schema.name, field.name) for schema, field in iterate_fields()] == [
        (row["schema"], row["field"]) for row in given("fields")
    ]
    assert len(given("fields")) == 180


def test_names_are_unique_within_a_schema() -> None:
    for schema in SCHEMAS.values():
        names = [field.name for field in schema.fields]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("row", FIELDS)
def test_field_has_the_type_of_the_contract(row: dict[str, str]) -> None:
    value_type = get_field(row).value_type
    words = row["type"].split()
    names = {
        "string": "Text",
        "date": "Date",
        "boolean": "Boolean",
        "integer": "Integer",
        "decimal": "Decimal",
        "enum": "Enum",
        "classifier": "ClassifierCode",
    }
    if row["type"] == "list of enum":
        assert isinstance(value_type, ScreeningList)
    elif words[0] == "list":
        assert value_type == NestedList(words[2])
    else:
        assert type(value_type).__name__ == names.get(words[0], "Nested")
    if isinstance(value_type, Enum):
        assert (*value_type.values, *value_type.unsupported) == tuple(row["values"].split())
    if isinstance(value_type, ClassifierCode):
        assert value_type.classifier == words[1]
    if isinstance(value_type, Nested):
        assert value_type.schema == row["type"]


@pytest.mark.parametrize("row", FIELDS)
def test_field_is_mandatory_when_the_contract_says_so(row: dict[str, str]) -> None:
    mandatory = get_field(row).mandatory
    assert (mandatory.description if mandatory else "no") == row["mandatory"]


@pytest.mark.parametrize("row", FIELDS)
def test_field_has_the_example_of_the_contract_and_a_meaning(row: dict[str, str]) -> None:
    field = get_field(row)
    example = field.example
    shown = "" if example is None else str(example).lower() if isinstance(example, bool) else str(example)
    assert shown == row["example"]
    assert len(field.meaning) > 2


def wrap(schema: str, value: dict[str, Any], *, of: str = "INDIVIDUAL") -> dict[str, Any]:
    """A customer with `value` as a nested object, or as its own fields."""
    make = organization if of == "ORGANIZATION" else individual
    if schema in ("Customer", "Individual", "Organization"):
        return make(**value)
    for field in SCHEMAS["Customer"].fields:
        if field.value_type == NestedList(schema):
            return make(**{field.name: [value]})
    for field in SCHEMAS["Individual"].fields + SCHEMAS["FieldOfActivity"].fields:
        if field.value_type == Nested(schema):
            return wrap_field_of_activity(field.name, value)
    raise LookupError(schema)


def wrap_field_of_activity(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return individual(fieldOfActivity=value if name == "fieldOfActivity" else {name: value})


def make_nested(schema: str, **changes: Any) -> dict[str, Any]:
    nested = {field.name: get_example(field) for field in SCHEMAS[schema].fields}
    only = [field.only_for for field in SCHEMAS[schema].fields if field.name in changes and field.only_for]
    if only:
        nested["entityType"] = only[0]
    return {name: value for name, value in {**nested, **changes}.items() if value is not LEFT_OUT}


def make_customer(row: dict[str, str], value: Any) -> dict[str, Any]:
    """A customer in which the field of the row has this value."""
    schema, name = row["schema"], row["field"]
    of = "ORGANIZATION" if schema == "Organization" else "INDIVIDUAL"
    if schema in ("Customer", "Individual", "Organization"):
        also = {"customerStatus": "CLOSED"} if name == "closingDate" else {}
        if name == "entityType":
            of = value if value in ("INDIVIDUAL", "ORGANIZATION") else of
        return wrap(schema, {**also, name: value}, of=of)
    return wrap(schema, make_nested(schema, **{name: value}), of=of)


def get_accepted_example(field: Field) -> Any:
    if field.name == "businessUnit":
        return "MAIN"  # the example is not a unit of a new installation
    return [] if isinstance(field.value_type, ScreeningList) else get_example(field)


@pytest.mark.parametrize("row", FIELDS)
def test_field_accepts_its_example(row: dict[str, str]) -> None:
    customer = make_customer(row, get_accepted_example(get_field(row)))
    assert find_codes(customer) == []


@pytest.mark.parametrize("row", FIELDS)
def test_null_and_blank_are_the_same_as_a_missing_field(row: dict[str, str]) -> None:
    without = find_codes(make_customer(row, LEFT_OUT))
    assert find_codes(make_customer(row, None)) == without
    assert find_codes(make_customer(row, " \t\u00a0\n")) == without
    assert bool(without) == (row["mandatory"] in ("yes", "when customerStatus = CLOSED")) or "entityType =" in str(row)


@pytest.mark.parametrize("row", FIELDS)
def test_field_rejects_a_value_of_another_type(row: dict[str, str]) -> None:
    field = get_field(row)
    found = check(make_customer(row, make_bad_value(field.value_type))).violations
    assert found
    assert found[0].code.endswith(get_expected_code(row)), found[0]
    assert found[0].path[-1] == row["field"]


def make_bad_value(value_type: ValueType) -> Any:
    if isinstance(value_type, Nested | NestedList | ScreeningList):
        return "neither object nor list"
    return {"some": "object"}


def get_expected_code(row: dict[str, str]) -> str:
    """The end of the code of a bad value. The table has further codes behind a space."""
    special = {"initializeScreeningProcesses": "C018", "value": "AV07", "closingDate": "C013"}
    return special.get(row["field"]) or row["code"].split(" ")[0] or "C018"


@pytest.mark.parametrize("entity_type", ["INDIVIDUAL", "ORGANIZATION"])
def test_customer_with_all_fields_is_valid_and_unchanged(entity_type: str) -> None:
    customer = make_full_customer(entity_type)
    document, unit, findings = CHECKER.check(customer, UNITS)
    assert findings == Findings()
    assert document == customer
    assert unit == "MAIN"


def test_tables_and_catalogue_have_the_same_errors() -> None:
    in_catalogue = {error for row in ERROR_ROWS for error in row.errors}
    in_tables = {
        error
        for _, field in iterate_fields()
        for error in (field.error, field.absent_error, *field.errors.values())
        if error is not None
    }
    assert in_tables <= in_catalogue
    codes_without_a_field = {error.code for error in in_catalogue - in_tables}
    assert codes_without_a_field <= {
        "C019", "C020", "O005", "C004", "B001", "C006", "C013", "C013a", "C014", "C015", "C018", "SCR01", "SCR02",
        "DT03", "AV07",
    }  # fmt: skip


def test_codes_of_related_entities_depend_on_the_type_of_the_customer() -> None:
    related = {"entityType": "INDIVIDUAL", "firstName": "Ann", "lastName": "Lee"}
    for make, entity_type in ((individual, "INDIVIDUAL"), (organization, "ORGANIZATION")):
        (violation,) = check(make(listRelatedEntity=[related])).violations
        assert violation.code == f"{RELATED_CODES[entity_type]}.RE01"
