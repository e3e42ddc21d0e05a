"""The decision on a batch: which valid customers the state of the store and the earlier customers let in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from muster.customer import Violation, errors
from muster.customer.error_prefix import CUSTOMER_PREFIX
from muster.customer.findings import CompiledError
from muster.intake.candidates import Candidate, Invalid, Valid
from muster.intake.customer_store import MORE_VIOLATIONS, Known, RejectedCustomer
from muster.intake.redaction import redact_path
from muster.intake.response import to_request_pointer
from muster.intake.write_plan import AcceptedCustomer

_NUMBER_USED: Final = Violation(
    CompiledError.compile(errors.COMMUNICATION_NUMBER_USED, CUSTOMER_PREFIX), ("communicationNumber",)
)
_CUSTOMER_EXISTS: Final = Violation(CompiledError.compile(errors.CUSTOMER_KNOWN, CUSTOMER_PREFIX), ("customerExtId",))
_CUSTOMER_NOT_FOUND: Final = Violation(
    CompiledError.compile(errors.CUSTOMER_UNKNOWN, CUSTOMER_PREFIX), ("customerExtId",)
)
_BATCH_NOT_SAVED: Final = Violation(CompiledError.compile(errors.BATCH_NOT_SAVED, CUSTOMER_PREFIX), ())


@dataclass(frozen=True, slots=True)
class Decision:
    """For each customer, in the order of the batch: its violations and its version.

    An accepted customer has no violations; a rejected one has the version 0. `has_conflicts` says whether a valid
    customer was rejected.
    """

    violations: Sequence[Sequence[Violation]]
    versions: Sequence[int]
    has_conflicts: bool


def decide(batch: Sequence[Candidate], known: Known, *, upsert: bool = False) -> Decision:
    """Decides in the order of the batch. A customer sees what the accepted ones before it change.

    A customer without action is a CREATE; with `upsert`, it is an UPDATE when it exists, and a CREATE otherwise.
    """
    no_action = "UPSERT" if upsert else "CREATE"
    numbers = set(known.numbers)
    current = dict(known.versions)
    violations: list[Sequence[Violation]] = []
    versions: list[int] = []
    has_conflicts = False
    for candidate in batch:
        found: Sequence[Violation] = ()
        version = 0
        if isinstance(candidate, Valid):
            number, key = candidate.communication_number, (candidate.business_unit, candidate.customer_ext_id)
            before = current.get(key, 0)
            action = candidate.action or no_action
            if number in numbers or action == ("CREATE" if before else "UPDATE"):
                has_conflicts = True
                found = _find_conflicts(action, is_number_used=number in numbers, exists=before > 0)
            else:
                numbers.add(number)
                current[key] = version = before + 1
        else:
            found = candidate.violations
        violations.append(found)
        versions.append(version)
    return Decision(violations, versions, has_conflicts)


def meets_threshold(decision: Decision, percent: int) -> bool:
    """Whether at least `percent` percent of the customers are accepted."""
    count = len(decision.versions)
    return (count - decision.versions.count(0)) * 100 >= percent * count


def reject_all(decision: Decision) -> Decision:
    """The decision on a batch that misses its threshold: every accepted customer is rejected with B001."""
    violations = [found or (_BATCH_NOT_SAVED,) for found in decision.violations]
    return Decision(violations, [0] * len(decision.versions), decision.has_conflicts)


def _find_conflicts(action: str, *, is_number_used: bool, exists: bool) -> Sequence[Violation]:
    conflicts = [_NUMBER_USED] if is_number_used else []
    if exists and action == "CREATE":
        conflicts.append(_CUSTOMER_EXISTS)
    elif not exists and action == "UPDATE":
        conflicts.append(_CUSTOMER_NOT_FOUND)
    return conflicts


def to_accepted(batch: Sequence[Candidate], decision: Decision) -> list[AcceptedCustomer]:
    """The accepted customers, as the store writes them."""
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


def to_rejections(batch: Sequence[Candidate], decision: Decision) -> Sequence[RejectedCustomer]:
    """The rejected customers, as the store writes them."""
    return _Rejections(batch, decision)


class _Rejections(Sequence[RejectedCustomer]):
    """Makes each rejected customer when the store writes it: the pointers of 100,000 violations take 14 MB."""

    def __init__(self, batch: Sequence[Candidate], decision: Decision) -> None:
        self._batch = batch
        self._violations = decision.violations
        self._positions = [index for index, version in enumerate(decision.versions) if not version]

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._make(position) for position in self._positions[index]]
        return self._make(self._positions[index])

    def _make(self, position: int) -> RejectedCustomer:
        candidate = self._batch[position]
        violations = tuple(_list_violations(position, candidate, self._violations[position]))
        return RejectedCustomer(position, *candidate.storable_identifiers, candidate.business_unit, violations)


def _list_violations(index: int, candidate: Candidate, found: Sequence[Violation]) -> Iterator[tuple[str, str]]:
    """Code and pointer of each violation, as they are stored."""
    for violation in found:
        yield violation.code, to_request_pointer(index, redact_path(violation.path))
    if isinstance(candidate, Invalid) and candidate.has_more_violations:
        yield MORE_VIOLATIONS, to_request_pointer(index, ())
