"""Judgement of a batch: what the store and the earlier items of the batch say about each sound customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from muster.customer import Checked, Violation, errors
from muster.customer.findings import Check
from muster.customer.places import CUSTOMER
from muster.intake.ports import Arrival, CustomerKey, Known

_NUMBER_USED: Final = Violation(Check.of(errors.COMMUNICATION_NUMBER_USED, CUSTOMER), ("communicationNumber",))
_CUSTOMER_KNOWN: Final = Violation(Check.of(errors.CUSTOMER_KNOWN, CUSTOMER), ("customerExtId",))
_CUSTOMER_UNKNOWN: Final = Violation(Check.of(errors.CUSTOMER_UNKNOWN, CUSTOMER), ("customerExtId",))

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Judgement:
    """The violations of each item, in the order of the batch and none for an accepted one; and what was accepted."""

    violations: Sequence[Sequence[Violation]]
    arrivals: Sequence[Arrival]


def judge(batch: Sequence[Checked], known: Known) -> Judgement:
    """Decides in the order of the list: an item sees what the accepted ones before it will have changed."""
    numbers = set(known.numbers)
    versions = dict(known.versions)
    violations: list[Sequence[Violation]] = []
    arrivals: list[Arrival] = []
    for checked in batch:
        found: Sequence[Violation] = checked.findings.violations
        if not found:
            number, unit, ext_id = checked.identity
            key = unit, ext_id
            found = _against_store(checked, key, numbers, versions)
            if not found:
                versions[key] = versions.get(key, 0) + 1
                numbers.add(number)
                arrivals.append(_arrival(checked, key, versions[key]))
        violations.append(found)
    return Judgement(violations, arrivals)


def _against_store(
    checked: Checked, key: CustomerKey, numbers: set[str], versions: dict[CustomerKey, int]
) -> Sequence[Violation]:
    refusal: Violation | None = None
    if checked.document.get("action") == "UPDATE":
        if key not in versions:
            refusal = _CUSTOMER_UNKNOWN
    elif key in versions:
        refusal = _CUSTOMER_KNOWN
    if checked.communication_number in numbers:
        return (_NUMBER_USED, refusal) if refusal else (_NUMBER_USED,)
    return (refusal,) if refusal else ()


def _arrival(checked: Checked, key: CustomerKey, version: int) -> Arrival:
    document = checked.document
    return Arrival(
        document["communicationNumber"],
        *key,
        version,
        document["entityType"],
        document["customerStatus"],
        _encode(document),
    )
