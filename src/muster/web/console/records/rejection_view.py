"""A refused customer as pages show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from muster.records.record_filter import Rejection
from muster.web.console.code_guides import FoundViolation, describe_violation


class _Finding(msgspec.Struct):
    code: str
    description: str
    pointer: str


class _StoredResult(msgspec.Struct, rename="camel"):
    """What a stored result tells of its errors. All of them with `detail=full`, the first one otherwise."""

    error_code: str = ""
    error_description: str = ""
    errors: list[_Finding] = []


# A customer keeps up to 100 violations, and a page shows 50 customers.
_MAX_SHOWN: Final = 10
_decode_result: Final = msgspec.json.Decoder(_StoredResult).decode


@dataclass(frozen=True, slots=True)
class RefusedCustomer:
    """A rejection, its first violations in words, and how many more of them are kept."""

    rejection: Rejection
    violations: Sequence[FoundViolation]
    more: int


def build_refused_customer(rejection: Rejection, result: msgspec.Raw | None = None) -> RefusedCustomer:
    """`result` is the stored result of the customer, whose texts are more exact than those of the catalogue."""
    sent = _find_descriptions(rejection, _decode_result(result)) if result is not None else {}
    return RefusedCustomer(
        rejection,
        [
            describe_violation(code, pointer, sent.get((code, pointer)))
            for code, pointer in rejection.violations[:_MAX_SHOWN]
        ],
        max(len(rejection.violations) - _MAX_SHOWN, 0),
    )


def _find_descriptions(rejection: Rejection, result: _StoredResult) -> Mapping[tuple[str, str], str]:
    """Texts by code and pointer. The same pair can have several texts; the first one stands for all."""
    texts: dict[tuple[str, str], str] = {}
    if rejection.violations and rejection.violations[0][0] == result.error_code:
        texts[rejection.violations[0]] = result.error_description
    for finding in result.errors:
        texts.setdefault((finding.code, finding.pointer), finding.description)
    return texts
