"""The page of all errors and warnings: the order of the checks, and for each code its meaning, cause and cure."""

from collections.abc import Iterator

from muster.customer.error_order import ERROR_ROWS
from muster.customer.error_prefix import RELATED_CODES, ErrorPrefix
from muster.customer.errors import Error
from muster.customer.fields import iterate_fields
from muster.customer.findings import MAX_FINDINGS
from muster.customer.warnings import WARNING_CODES, WARNINGS, WarningKind
from tools.reference.error_guide import WARNING_GUIDES, Guide, get_guide
from tools.reference.markdown import anchor, code, document, table

_ORDER = f"""\
The first error of a customer in this order is its `errorCode` and `errorDescription`. `O005`, `C004` and `B001` come
after all others. With `?detail=full` a result has the errors of its customer, at most {MAX_FINDINGS}, with pointers;
`moreErrors` says that there were more, and `expected` what each field takes."""

_PLACEHOLDERS = """\
In codes, `{C}` is `C016.C016` for an INDIVIDUAL customer and `C017.C016` for an ORGANIZATION one. In texts, `{i}` is
the index of the part in its list, `{j}` the index of a part of the related entity `{i}`, `{Field}` the name of the
field with a capital first letter, `{TYPE}` what the type of the value takes, `{ENTITYTYPE}` the type of the customer,
`{code}` the code of the additional value, and `{NAME}` the name that the client sent.

*Documented* texts are given by the contract and never change; *assigned* ones are muster's own. Each code is an anchor
of this page: `errors.md#C012` leads to `C012`."""

_CODES = """\
## Codes

The codes in the order of the checks. Some texts say *is mandatory* although the field has a value, one that it does not
take, such as a date in another form: the contract gives one text for both. `expected` says what the field takes."""

_WARNINGS = f"""\
## Warnings

Accepted but doubtful values. They reject nothing. The header `Muster-Warnings` counts those of a batch, and
`?detail=full` lists them, at most {MAX_FINDINGS} of each customer."""


def page() -> str:
    order = (
        (f"[{code(_get_code(error, prefix))}](#{_list_codes(error, prefix)[0]})", _format_text(error, prefix), origin)
        for error, prefix in _iterate_errors()
        for origin in ["documented" if error.documented else "assigned"]
    )
    return document(
        "Errors",
        _ORDER,
        _PLACEHOLDERS,
        table(("code", "text", "origin"), order),
        _CODES,
        *map(_format_section, _group_by_code()),
        _WARNINGS,
        table(("code", "text"), ((f"[{code(kind.code)}](#{kind.code})", code(kind.text)) for kind in WARNINGS)),
        *(_format_warnings([kind for kind in WARNINGS if kind.code == found]) for found in WARNING_CODES),
    )


def _iterate_errors() -> Iterator[tuple[Error, ErrorPrefix]]:
    for row in ERROR_ROWS:
        for error in row.errors:
            yield error, row.prefix


def _group_by_code() -> list[list[tuple[Error, ErrorPrefix]]]:
    groups: dict[str, list[tuple[Error, ErrorPrefix]]] = {}
    for error, prefix in _iterate_errors():
        groups.setdefault(_get_code(error, prefix), []).append((error, prefix))
    return list(groups.values())


def _format_section(errors: list[tuple[Error, ErrorPrefix]]) -> str:
    """The section of one code, which can stand with several texts."""
    anchors = "".join(map(anchor, _list_codes(*errors[0])))
    entries = (
        f"{_format_text(error, prefix)}\n\n{_format_guide(get_guide(error, prefix), error.when)}"
        for error, prefix in errors
    )
    return "\n\n".join((f"### {code(_get_code(*errors[0]))}", anchors, *entries))


def _format_warnings(kinds: list[WarningKind]) -> str:
    """The section of one code, which can stand with several texts."""
    warning = kinds[0].code
    entries = (f"{code(kind.text)}\n\n{_format_guide(WARNING_GUIDES[warning], kind.when)}" for kind in kinds)
    return "\n\n".join((f"### {code(warning)}", anchor(warning), *entries))


def _format_guide(guide: Guide, cause: str) -> str:
    return f"- Meaning: {guide.meaning}\n- Cause: {cause[0].upper()}{cause[1:]}.\n- Cure: {guide.cure}"


def _get_code(error: Error, prefix: ErrorPrefix) -> str:
    return prefix.get_code(error)


def _list_codes(error: Error, prefix: ErrorPrefix) -> list[str]:
    """The codes in responses that an error has."""
    template = prefix.get_code(error)
    return list(dict.fromkeys(template.replace("{C}", of_type) for of_type in RELATED_CODES.values()))


_VALUES = {
    error: ", ".join(getattr(field.value_type, "values", ()))
    for _, field in iterate_fields()
    for error in (field.error, field.absent_error)
    if error
}


def _format_text(error: Error, prefix: ErrorPrefix) -> str:
    return code(prefix.get_text(error).replace("{values}", _VALUES.get(error, "")))
