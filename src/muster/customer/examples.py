"""Examples of whole customers, made from the examples in the field tables."""

from typing import Any

from muster.customer.fields import OF_TYPE, SCHEMAS
from muster.customer.kinds import ListOf, Part
from muster.customer.schema import Field, Schema

# A customer with every field that may stand beside the others: a new one, ACTIVE, of the sender's own unit.
_VALUES = {"action": "CREATE"}
_LEFT_OUT = ("businessUnit", "closingDate", "initializeScreeningProcesses")


def full_customer(entity_type: str) -> dict[str, Any]:
    """A customer of one type with all its fields, and one part in every list."""
    fields = [*SCHEMAS["Customer"].fields, *OF_TYPE[entity_type].fields]
    values = {field.name: example_of(field, entity_type) for field in fields if field.name not in _LEFT_OUT}
    return {**values, **_VALUES, "entityType": entity_type}


def example_of(field: Field, entity_type: str = "INDIVIDUAL") -> Any:
    """A value of one field, as JSON gives it."""
    if isinstance(field.kind, Part):
        return _object(SCHEMAS[field.kind.schema], entity_type)
    if isinstance(field.kind, ListOf):
        return [_object(SCHEMAS[field.kind.schema], entity_type)]
    return field.example


def _object(schema: Schema, entity_type: str) -> dict[str, Any]:
    values = {
        field.name: example_of(field, entity_type) for field in schema.fields if field.only in (None, entity_type)
    }
    return {**values, "entityType": entity_type} if schema.name == "RelatedEntity" else values
