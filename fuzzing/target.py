"""The target: a body goes the way of a batch, without the store, and everything that must hold on it is asked."""

import zlib
from collections.abc import Sequence
from typing import Any, Final

from fuzzing.answers import check_answers
from fuzzing.broken import hold
from fuzzing.decoding import Refusal, check_decoders, decoded
from fuzzing.values import UNITS, snapshot
from muster.customer import BusinessUnits, Checker
from muster.customer.checker import CheckedCustomer
from muster.customer.numbers import INTEGER_BOUND, UNREADABLE
from muster.intake.candidates import Candidate, Valid, check_customers
from muster.intake.customer_store import NOTHING_KNOWN
from muster.intake.decision import decide
from muster.intake.decode import InvalidBatchError, fast_decoder
from muster.intake.stage_timings import StageTimings

# Brackets that the fast decoder follows whoever calls it.
_DEEP: Final = 500
_ALL: Final = frozenset(UNITS)
# Senders of all sorts: of the one unit of an installation, of several, of one and of none.
_SENDERS: Final = (
    BusinessUnits.for_user(frozenset(UNITS[:1]), ()),
    BusinessUnits.for_user(_ALL, UNITS),
    BusinessUnits.for_user(_ALL, UNITS[1:2]),
    BusinessUnits.for_user(_ALL, ()),
)


class Target:
    """Looks at one body at a time. The same body is always looked at in the same way."""

    def __init__(self, checker: Checker | None = None) -> None:
        self._checker = checker or Checker(snapshot().codes)

    def look(self, body: bytes) -> int | None:
        """How many customers of the body are sound; None when it is no batch. Raises `Broken`, or what escapes."""
        units = _SENDERS[zlib.crc32(body) % len(_SENDERS)]
        whole, in_turn = decoded(body), decoded(body, whole=-1)
        check_decoders(body, whole)
        if isinstance(whole, Refusal) or isinstance(in_turn, Refusal):
            _check_refusals(body, whole, in_turn)
            return None
        checked = self._checked(whole, units)
        hold(repr(checked) == repr(self._checked(in_turn, units)), "large-bodies-are-judged-differently")
        self._check_alone(whole, checked, units)
        batch, _ = check_customers(iter(whole), self._checker, units, StageTimings(), to_save=True)
        _check_candidates(batch, checked)
        check_answers(whole, batch, units)
        _check_neighbours(batch)
        sound = [candidate for candidate in batch if isinstance(candidate, Valid)]
        for candidate in sound:
            self._check_again(candidate, units)
        return len(sound)

    def _checked(self, items: Sequence[Any], units: BusinessUnits) -> Sequence[CheckedCustomer]:
        return self._checker.check_all(items, units)

    def _check_alone(self, items: Sequence[Any], checked: Sequence[CheckedCustomer], units: BusinessUnits) -> None:
        """A customer is told the same alone as among others, and the second time as the first."""
        hold(len(checked) == len(items), "a-customer-has-no-verdict-or-several")
        for item, found in zip(items, checked, strict=True):
            hold(repr(self._checker.check(item, units)) == repr(found), "a-customer-alone-is-judged-differently")

    def _check_again(self, candidate: Valid, units: BusinessUnits) -> None:
        """What is kept of a sound customer is sound, and is kept as it is.

        But for numbers near the bounds: `12e40` is kept as `1.2E+41`, whose exponent is out of them.
        """
        hold(b"\\u0000" not in candidate.document, "a-nul-would-be-stored")
        item = fast_decoder.decode(candidate.document)
        if _has_a_number_near_the_bounds(item):
            return
        batch, _ = check_customers(iter([item]), self._checker, units, StageTimings(), to_save=True)
        again = batch[0]
        hold(isinstance(again, Valid), "a-document-is-refused-when-it-is-sent-again", again)
        assert isinstance(again, Valid)
        hold(again.document == candidate.document, "a-document-changes-when-it-is-sent-again")
        hold(again.business_unit == candidate.business_unit, "a-document-changes-its-unit-when-it-is-sent-again")


def _check_refusals(body: bytes, whole: list[Any] | Refusal, in_turn: list[Any] | Refusal) -> None:
    hold(isinstance(whole, Refusal) and isinstance(in_turn, Refusal), "large-bodies-are-read-differently", in_turn)
    # That there are too many customers is seen first where each is decoded in its turn.
    refusals = [told for told in (whole, in_turn) if isinstance(told, Refusal) and told.kind is InvalidBatchError]
    # How deep the fast decoder goes depends on how deep the interpreter is in calls at that moment; then the careful
    # one says in its own words what is wrong.
    if body.count(b"[") + body.count(b"{") < _DEEP:
        hold(len({told.message for told in refusals}) < 2, "large-bodies-are-refused-differently", refusals)


def _check_candidates(batch: Sequence[Candidate], checked: Sequence[CheckedCustomer]) -> None:
    """Who breaks a rule is refused, and nobody else."""
    for candidate, (_, _, findings) in zip(batch, checked, strict=True):
        hold(isinstance(candidate, Valid) is not bool(findings.violations), "findings-and-verdict-differ")


def _check_neighbours(batch: Sequence[Candidate]) -> None:
    """Beside its own findings, a customer is judged by those before it that have its number or its id."""
    together = decide(batch, NOTHING_KNOWN)
    numbers: set[str] = set()
    keys: set[tuple[str, str]] = set()
    for candidate, violations in zip(batch, together.violations, strict=True):
        if isinstance(candidate, Valid):
            key = candidate.business_unit, candidate.customer_ext_id
            if candidate.communication_number not in numbers and key not in keys:
                alone = decide([candidate], NOTHING_KNOWN).violations[0]
                hold(alone == violations, "a-neighbour-changes-the-verdict")
            numbers.add(candidate.communication_number)
            keys.add(key)


def _has_a_number_near_the_bounds(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_a_number_near_the_bounds, value.values() if isinstance(value, dict) else value))
    return value is UNREADABLE or (type(value) is int and abs(value) >= INTEGER_BOUND)
