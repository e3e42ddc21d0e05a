"""The page of all fields."""

from muster.customer.fields import SCHEMAS
from muster.customer.schema import Field, Schema
from muster.customer.value_types import ClassifierCode, Nested, NestedList, ValueType
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
    head = ("field", "takes", "mandatory", "example", "error", "meaning")
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
    """The values that a type takes, in words, with links to the schemas and classifiers of this reference."""
    match value_type:
        case ClassifierCode(classifier=name):
            return f"a code of the classifier [{name}](classifiers.md#{name.lower()})"
        case Nested(schema=name):
            return f"[{name}](#{name.lower()})"
        case NestedList(schema=name):
            return f"a list of [{name}](#{name.lower()})"
    return value_type.expected
