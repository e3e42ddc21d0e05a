"""What the codes of rejected customers mean, from the catalogues of errors."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from muster.customer.error_order import ERROR_ROWS
from muster.loads.row_errors import ROW_ERRORS


class CodeMeaningResponse(msgspec.Struct):
    """One of the errors that have a code. Placeholders like `{Field}` stand for what differs between customers."""

    text: Annotated[str, Meta(examples=["ApplicationDate is mandatory"])]
    when: Annotated[str, Meta(description="When a customer has the error.", examples=["absent, null or blank"])]
    expected: Annotated[
        str,
        Meta(
            description="What to send instead; empty where that depends on the field, see the list of fields.",
            examples=["an object"],
        ),
    ]


class RejectionCodeResponse(msgspec.Struct):
    """A code, and the errors that have it."""

    code: Annotated[str, Meta(examples=["C012"])]
    meanings: list[CodeMeaningResponse]


def _build_meanings() -> dict[str, list[CodeMeaningResponse]]:
    meanings: dict[str, list[CodeMeaningResponse]] = {}
    for row in ERROR_ROWS:
        for error in row.errors:
            meaning = CodeMeaningResponse(row.prefix.get_text(error), error.when, error.expected)
            for code in row.prefix.list_codes(error):
                known = meanings.setdefault(code, [])
                if meaning not in known:
                    known.append(meaning)
    for row_error in ROW_ERRORS:
        meanings[row_error.code] = [CodeMeaningResponse(row_error.text, "", row_error.cure)]
    return meanings


_MEANINGS: Final = _build_meanings()
KNOWN_CODES: Final = frozenset(_MEANINGS)


def describe_codes(codes: Iterable[str]) -> list[RejectionCodeResponse]:
    """The meanings of these codes, each once, sorted. A code of another version has none."""
    return [RejectionCodeResponse(code, _MEANINGS.get(code, [])) for code in sorted(set(codes))]
