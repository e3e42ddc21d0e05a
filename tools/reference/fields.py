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
Every field of a customer and of its parts. `null`, and a string of nothing but white space, are as good as absent.
A field that is not listed is ignored; with `?detail=full` a warning names it.

A field without an error of its own gives `C018` when its value cannot be read. For a field of a part this is the end of
the code: what stands before it depends on where the part stands, see [errors](errors.md)."""


def page() -> str:
    sections = (f"## {schema.name}\n\n{schema.meaning}.\n\n{_fields(schema)}" for schema in SCHEMAS.values())
    return document("Fields", _INTRODUCTION, *sections)


def _fields(schema: Schema) -> str:
    head = ("field", "kind", "mandatory", "example", "error", "meaning")
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


def describe_type(kind: ValueType) -> str:
    """What a kind takes, for a reader."""
    match kind:
        case Text(max_length=None):
            return "text"
        case Text():
            return f"text, at most {kind.max_length} characters"
        case Date():
            return "date or timestamp"
        case Boolean():
            return "yes/no"
        case Decimal():
            return f"decimal, at most {MAX_DIGITS} digits"
        case Integer():
            return f"whole number, at most {MAX_DIGITS} digits"
        case Enum():
            return "one of " + ", ".join(map(code, kind.values))
        case ClassifierCode():
            return f"code of [{kind.classifier}](classifiers.md#{kind.classifier.lower()})"
        case Nested():
            return f"[{kind.schema}](#{kind.schema.lower()})"
        case NestedList():
            return f"list of [{kind.schema}](#{kind.schema.lower()})"
        case ScreeningList():
            return "list, left out: " + ", ".join(map(code, kind.values))
    raise TypeError(f"no words for {type(kind).__name__}")
