"""The reference of all errors and warnings, in the order of the checks, for the reference pages and the console.

Texts are Markdown, with code and links to reference pages alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from muster.customer.error_guide import WARNING_GUIDES, get_guide, get_text
from muster.customer.error_order import ERROR_ROWS
from muster.customer.findings import MAX_FINDINGS
from muster.customer.warnings import WARNING_CODES, WARNINGS

ORDER: Final = f"""\
The first error of a customer in this order is its `errorCode` and `errorDescription`. `O005`, `C004` and `B001` come
after all others. With `?detail=full` a result has the errors of its customer, at most {MAX_FINDINGS}, with pointers;
`moreErrors` says that there were more, and `expected` what each field takes."""

PLACEHOLDERS: Final = """\
In codes, `{C}` is `C016.C016` for an INDIVIDUAL customer and `C017.C016` for an ORGANIZATION one. In texts, `{i}` is
the index of the part in its list, `{j}` the index of a part of the related entity `{i}`, `{Field}` the name of the
field with a capital first letter, `{TYPE}` what the type of the value takes, `{ENTITYTYPE}` the type of the customer,
`{code}` the code of the additional value, and `{NAME}` the name that the client sent."""

ORIGINS: Final = """\
Documented texts are given by the contract and never change; assigned ones are muster's own. Each code is an anchor of
this page: its address with `#C012` behind it leads to `C012`."""

CODES: Final = """\
The codes in the order of the checks. Some texts say "is mandatory" although the field has a value, one that it does not
take, such as a date in another form: the contract gives one text for both. `expected` says what the field takes."""

WARNINGS_INTRODUCTION: Final = f"""\
Accepted but doubtful values. They reject nothing. The header `Muster-Warnings` counts those of a batch, and
`?detail=full` lists them, at most {MAX_FINDINGS} of each customer."""


@dataclass(frozen=True, slots=True)
class ReferenceEntry:
    """A text of a code. `codes` are those that responses have, where `code` has the placeholder `{C}`."""

    code: str
    codes: Sequence[str]
    text: str
    origin: str
    meaning: str
    cause: str
    cure: str


def iterate_errors() -> Iterator[ReferenceEntry]:
    """The texts of all errors."""
    for row in ERROR_ROWS:
        for error in row.errors:
            guide = get_guide(error, row.prefix)
            yield ReferenceEntry(
                row.prefix.get_code(error),
                row.prefix.list_codes(error),
                get_text(error, row.prefix),
                "documented" if error.documented else "assigned",
                guide.meaning,
                _to_sentence(error.when),
                guide.cure,
            )


def iterate_warnings() -> Iterator[ReferenceEntry]:
    """The texts of all warnings, by code."""
    for code in WARNING_CODES:
        for kind in WARNINGS:
            if kind.code == code:
                guide, cause = WARNING_GUIDES[code], _to_sentence(kind.when)
                yield ReferenceEntry(code, [code], kind.text, "assigned", guide.meaning, cause, guide.cure)


def group_by_code(entries: Iterable[ReferenceEntry]) -> list[list[ReferenceEntry]]:
    """The entries of each code, which can stand with several texts."""
    groups: dict[str, list[ReferenceEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.code, []).append(entry)
    return list(groups.values())


def _to_sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
