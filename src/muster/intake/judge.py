"""Judgement of a batch: what the store and the earlier items of the batch say about each sound customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muster.customer import Violation, errors
from muster.customer.findings import Check
from muster.customer.places import CUSTOMER
from muster.intake.candidates import Candidate, Sound
from muster.intake.ports import Arrival, Known, Rejection
from muster.intake.report import pointer

_NUMBER_USED: Final = Violation(Check.of(errors.COMMUNICATION_NUMBER_USED, CUSTOMER), ("communicationNumber",))
_CUSTOMER_KNOWN: Final = Violation(Check.of(errors.CUSTOMER_KNOWN, CUSTOMER), ("customerExtId",))
_BATCH_NOT_SAVED: Final = Violation(Check.of(errors.BATCH_NOT_SAVED, CUSTOMER), ())
_CUSTOMER_UNKNOWN: Final = Violation(Check.of(errors.CUSTOMER_UNKNOWN, CUSTOMER), ("customerExtId",))


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of each item, in the order of the batch: its violations, none for an accepted one, and the version that an
    accepted one gets, 0 for a refused one."""

    violations: Sequence[Sequence[Violation]]
    versions: Sequence[int]
    contested: bool  # whether a customer that is sound in itself was refused


def judge(batch: Sequence[Candidate], known: Known) -> Judgement:
    """Decides in the order of the list: an item sees what the accepted ones before it will have changed."""
    numbers = set(known.numbers)
    current = dict(known.versions)
    violations: list[Sequence[Violation]] = []
    versions: list[int] = []
    contested = False
    for candidate in batch:
        found: Sequence[Violation] = ()
        version = 0
        if isinstance(candidate, Sound):
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
    return Judgement(violations, versions, contested)


def suffices(judgement: Judgement, percent: int) -> bool:
    """Whether at least so many of a hundred items are accepted."""
    count = len(judgement.versions)
    return (count - judgement.versions.count(0)) * 100 >= percent * count


def withheld(judgement: Judgement) -> Judgement:
    """The judgement of a batch of which nothing is saved: what was accepted is refused for the sake of the others."""
    violations = [found or (_BATCH_NOT_SAVED,) for found in judgement.violations]
    return Judgement(violations, [0] * len(judgement.versions), judgement.contested)


def _refusals(candidate: Sound, *, taken: bool, exists: bool) -> Sequence[Violation]:
    refusals = [_NUMBER_USED] if taken else []
    if candidate.is_update is not exists:
        refusals.append(_CUSTOMER_KNOWN if exists else _CUSTOMER_UNKNOWN)
    return refusals


def arrivals(batch: Sequence[Candidate], judgement: Judgement) -> list[Arrival]:
    """The accepted ones, as they will be written."""
    return [
        Arrival(
            candidate.communication_number,
            candidate.business_unit,
            candidate.customer_ext_id,
            version,
            candidate.entity_type,
            candidate.customer_status,
            candidate.document,
        )
        for candidate, version in zip(batch, judgement.versions, strict=True)
        if version and isinstance(candidate, Sound)
    ]


def rejections(batch: Sequence[Candidate], judgement: Judgement) -> list[Rejection]:
    """The refused ones, as they will be written."""
    return [
        Rejection(
            index,
            *candidate.kept,
            candidate.business_unit,
            tuple((violation.code, pointer(index, violation.path)) for violation in found),
        )
        for index, (candidate, found) in enumerate(zip(batch, judgement.violations, strict=True))
        if found
    ]
