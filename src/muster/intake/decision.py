"""Judgement of a batch: what the store and the earlier items of the batch say about each sound customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muster.customer import Violation, errors
from muster.customer.error_prefix import CUSTOMER_PREFIX
from muster.customer.findings import CompiledError
from muster.intake.candidates import Candidate, Valid
from muster.intake.customer_store import AcceptedCustomer, Known, RejectedCustomer
from muster.intake.response import to_pointer

_NUMBER_USED: Final = Violation(
    CompiledError.of(errors.COMMUNICATION_NUMBER_USED, CUSTOMER_PREFIX), ("communicationNumber",)
)
_CUSTOMER_KNOWN: Final = Violation(CompiledError.of(errors.CUSTOMER_KNOWN, CUSTOMER_PREFIX), ("customerExtId",))
_BATCH_NOT_SAVED: Final = Violation(CompiledError.of(errors.BATCH_NOT_SAVED, CUSTOMER_PREFIX), ())
_CUSTOMER_UNKNOWN: Final = Violation(CompiledError.of(errors.CUSTOMER_UNKNOWN, CUSTOMER_PREFIX), ("customerExtId",))


@dataclass(frozen=True, slots=True)
class Decision:
    """Of each item, in the order of the batch: its violations, none for an accepted one, and the version that an
    accepted one gets, 0 for a refused one."""

    violations: Sequence[Sequence[Violation]]
    versions: Sequence[int]
    contested: bool  # whether a customer that is sound in itself was refused


def decide(batch: Sequence[Candidate], known: Known) -> Decision:
    """Decides in the order of the list: an item sees what the accepted ones before it will have changed."""
    numbers = set(known.numbers)
    current = dict(known.versions)
    violations: list[Sequence[Violation]] = []
    versions: list[int] = []
    contested = False
    for candidate in batch:
        found: Sequence[Violation] = ()
        version = 0
        if isinstance(candidate, Valid):
            number, key = candidate.communication_number, (candidate.business_unit, candidate.customer_ext_id)
            before = current.get(key, 0)
            if number in numbers or candidate.is_update is not (before > 0):
                contested = True
                found = _refusals(candidate, taken=number in numbers, exists=before > 0)
            else:
                numbers.add(number)
                current[key] = version = before + 1
        else:
            found = candidate.violations
        violations.append(found)
        versions.append(version)
    return Decision(violations, versions, contested)


def meets_threshold(decision: Decision, percent: int) -> bool:
    """Whether at least so many of a hundred items are accepted."""
    count = len(decision.versions)
    return (count - decision.versions.count(0)) * 100 >= percent * count


def reject_all(decision: Decision) -> Decision:
    """The decision of a batch of which nothing is saved: what was accepted is refused for the sake of the others."""
    violations = [found or (_BATCH_NOT_SAVED,) for found in decision.violations]
    return Decision(violations, [0] * len(decision.versions), decision.contested)


def _refusals(candidate: Valid, *, taken: bool, exists: bool) -> Sequence[Violation]:
    refusals = [_NUMBER_USED] if taken else []
    if candidate.is_update is not exists:
        refusals.append(_CUSTOMER_KNOWN if exists else _CUSTOMER_UNKNOWN)
    return refusals


def to_accepted(batch: Sequence[Candidate], decision: Decision) -> list[AcceptedCustomer]:
    """The accepted ones, as they will be written."""
    return [
        AcceptedCustomer(
            candidate.communication_number,
            candidate.business_unit,
            candidate.customer_ext_id,
            version,
            candidate.entity_type,
            candidate.customer_status,
            candidate.document,
        )
        for candidate, version in zip(batch, decision.versions, strict=True)
        if version and isinstance(candidate, Valid)
    ]


def to_rejections(batch: Sequence[Candidate], decision: Decision) -> list[RejectedCustomer]:
    """The refused ones, as they will be written."""
    return [
        RejectedCustomer(
            index,
            *candidate.kept,
            candidate.business_unit,
            tuple((violation.code, to_pointer(index, violation.path)) for violation in found),
        )
        for index, (candidate, found) in enumerate(zip(batch, decision.violations, strict=True))
        if found
    ]
