"""The oracles detect violations of the invariants."""

import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from fuzzing.decoder_oracle import Rejection, check_decoders
from fuzzing.invariants import InvariantViolationError
from fuzzing.response_oracle import check_responses
from fuzzing.target import Target
from fuzzing.values import UNITS, build_snapshot
from muster.customer import BusinessUnits, CheckedCustomer, Checker, Findings, Violation, errors
from muster.customer.error_prefix import CUSTOMER_PREFIX
from muster.customer.findings import CompiledError
from muster.intake.candidates import Candidate, Invalid, Valid
from muster.intake.decode import InvalidBatchError
from tests.samples import individual

USER = BusinessUnits.for_user(frozenset(UNITS), UNITS)
Change = Callable[[list[CheckedCustomer]], list[CheckedCustomer]]


class FaultyChecker(Checker):
    """Applies `change` to the result of checking several customers."""

    def __init__(self, change: Change) -> None:
        super().__init__(build_snapshot().codes)
        self._change = change

    def check_all(self, items: Sequence[Any], units: BusinessUnits, **options: Any) -> Iterator[CheckedCustomer]:
        return iter(self._change(list(super().check_all(items, units, **options))))


def make_body(*items: Any) -> bytes:
    """A batch that every user may send."""
    return json.dumps({"customers": [{**item, "businessUnit": "MAIN"} for item in items]}).encode()


VALID = individual()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda checked: checked[1:], "a-customer-has-no-check-or-several"),
        (lambda checked: checked[::-1], "a-customer-alone-is-checked-differently"),
        (lambda checked: [({}, None, Findings()) for _ in checked], "a-customer-alone-is-checked-differently"),
    ],
)
def test_check_that_depends_on_other_customers_is_detected(change: Change, name: str) -> None:
    with pytest.raises(InvariantViolationError, match=name):
        Target(FaultyChecker(change)).run(make_body(VALID, individual(firstName=None)))


def test_check_that_depends_on_the_way_of_decoding_is_detected() -> None:
    results = iter((True, False))
    checker = FaultyChecker(lambda checked: checked if next(results) else [])
    with pytest.raises(InvariantViolationError, match="large-bodies-are-checked-differently"):
        Target(checker).run(make_body(VALID))


@pytest.mark.parametrize(
    ("sent", "decoded", "name"),
    [
        (b'{"customers": [1]}', Rejection(InvalidBatchError, ""), "a-batch-was-rejected"),
        (b'{"customers": 1}', [], "or-another-body-decoded"),
        (b'{"customers": [1]', [1], "invalid-json-was-decoded"),
        (b'{"customers": ["\xff"]}', ["?"], "invalid-utf8-was-decoded"),
    ],
)
def test_decoding_another_body_or_rejecting_a_batch_is_detected(
    sent: bytes, decoded: list[Any] | Rejection, name: str
) -> None:
    with pytest.raises(InvariantViolationError, match=name):
        check_decoders(sent, decoded)


VIOLATION = Violation(CompiledError.compile(errors.FIRST_NAME_MISSING, CUSTOMER_PREFIX), ("firstName",))
SCREENING = Violation(CompiledError.compile(errors.SCREENING_UNKNOWN, CUSTOMER_PREFIX), (), ("NAME", "Jose"))


def make_invalid(number: str | None = None, unit: str | None = None, *violations: Violation) -> Invalid:
    return Invalid(number, None, unit, (None, None), violations or (VIOLATION,), ())


@pytest.mark.parametrize(
    ("candidates", "name"),
    [
        ([], "a-customer-has-no-result-or-several"),
        ([Valid("other", "id", "MAIN", None)], "echoes-a-value-that-was-not-sent"),
        ([make_invalid("n", "NOWHERE")], "a-unit-that-does-not-exist"),
        (
            [make_invalid("n", None, VIOLATION._replace(error=CompiledError(0, "C016.I01", "Jose")))],
            "not-in-the-catalogue",
        ),
        ([make_invalid("n", None, VIOLATION._replace(path=("firstName", 0)))], "leads-nowhere"),
        ([make_invalid("n", None, SCREENING)], "not-in-the-catalogue"),
    ],
)
def test_response_with_too_much_or_too_little_is_detected(candidates: list[Candidate], name: str) -> None:
    item = {"communicationNumber": "n", "firstName": "Jose", "initialDepositAmount": Decimal(1)}
    check_responses([item], [make_invalid("n", "MAIN")], USER)
    with pytest.raises(InvariantViolationError, match=name):
        check_responses([item], candidates, USER)
