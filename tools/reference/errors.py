"""The page of all errors, in the order in which they are checked."""

from muster.customer.error_order import ERROR_ROWS
from muster.customer.errors import Error
from muster.customer.fields import iterate_fields
from muster.customer.findings import WARNINGS
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
The first error of a customer in this order is its `errorCode` and `errorDescription`. `O005`, `C004` and `B001` come
after all others. With `?detail=full` a result has all errors of its customer, at most 1,000, with pointers.

In codes, `{C}` is `C016.C016` for an INDIVIDUAL customer and `C017.C016` for an ORGANIZATION one. In texts, `{i}` is
the index of the part in its list, `{j}` the index of a part of the related entity `{i}`, `{Field}` the name of the
field with a capital first letter, `{TYPE}` what the type of the value takes, `{ENTITYTYPE}` the type of the customer,
`{code}` the code of the additional value, and `{NAME}` the name that the client sent.

*Documented* texts are given by the contract and never change; *assigned* ones are muster's own."""

_WARNINGS = """\
## Warnings

Accepted but doubtful values. Only `?detail=full` returns them."""


def page() -> str:
    found = (
        (code(row.prefix.get_code(error)), _text(row.prefix.get_text(error), error), error.when, _origin(error))
        for row in ERROR_ROWS
        for error in row.errors
    )
    warnings = table(("code", "text"), ((code(number), text) for number, text in WARNINGS))
    return document("Errors", _INTRODUCTION, table(("code", "text", "when", "origin"), found), _WARNINGS, warnings)


_VALUES = {
    error: ", ".join(getattr(field.value_type, "values", ()))
    for _, field in iterate_fields()
    for error in (field.error, field.absent_error)
    if error
}


def _text(text: str, error: Error) -> str:
    return code(text.replace("{values}", _VALUES.get(error, "")))


def _origin(error: Error) -> str:
    return "documented" if error.documented else "assigned"
