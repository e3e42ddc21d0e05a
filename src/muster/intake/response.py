"""The response to a batch: one result per customer, in the order of the batch and with the contract's keys.

The structs are the only statement of the response's fields: the OpenAPI document is derived from them too.
"""

import time
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from muster.customer import Violation
from muster.customer.findings import FieldWarning, Path
from muster.customer.json_pointer import to_json_pointer
from muster.customer.value_types import ClassifierCode
from muster.intake.candidates import Candidate, Invalid
from muster.intake.large_body import MAX_PLAIN_BYTES, LargeBody, ResponseBody
from muster.intake.redaction import needs_redaction, redact_candidate, redact_violation

REQUEST_ACCEPTED: Final = "REQUEST_ACCEPTED"
REQUEST_REJECTED: Final = "REQUEST_REJECTED"

CommunicationNumber = Annotated[
    str | None,
    Meta(
        description="The communication number as it was sent; null when it is not known.", examples=["Test_ComNr_002"]
    ),
]
CustomerExtId = Annotated[
    str | None,
    Meta(description="The customer's identifier as it was sent; null when it is not known.", examples=["cust_1232"]),
]
BusinessUnit = Annotated[
    str | None,
    Meta(
        description="The business unit that applies: the one sent, or the user's default; null when it is not known.",
        examples=["MAIN"],
    ),
]
CustomerMilliseconds = Annotated[
    int,
    Meta(ge=0, description="Whole milliseconds: the customer's own check and its share of the work done for all."),
]


class Finding(msgspec.Struct, rename="camel"):
    """A violation or a warning: its code, its text and its place in the request."""

    code: Annotated[
        str, Meta(description="The code of the rule, as the list of errors has it.", examples=["Q004.ADR02"])
    ]
    description: Annotated[
        str,
        Meta(
            description="The rule in words.",
            examples=["Problem with Address (index: 0 ). Country is mandatory and must exist in Amlyze"],
        ),
    ]
    pointer: Annotated[
        str,
        Meta(
            description="JSON pointer (RFC 6901) from the request body's root; for a missing field, to where it would "
            "stand.",
            examples=["/customers/3/listAddress/0/country"],
        ),
    ]


class ErrorFinding(Finding, rename="camel"):
    """A violation, and what the sender should send instead."""

    expected: (
        Annotated[
            str,
            Meta(
                description="What the field takes, in words. Missing in results that were stored by a version before "
                "0.3.",
                examples=[ClassifierCode("country").expected],
            ),
        ]
        | UnsetType
    ) = UNSET


Errors = Annotated[
    list[ErrorFinding],
    Meta(description="Only with `detail=full`: the violations in the order of the checks, at most 100."),
]
Warnings = Annotated[
    list[Finding],
    Meta(description="Only with `detail=full`: what was accepted but is doubtful, at most 100."),
]
MoreErrors = Annotated[
    bool,
    Meta(
        description="Only with `detail=full`, and only when it is true: there were more errors than `errors` lists, "
        "which are at most 100 of a customer and 100,000 of a batch together with the warnings."
    ),
]
MoreWarnings = Annotated[
    bool,
    Meta(description="Only with `detail=full`, and only when it is true: there were more warnings than listed."),
]


# The tag of a struct is encoded first, under `resultType`.
class AcceptedResult(msgspec.Struct, rename="camel", tag_field="resultType", tag=REQUEST_ACCEPTED):
    """The result of an accepted customer. A validated one would be saved; a submitted one is saved."""

    communication_number: CommunicationNumber
    customer_ext_id: CustomerExtId
    business_unit: BusinessUnit
    time_elapsed_ms: CustomerMilliseconds
    errors: Errors | UnsetType = UNSET
    warnings: Warnings | UnsetType = UNSET
    more_warnings: MoreWarnings | UnsetType = UNSET


class RejectedResult(msgspec.Struct, rename="camel", tag_field="resultType", tag=REQUEST_REJECTED):
    """The result of a rejected customer, which is not saved. The first rule that it breaks gives code and text."""

    communication_number: CommunicationNumber
    customer_ext_id: CustomerExtId
    business_unit: BusinessUnit
    error_code: Annotated[str, Meta(description="The code of the first rule that is broken.", examples=["O005"])]
    error_description: Annotated[
        str,
        Meta(
            description="The first rule that is broken, in words.",
            examples=["CommunicationNumber already used in amlyze"],
        ),
    ]
    time_elapsed_ms: CustomerMilliseconds
    errors: Errors | UnsetType = UNSET
    warnings: Warnings | UnsetType = UNSET
    more_errors: MoreErrors | UnsetType = UNSET
    more_warnings: MoreWarnings | UnsetType = UNSET


Result = AcceptedResult | RejectedResult


class BatchResponse(msgspec.Struct, rename="camel", tag_field="resultType", tag=REQUEST_ACCEPTED):
    """The response to a batch that was processed, whether its customers were accepted or rejected."""

    results: Annotated[
        list[Result], Meta(description="One result for each customer of the request, in the order of the request.")
    ]
    time_elapsed_ms: Annotated[
        int, Meta(ge=0, description="Whole milliseconds that processing the batch took, without writing it.")
    ]


# Customers whose findings are encoded together: 100 of each at most.
DETAILED_GROUP_SIZE: Final = 20

_encode: Final = msgspec.json.Encoder().encode


class ResponseBuilder:
    """Builds the response to one batch.

    `own_ns` has the nanoseconds of each customer's own check; `started` is the moment of `perf_counter_ns` at which
    processing began. With `detail`, results list all violations and warnings.
    """

    def __init__(self, batch: Sequence[Candidate], own_ns: Sequence[int], started: int, *, detail: bool) -> None:
        self._batch = batch
        self._own_ns = own_ns
        self._started = started
        self._detail = detail
        self._elapsed_ms: Sequence[int] = ()
        self._total_ms = 0

    def build(self, violations: Sequence[Sequence[Violation]]) -> ResponseBody:
        """The body of the 200, from the violations of each customer. Its times end now, so before the write."""
        total_ns = time.perf_counter_ns() - self._started
        shared_ns = (total_ns - sum(self._own_ns)) // max(len(self._batch), 1)
        self._elapsed_ms = [(own + shared_ns) // 1_000_000 for own in self._own_ns]
        self._total_ms = total_ns // 1_000_000
        return self._encode(violations, redacted=False)

    def build_redacted(self, violations: Sequence[Sequence[Violation]]) -> ResponseBody | None:
        """The response that `build` gave last, as it is stored; None when it is stored as it was sent."""
        detail = self._detail
        if not (detail or any(violations)):
            return None
        # Without detail, a result shows its first violation and no warnings.
        shown = (
            (candidate, found if detail else found[:1])
            for candidate, found in zip(self._batch, violations, strict=True)
            if found or (detail and candidate.warnings)
        )
        if not any(needs_redaction(candidate, found) for candidate, found in shown):
            return None
        return self._encode(violations, redacted=True)

    def _encode(self, violations: Sequence[Sequence[Violation]], *, redacted: bool) -> ResponseBody:
        if self._detail:
            return self._encode_with_details(violations, redacted=redacted)
        batch, shown = self._batch, violations
        if redacted:
            batch, shown = _redact(batch, [found[:1] for found in violations])
        return _encode(BatchResponse(_build_results(batch, shown, self._elapsed_ms), self._total_ms))

    def _encode_with_details(self, violations: Sequence[Sequence[Violation]], *, redacted: bool) -> ResponseBody:
        """Encodes some customers at a time: their findings take more memory before they are encoded than after."""
        before, after = _encode(BatchResponse([], self._total_ms)).split(b"[]")
        body = LargeBody()
        body.append(before)
        for start in range(0, max(len(self._batch), 1), DETAILED_GROUP_SIZE):
            group = slice(start, start + DETAILED_GROUP_SIZE)
            batch, shown = self._batch[group], violations[group]
            if redacted:
                batch, shown = _redact(batch, shown)
            results = _build_results(batch, shown, self._elapsed_ms[group])
            _add_details(start, results, batch, shown)
            body.append(b"," if start else b"[")
            body.append(memoryview(_encode(results))[1:-1])
        body.append(b"]" + after)
        return body if len(body) > MAX_PLAIN_BYTES else bytes(body)


def _redact(
    batch: Sequence[Candidate], violations: Sequence[Sequence[Violation]]
) -> tuple[Sequence[Candidate], Sequence[Sequence[Violation]]]:
    return list(map(redact_candidate, batch)), [list(map(redact_violation, found)) for found in violations]


def to_request_pointer(index: int, path: Path) -> str:
    """The JSON pointer, from the request body's root, to a place within the customer at `index`."""
    return f"/customers/{index}{to_json_pointer(path)}"


def _build_results(
    batch: Sequence[Candidate], violations: Sequence[Sequence[Violation]], elapsed_ms: Sequence[int]
) -> list[Result]:
    return [
        _to_rejected_result(candidate, found, ms)
        if found
        else AcceptedResult(candidate.communication_number, candidate.customer_ext_id, candidate.business_unit, ms)
        for candidate, found, ms in zip(batch, violations, elapsed_ms, strict=True)
    ]


def _to_rejected_result(candidate: Candidate, violations: Sequence[Violation], ms: int) -> RejectedResult:
    first = violations[0]
    number, ext_id = candidate.communication_number, candidate.customer_ext_id
    return RejectedResult(number, ext_id, candidate.business_unit, first.code, first.description, ms)


def _add_details(
    start: int, results: Sequence[Result], batch: Sequence[Candidate], violations: Sequence[Sequence[Violation]]
) -> None:
    """Adds the findings to the results of the customers from index `start` on."""
    for index, (result, candidate, found) in enumerate(zip(results, batch, violations, strict=True), start):
        result.errors = [
            ErrorFinding(*_get_finding_fields(index, violation), violation.error.expected) for violation in found
        ]
        result.warnings = [Finding(*_get_finding_fields(index, warning)) for warning in candidate.warnings]
        if candidate.has_more_warnings:
            result.more_warnings = True
        if isinstance(result, RejectedResult) and isinstance(candidate, Invalid) and candidate.has_more_violations:
            result.more_errors = True


def _get_finding_fields(index: int, finding: Violation | FieldWarning) -> tuple[str, str, str]:
    return finding.code, finding.description, to_request_pointer(index, finding.path)
