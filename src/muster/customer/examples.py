"""Examples of customers, made from the examples in the field tables."""

from typing import Any

from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE
from muster.customer.schema import Field, Schema
from muster.customer.value_types import Nested, NestedList

# The examples combine to a new, ACTIVE customer of the user's default unit, without warnings: the examples of the
# contract have wrong check digits.
_VALUES = {
    "action": "CREATE",
    "initialDepositAccount": "LT121000011101001000",
    "giin": "98Q96B.00000.LE.250",
    "lei": "506700GE1G29325QX363",
}
_LEFT_OUT = ("businessUnit", "closingDate", "initializeScreeningProcesses")


def make_full_customer(entity_type: str) -> dict[str, Any]:
    """A customer of one entityType with all its fields, and one object in every list."""
    fields = [*SCHEMAS["Customer"].fields, *SCHEMAS_BY_TYPE[entity_type].fields]
    values = {
        field.name: _VALUES.get(field.name) or get_example(field, entity_type)
        for field in fields
        if field.name not in _LEFT_OUT
    }
    return {**values, "entityType": entity_type}


def get_example(field: Field, entity_type: str = "INDIVIDUAL") -> Any:
    """The JSON value of one field."""
    if isinstance(field.value_type, Nested):
        return _make_object(SCHEMAS[field.value_type.schema], entity_type)
    if isinstance(field.value_type, NestedList):
        return [_make_object(SCHEMAS[field.value_type.schema], entity_type)]
    return field.example


def _make_object(schema: Schema, entity_type: str) -> dict[str, Any]:
    values = {
        field.name: get_example(field, entity_type) for field in schema.fields if field.only_for in (None, entity_type)
    }
    return {**values, "entityType": entity_type} if schema.name == "RelatedEntity" else values
