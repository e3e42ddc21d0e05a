"""The target: takes a body through decode, check and decide, without a store, and checks all invariants."""

import zlib
from collections.abc import Sequence
from typing import Any, Final

from fuzzing.cost_oracle import check_hashes, check_steps
from fuzzing.decoder_oracle import Rejection, check_decoders, decode
from fuzzing.invariants import require
from fuzzing.response_oracle import check_responses
from fuzzing.values import UNITS, build_snapshot
from muster.customer import BusinessUnits, CheckedCustomer, Checker
from muster.customer.numbers import INTEGER_BOUND, UNREADABLE
from muster.intake.candidates import Candidate, Valid, check_customers
from muster.intake.customer_store import NOTHING_KNOWN
from muster.intake.decision import decide
from muster.intake.decode import InvalidBatchError
from muster.intake.request import BatchOptions
from muster.intake.stage_timings import StageTimings
from muster.intake.value_decoder import fast_decoder

# Brackets that the fast decoder can always follow, however deep the interpreter's stack is.
_SAFE_DEPTH: Final = 500
# Customers of more bytes are decoded as if they were too large for a group, and their values of a 64th of that.
_LARGE_CUSTOMER_BYTES: Final = 640
_ALL_UNITS: Final = frozenset(UNITS)
# Users of an installation with one unit, and users with several units, one and none in an installation with several.
_USERS: Final = (
    BusinessUnits.for_user(frozenset(UNITS[:1]), ()),
    BusinessUnits.for_user(_ALL_UNITS, UNITS),
    BusinessUnits.for_user(_ALL_UNITS, UNITS[1:2]),
    BusinessUnits.for_user(_ALL_UNITS, ()),
)


class Target:
    """Runs one body at a time. Runs of the same body are the same."""

    def __init__(self, checker: Checker | None = None) -> None:
        self._checker = checker or Checker(build_snapshot().codes)

    def run(self, body: bytes) -> int | None:
        """The number of valid customers, None when the body is not a batch. Raises `InvariantViolationError`.

        Any other exception comes from the code under test.
        """
        units = _USERS[zlib.crc32(body) % len(_USERS)]
        whole, one_by_one = decode(body), decode(body, max_whole_bytes=-1)
        check_decoders(body, whole)
        check_steps(body)
        if isinstance(whole, Rejection) or isinstance(one_by_one, Rejection):
            _check_rejections(body, whole, one_by_one)
            return None
        checked = list(self._checker.check_all(whole, units))
        checked_one_by_one = list(self._checker.check_all(one_by_one, units))
        require(repr(checked) == repr(checked_one_by_one), "large-bodies-are-checked-differently")
        self._check_single_customers(whole, checked, units)
        check_hashes(whole, self._checker, units)
        batch = self._check_customers(whole, units)
        large = decode(body, max_whole_bytes=-1, max_group_bytes=_LARGE_CUSTOMER_BYTES)
        require(isinstance(large, list), "large-customers-are-decoded-differently", large)
        assert isinstance(large, list)
        require(repr(self._check_customers(large, units)) == repr(batch), "large-customers-are-checked-differently")
        _check_candidates(batch, checked)
        check_responses(whole, batch, units)
        _check_decisions(batch)
        valid = [candidate for candidate in batch if isinstance(candidate, Valid)]
        for candidate in valid:
            self._check_document(candidate, units)
        return len(valid)

    def _check_single_customers(
        self, items: Sequence[Any], checked: Sequence[CheckedCustomer], units: BusinessUnits
    ) -> None:
        """A customer has the same findings alone as in a batch, and the same the second time as the first time."""
        require(len(checked) == len(items), "a-customer-has-no-check-or-several")
        for item, expected in zip(items, checked, strict=True):
            found = self._checker.check(item, units)
            require(repr(found) == repr(expected), "a-customer-alone-is-checked-differently")

    def _check_customers(self, items: Sequence[Any], units: BusinessUnits) -> list[Candidate]:
        options = BatchOptions(save=True, detail=True)
        return check_customers(
            iter([list(items)] if items else []), self._checker, units, StageTimings(), options
        ).candidates

    def _check_document(self, candidate: Valid, units: BusinessUnits) -> None:
        """The document of a valid customer is valid when it is sent again, and does not change.

        Numbers near the bounds are an exception: `12e40` is stored as `1.2E+41`, whose exponent is out of bounds.
        """
        require(b"\\u0000" not in candidate.document, "a-nul-would-be-stored")
        item = fast_decoder.decode(candidate.document)
        if _has_number_near_bounds(item):
            return
        [again] = self._check_customers([item], units)
        require(isinstance(again, Valid), "a-document-is-rejected-when-it-is-sent-again", again)
        assert isinstance(again, Valid)
        require(again.document == candidate.document, "a-document-changes-when-it-is-sent-again")
        require(again.business_unit == candidate.business_unit, "a-document-changes-its-unit-when-it-is-sent-again")


def _check_rejections(body: bytes, whole: list[Any] | Rejection, one_by_one: list[Any] | Rejection) -> None:
    both = isinstance(whole, Rejection) and isinstance(one_by_one, Rejection)
    require(both, "large-bodies-are-decoded-differently", one_by_one)
    # Decoding one by one counts the customers before it decodes them, so it may find too many of them first.
    rejections = [
        found for found in (whole, one_by_one) if isinstance(found, Rejection) and found.error is InvalidBatchError
    ]
    # How deep the fast decoder goes depends on the depth of the interpreter's stack. Deeper errors are reported by the
    # tolerant decoder, in other words.
    if body.count(b"[") + body.count(b"{") < _SAFE_DEPTH:
        require(len({found.message for found in rejections}) < 2, "large-bodies-are-rejected-differently", rejections)


def _check_candidates(batch: Sequence[Candidate], checked: Sequence[CheckedCustomer]) -> None:
    """The invalid candidates are those with violations."""
    for candidate, (_, _, findings) in zip(batch, checked, strict=True):
        require(isinstance(candidate, Valid) is not bool(findings.violations), "findings-and-candidates-differ")


def _check_decisions(batch: Sequence[Candidate]) -> None:
    """Only an earlier valid customer with the same number or identifier changes the decision on a valid customer."""
    for upsert in (False, True):
        _check_decision(batch, upsert=upsert)


def _check_decision(batch: Sequence[Candidate], *, upsert: bool) -> None:
    """As `_check_decisions`, for batches with or without the option."""
    together = decide(batch, NOTHING_KNOWN, upsert=upsert)
    numbers: set[str] = set()
    keys: set[tuple[str, str]] = set()
    for candidate, violations in zip(batch, together.violations, strict=True):
        if isinstance(candidate, Valid):
            key = candidate.business_unit, candidate.customer_ext_id
            if candidate.communication_number not in numbers and key not in keys:
                alone = decide([candidate], NOTHING_KNOWN, upsert=upsert).violations[0]
                require(alone == violations, "an-unrelated-customer-changes-the-decision")
            numbers.add(candidate.communication_number)
            keys.add(key)


def _has_number_near_bounds(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_number_near_bounds, value.values() if isinstance(value, dict) else value))
    return value is UNREADABLE or (type(value) is int and abs(value) >= INTEGER_BOUND)
