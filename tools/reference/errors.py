"""The page of all errors and warnings: the order of the checks, and for each code its meaning, cause and cure."""

from collections.abc import Iterable

from muster.customer.error_reference import (
    CODES,
    ORDER,
    ORIGINS,
    PLACEHOLDERS,
    WARNINGS_INTRODUCTION,
    ReferenceEntry,
    group_by_code,
    iterate_errors,
    iterate_warnings,
)
from tools.reference.markdown import anchor, code, document, table


def page() -> str:
    errors, warnings = list(iterate_errors()), list(iterate_warnings())
    return document(
        "Errors",
        ORDER,
        PLACEHOLDERS,
        ORIGINS,
        table(("code", "text", "origin"), ((*_format_link(entry), entry.origin) for entry in errors)),
        f"## Codes\n\n{CODES}",
        *_format_sections(errors),
        f"## Warnings\n\n{WARNINGS_INTRODUCTION}",
        table(("code", "text"), map(_format_link, warnings)),
        *_format_sections(warnings),
    )


def _format_link(entry: ReferenceEntry) -> tuple[str, str]:
    return f"[{code(entry.code)}](#{entry.codes[0]})", code(entry.text)


def _format_sections(entries: Iterable[ReferenceEntry]) -> Iterable[str]:
    return map(_format_section, group_by_code(entries))


def _format_section(entries: list[ReferenceEntry]) -> str:
    anchors = "".join(map(anchor, entries[0].codes))
    return "\n\n".join((f"### {code(entries[0].code)}", anchors, *map(_format_entry, entries)))


def _format_entry(entry: ReferenceEntry) -> str:
    guide = f"- Meaning: {entry.meaning}\n- Cause: {entry.cause}\n- Cure: {entry.cure}"
    return f"{code(entry.text)}\n\n{guide}"
