"""The page of all fields."""

from muster.customer.field_guide import INTRODUCTION, describe_type, format_example, list_code_ends
from muster.customer.fields import SCHEMAS
from muster.customer.schema import Field, Schema
from tools.reference.markdown import code, document, table


def page() -> str:
    sections = (f"## {schema.name}\n\n{schema.meaning}.\n\n{_fields(schema)}" for schema in SCHEMAS.values())
    return document("Fields", INTRODUCTION, *sections)


def _fields(schema: Schema) -> str:
    head = ("field", "takes", "mandatory", "example", "error", "meaning")
    return table(head, (_row(field) for field in schema.fields))


def _row(field: Field) -> tuple[str, ...]:
    return (
        code(field.name),
        describe_type(field.value_type),
        field.mandatory.description if field.mandatory else "",
        code(format_example(field)),
        ", ".join(map(code, list_code_ends(field))),
        field.meaning,
    )
