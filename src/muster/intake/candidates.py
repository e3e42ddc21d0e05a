"""Candidates: what remains of each customer between its check and the response."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from muster.customer import BusinessUnits, Checker, Findings, Violation, read_identifier
from muster.customer.compiled_object import Document
from muster.customer.findings import MAX_FINDINGS, FieldWarning
from muster.intake.packed_findings import F, pack_findings
from muster.intake.request import BatchOptions
from muster.intake.stage_timings import StageTimings

# Findings that are kept of one batch, beside the first violation of each customer. They take some 20 MB of response.
MAX_BATCH_FINDINGS: Final = 100_000

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


# Candidates are not tracked by the garbage collector (gc=False): a batch has thousands of them, and none is part of a
# reference cycle.
class Valid(msgspec.Struct, gc=False):
    """A customer in which its own check found no violation. The last three fields are set when it may be saved.

    `warnings` is empty unless the response lists them; `has_more_warnings` says that it does not have all of them.
    """

    communication_number: str
    customer_ext_id: str
    business_unit: str
    action: str | None  # as it was sent: CREATE, UPDATE, or None
    warnings: Sequence[FieldWarning] = ()
    has_more_warnings: bool = False
    entity_type: str = ""
    customer_status: str = ""
    document: bytes = b""  # JSON, UTF-8

    @property
    def storable_identifiers(self) -> tuple[str, str]:
        """The communication number and the customerExtId that are stored when the customer is rejected."""
        return self.communication_number, self.customer_ext_id


class Invalid(msgspec.Struct, gc=False):
    """A customer with violations of its own.

    The result echoes the identifiers. `storable_identifiers` has the communication number and the customerExtId that
    may also be stored: None instead of one that is too long or has a NUL. `violations` has the first in the order of
    the checks, and as many others as the response or the record needs.
    """

    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    storable_identifiers: tuple[str | None, str | None]
    violations: Sequence[Violation]
    warnings: Sequence[FieldWarning] = ()
    has_more_violations: bool = False
    has_more_warnings: bool = False


Candidate = Valid | Invalid


class UnreadableItem(NamedTuple):
    """An item of a chunk that was found unreadable before its check: what is known of its document, and why.

    The checker takes it for something other than a customer, so it costs the other items nothing.
    """

    document: Any
    violations: tuple[Violation, ...]


@dataclass(slots=True)
class CheckedBatch:
    """The candidates of a batch, the nanoseconds that each took, and its warnings by code, kept or not."""

    candidates: list[Candidate] = field(default_factory=list)
    own_ns: list[int] = field(default_factory=list)
    warning_counts: Mapping[str, int] = field(default_factory=dict)


def check_customers(
    groups: Iterator[list[Any]],
    checker: Checker,
    units: BusinessUnits,
    stages: StageTimings,
    options: BatchOptions,
    max_bytes: int | None = None,
) -> CheckedBatch:
    """Checks every item of a batch, in groups that are released before the next group is decoded.

    The nanoseconds of a candidate are the average of its group. No more groups are asked for when the documents of the
    candidates have `max_bytes` together. Raises what `groups` raises.
    """
    document_bytes = 0
    batch, keeper = CheckedBatch(), _FindingsKeeper(options)
    to_candidate = _to_storable if options.save else _to_valid
    started = time.perf_counter_ns()
    while group := _decode_group(groups, stages):
        with stages.check:
            checked = checker.check_all(
                group, units, reject_unknown=options.reject_unknown, max_findings=keeper.max_findings
            )
            for item, (document, unit, findings) in zip(group, checked, strict=True):
                if findings.violations:
                    if type(item) is UnreadableItem:
                        item, document, unit, findings = _check_unreadable(item, checker, units)
                    candidate: Candidate = keeper.to_invalid(item, document, unit, findings)
                else:
                    candidate = to_candidate(document, unit)
                if findings.warnings:
                    keeper.add_warnings(candidate, findings)
                batch.candidates.append(candidate)
        ended = time.perf_counter_ns()
        batch.own_ns += [(ended - started) // len(group)] * len(group)
        started = ended
        if max_bytes is not None:
            added = batch.candidates[-len(group) :]
            document_bytes += sum([len(candidate.document) for candidate in added if type(candidate) is Valid])
            if document_bytes >= max_bytes:
                break
        del group, checked, item, document, findings  # released before the next group is decoded
    batch.warning_counts = keeper.warning_counts
    return batch


def _decode_group(groups: Iterator[list[Any]], stages: StageTimings) -> list[Any]:
    """The next items, none at the end; those of a large body are decoded here."""
    with stages.decode:
        return next(groups, [])


def _check_unreadable(
    item: UnreadableItem, checker: Checker, units: BusinessUnits
) -> tuple[object, Document, str | None, Findings]:
    """Checks what is known of the item for its identifiers alone: what else is wrong with it can't be told."""
    document, unit, _ = checker.check(item.document, units)
    return item.document, document, unit, Findings(list(item.violations))


def _to_valid(document: Document, unit: str | None) -> Valid:
    assert unit is not None
    return Valid(document["communicationNumber"], document["customerExtId"], unit, document.get("action"))


def _to_storable(document: Document, unit: str | None) -> Valid:
    assert unit is not None
    return Valid(
        document["communicationNumber"],
        document["customerExtId"],
        unit,
        document.get("action"),
        entity_type=document["entityType"],
        customer_status=document["customerStatus"],
        document=_encode(document),
    )


class _FindingsKeeper:
    """Keeps of the findings of a batch what its response and its record need, at most `MAX_BATCH_FINDINGS`.

    The response needs all of them for `detail`, and else the first violation of each customer. The record of a saved
    batch needs the violations.
    """

    def __init__(self, options: BatchOptions) -> None:
        self.warning_counts: Counter[str] = Counter()
        self._keeps_violations = options.detail or options.save
        self._keeps_warnings = options.detail
        self._left = MAX_BATCH_FINDINGS

    @property
    def max_findings(self) -> int:
        """Findings of one customer that are worth making now."""
        return MAX_FINDINGS if self._left and (self._keeps_violations or self._keeps_warnings) else 1

    def add_warnings(self, candidate: Candidate, findings: Findings) -> None:
        self.warning_counts.update(findings.warning_counts)
        if self._keeps_warnings:
            candidate.warnings = self._keep(findings.warnings)
            candidate.has_more_warnings = findings.has_more_warnings or len(candidate.warnings) < len(findings.warnings)

    def to_invalid(self, item: object, document: Document, unit: str | None, findings: Findings) -> Invalid:
        names = "communicationNumber", "customerExtId"
        number, ext_id = (read_identifier(item, document, name) for name in names)
        storable = document.get(names[0]), document.get(names[1])
        found = findings.violations
        kept = self._keep(found, at_least=1) if self._keeps_violations else found[:1]
        has_more = findings.has_more_violations or len(kept) < len(found)
        return Invalid(number, ext_id, unit, storable, kept, has_more_violations=has_more)

    def _keep(self, findings: Sequence[F], at_least: int = 0) -> Sequence[F]:
        kept = findings[: max(self._left, at_least)]
        self._left = max(self._left - len(kept), 0)
        return pack_findings(kept)
