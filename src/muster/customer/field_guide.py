"""Fields in words, for the reference pages and the console: Markdown, with code and links to reference pages alone."""

from typing import Final

from muster.customer.schema import Field
from muster.customer.value_types import ClassifierCode, Nested, NestedList, ValueType

INTRODUCTION: Final = """\
All fields of a customer and of its parts. `null`, and a string of nothing but white space, count as absent. An unknown
field is ignored; with `?detail=full` a warning names it.

A value that can't be read gives the error of its field, or `C018` where the field has none. The column shows the end of
the code; for fields of a part, the beginning depends on where the part is: see [errors](errors.md)."""


def describe_type(value_type: ValueType) -> str:
    """The values that a type takes, with links to its schema or classifier."""
    match value_type:
        case ClassifierCode(classifier=name):
            return f"a code of the classifier [{name}](classifiers.md#{name.lower()})"
        case Nested(schema=name):
            return f"[{name}](#{name.lower()})"
        case NestedList(schema=name):
            return f"a list of [{name}](#{name.lower()})"
    return value_type.expected


def list_code_ends(field: Field) -> list[str]:
    """The ends of the codes of its errors."""
    errors = [field.absent_error, field.error, *field.errors.values()]
    return list(dict.fromkeys(error.code for error in errors if error))


def format_example(field: Field) -> str:
    """The example as JSON has it, text without its quotes; empty for none."""
    if field.example is None:
        return ""
    return str(field.example).lower() if isinstance(field.example, bool) else str(field.example)
