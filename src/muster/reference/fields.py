"""The page of all fields."""

from muster.customer.fields import SCHEMAS
from muster.customer.kinds import (
    CodeOf,
    Date,
    Decimal,
    Kind,
    ListOf,
    OneOf,
    Part,
    Screenings,
    Text,
    WholeNumber,
    YesNo,
)
from muster.customer.numbers import MOST_DIGITS
from muster.customer.schema import Field, Schema
from muster.reference.markdown import code, document, table

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
    errors = [field.absent, field.error, *field.errors.values()]
    codes = dict.fromkeys(error.code for error in errors if error)
    return (
        code(field.name),
        in_words(field.kind),
        field.mandatory.says if field.mandatory else "",
        ""
        if field.example is None
        else code(str(field.example).lower() if isinstance(field.example, bool) else field.example),
        ", ".join(map(code, codes)),
        field.meaning,
    )


def in_words(kind: Kind) -> str:
    """What a kind takes, for a reader."""
    match kind:
        case Text(longest=None):
            return "text"
        case Text():
            return f"text, at most {kind.longest} characters"
        case Date():
            return "date or timestamp"
        case YesNo():
            return "yes/no"
        case Decimal():
            return f"decimal, at most {MOST_DIGITS} digits"
        case WholeNumber():
            return f"whole number, at most {MOST_DIGITS} digits"
        case OneOf():
            return "one of " + ", ".join(map(code, kind.values))
        case CodeOf():
            return f"code of [{kind.classifier}](classifiers.md#{kind.classifier.lower()})"
        case Part():
            return f"[{kind.schema}](#{kind.schema.lower()})"
        case ListOf():
            return f"list of [{kind.schema}](#{kind.schema.lower()})"
        case Screenings():
            return "list, left out: " + ", ".join(map(code, kind.values))
    raise TypeError(f"no words for {type(kind).__name__}")
