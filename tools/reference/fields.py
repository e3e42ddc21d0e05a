"""The page of all fields."""

from muster.customer.fields import SCHEMAS
from muster.customer.numbers import MAX_DIGITS
from muster.customer.schema import Field, Schema
from muster.customer.value_types import (
    Boolean,
    ClassifierCode,
    Date,
    Decimal,
    Enum,
    Integer,
    Nested,
    NestedList,
    ScreeningList,
    Text,
    ValueType,
)
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
All fields of a customer and of its parts. `null`, and a string of nothing but white space, count as absent. An unknown
field is ignored; with `?detail=full` a warning names it.

A value that can't be read gives the error of its field, or `C018` where the field has none. The column shows the end of
the code; for fields of a part, the beginning depends on where the part is: see [errors](errors.md)."""


def page() -> str:
    sections = (f"## {schema.name}\n\n{schema.meaning}.\n\n{_fields(schema)}" for schema in SCHEMAS.values())
    return document("Fields", _INTRODUCTION, *sections)


def _fields(schema: Schema) -> str:
    head = ("field", "type", "mandatory", "example", "error", "meaning")
    return table(head, (_row(field) for field in schema.fields))


def _row(field: Field) -> tuple[str, ...]:
    errors = [field.absent_error, field.error, *field.errors.values()]
    codes = dict.fromkeys(error.code for error in errors if error)
    return (
        code(field.name),
        describe_type(field.value_type),
        field.mandatory.description if field.mandatory else "",
        ""
        if field.example is None
        else code(str(field.example).lower() if isinstance(field.example, bool) else field.example),
        ", ".join(map(code, codes)),
        field.meaning,
    )


def describe_type(value_type: ValueType) -> str:
    """The values that a type takes, in words."""
    match value_type:
        case Text(max_length=None):
            return "text"
        case Text():
            return f"text, at most {value_type.max_length} characters"
        case Date():
            return "date or timestamp"
        case Boolean():
            return "yes/no"
        case Decimal():
            return f"decimal, at most {MAX_DIGITS} digits"
        case Integer():
            return f"whole number, at most {MAX_DIGITS} digits"
        case Enum():
            return "one of " + ", ".join(map(code, value_type.values))
        case ClassifierCode():
            return f"code of [{value_type.classifier}](classifiers.md#{value_type.classifier.lower()})"
        case Nested():
            return f"[{value_type.schema}](#{value_type.schema.lower()})"
        case NestedList():
            return f"list of [{value_type.schema}](#{value_type.schema.lower()})"
        case ScreeningList():
            return "list, left out: " + ", ".join(map(code, value_type.values))
    raise TypeError(f"no words for {type(value_type).__name__}")
