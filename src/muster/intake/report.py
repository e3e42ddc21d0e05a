"""The report: one result per customer, in the order of the batch and with the contract's keys."""

from collections.abc import Sequence
from typing import Final

import msgspec

from muster.customer import Checked, Violation
from muster.customer.findings import Notice, Path

ACCEPTED: Final = "REQUEST_ACCEPTED"
REJECTED: Final = "REQUEST_REJECTED"


class Finding(msgspec.Struct, rename="camel"):
    """A violation or a warning; `pointer` is an RFC 6901 pointer from the body's root."""

    code: str
    description: str
    pointer: str


class AcceptedResult(msgspec.Struct, rename="camel"):
    result_type: str
    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    time_elapsed_ms: int


class RejectedResult(msgspec.Struct, rename="camel"):
    result_type: str
    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    error_code: str
    error_description: str
    time_elapsed_ms: int


class DetailedAcceptedResult(AcceptedResult, rename="camel"):
    errors: list[Finding]
    warnings: list[Finding]


class DetailedRejectedResult(RejectedResult, rename="camel"):
    errors: list[Finding]
    warnings: list[Finding]


Result = AcceptedResult | RejectedResult


class Report(msgspec.Struct, rename="camel"):
    """The body of a 200. Times are whole milliseconds."""

    result_type: str
    results: list[Result]
    time_elapsed_ms: int


def result(index: int, checked: Checked, violations: Sequence[Violation], elapsed_ms: int, *, detail: bool) -> Result:
    """The result of the item at `index` of the batch; with `detail`, all its violations and warnings."""
    echoed = (checked.communication_number, checked.customer_ext_id, checked.business_unit)
    if not detail:
        if not violations:
            return AcceptedResult(ACCEPTED, *echoed, elapsed_ms)
        return RejectedResult(REJECTED, *echoed, violations[0].code, violations[0].description, elapsed_ms)
    findings = _findings(index, violations), _findings(index, checked.findings.warnings)
    if not violations:
        return DetailedAcceptedResult(ACCEPTED, *echoed, elapsed_ms, *findings)
    first = violations[0]
    return DetailedRejectedResult(REJECTED, *echoed, first.code, first.description, elapsed_ms, *findings)


def pointer(index: int, path: Path) -> str:
    """The RFC 6901 pointer to a place within the customer at `index`."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "/".join((f"/customers/{index}", *steps))


def _findings(index: int, found: Sequence[Violation] | Sequence[Notice]) -> list[Finding]:
    return [Finding(finding.code, finding.description, pointer(index, finding.path)) for finding in found]


encode: Final = msgspec.json.Encoder().encode
