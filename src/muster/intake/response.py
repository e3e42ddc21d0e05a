"""The report: one result per customer, in the order of the batch and with the contract's keys."""

import time
from collections.abc import Sequence
from typing import Final

import msgspec

from muster.customer import Violation
from muster.customer.findings import Path, Warning_
from muster.intake.candidates import Candidate

REQUEST_ACCEPTED: Final = "REQUEST_ACCEPTED"
REQUEST_REJECTED: Final = "REQUEST_REJECTED"


class Finding(msgspec.Struct, rename="camel"):
    """A violation or a warning; `to_pointer` is an RFC 6901 pointer from the body's root."""

    code: str
    description: str
    to_pointer: str


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


class BatchResponse(msgspec.Struct, rename="camel"):
    """The body of a 200. Times are whole milliseconds."""

    result_type: str
    build_results: list[Result]
    time_elapsed_ms: int


def build_results(
    batch: Sequence[Candidate], violations: Sequence[Sequence[Violation]], elapsed_ms: Sequence[int], *, detail: bool
) -> list[Result]:
    """The result of each item; with `detail`, all its violations and warnings."""
    if detail:
        return [_detailed(index, *item) for index, item in enumerate(zip(batch, violations, elapsed_ms, strict=True))]
    return [
        _rejected(candidate, found, ms)
        if found
        else AcceptedResult(
            REQUEST_ACCEPTED, candidate.communication_number, candidate.customer_ext_id, candidate.business_unit, ms
        )
        for candidate, found, ms in zip(batch, violations, elapsed_ms, strict=True)
    ]


def _rejected(candidate: Candidate, found: Sequence[Violation], ms: int) -> RejectedResult:
    code, text = found[0].code, found[0].description
    number, ext_id = candidate.communication_number, candidate.customer_ext_id
    return RejectedResult(REQUEST_REJECTED, number, ext_id, candidate.business_unit, code, text, ms)


def _detailed(index: int, candidate: Candidate, found: Sequence[Violation], ms: int) -> Result:
    (plain,) = build_results([candidate], [found], [ms], detail=False)
    errors, warnings = _findings(index, found), _findings(index, candidate.warnings)
    detailed = DetailedRejectedResult if found else DetailedAcceptedResult
    return detailed(**msgspec.structs.asdict(plain), errors=errors, warnings=warnings)


def to_pointer(index: int, path: Path) -> str:
    """The RFC 6901 pointer to a place within the customer at `index`."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "/".join((f"/customers/{index}", *steps))


def _findings(index: int, found: Sequence[Violation] | Sequence[Warning_]) -> list[Finding]:
    return [Finding(finding.code, finding.description, to_pointer(index, finding.path)) for finding in found]


_encode: Final = msgspec.json.Encoder().encode


class ResponseBuilder:
    """Writes the report of one batch; `own_ns` are the nanoseconds of each item's check, `started` of perf_counter."""

    def __init__(self, batch: Sequence[Candidate], own_ns: Sequence[int], started: int, *, detail: bool) -> None:
        self._batch = batch
        self._own_ns = own_ns
        self._started = started
        self._detail = detail

    def report(self, violations: Sequence[Sequence[Violation]]) -> bytes:
        """The body of the 200, by what was found in each item. Its times are those until now."""
        total_ns = time.perf_counter_ns() - self._started
        shared_ns = (total_ns - sum(self._own_ns)) // max(len(self._batch), 1)
        elapsed_ms = [(own + shared_ns) // 1_000_000 for own in self._own_ns]
        found = build_results(self._batch, violations, elapsed_ms, detail=self._detail)
        return _encode(BatchResponse(REQUEST_ACCEPTED, found, total_ns // 1_000_000))
