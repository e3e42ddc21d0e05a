"""The properties see what must not happen: else they could not fail."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from fuzzing.answers import check_answers
from fuzzing.broken import Broken
from fuzzing.decoding import Refusal, check_decoders
from fuzzing.target import Target
from fuzzing.values import UNITS, snapshot
from muster.customer import BusinessUnits, Checker, Findings, Violation, errors
from muster.customer.checker import CheckedCustomer
from muster.customer.error_prefix import CUSTOMER_PREFIX
from muster.customer.findings import CompiledError
from muster.intake.candidates import Candidate, Invalid, Valid
from muster.intake.decode import InvalidBatchError
from tests.samples import individual

SENDER = BusinessUnits.for_user(frozenset(UNITS), UNITS)


class Wrong(Checker):
    """A checker with a fault: `change` is what becomes of the verdicts on several customers."""

    def __init__(self, change: Any) -> None:
        super().__init__(snapshot().codes)
        self._change = change

    def check_all(self, items: Sequence[Any], units: BusinessUnits) -> Sequence[CheckedCustomer]:
        checked: Sequence[CheckedCustomer] = self._change(list(super().check_all(items, units)))
        return checked


def body(*items: Any) -> bytes:
    return json.dumps({"customers": [{**item, "businessUnit": "MAIN"} for item in items]}).encode()


# One that each sender may send into this unit.
SOUND = individual()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda checked: checked[1:], "a-customer-has-no-verdict-or-several"),
        (lambda checked: checked[::-1], "a-customer-alone-is-judged-differently"),
        (lambda checked: [({}, None, Findings()) for _ in checked], "a-customer-alone-is-judged-differently"),
    ],
)
def test_a_verdict_that_depends_on_others_is_seen(change: Any, name: str) -> None:
    with pytest.raises(Broken, match=name):
        Target(Wrong(change)).look(body(SOUND, individual(firstName=None)))


def test_a_checker_that_forgets_is_seen() -> None:
    turns = iter((True, False))
    with pytest.raises(Broken, match="large-bodies-are-judged-differently"):
        Target(Wrong(lambda checked: checked if next(turns) else [])).look(body(SOUND))


@pytest.mark.parametrize(
    ("sent", "read", "name"),
    [
        (b'{"customers": [1]}', Refusal(InvalidBatchError, ""), "a-batch-was-refused"),
        (b'{"customers": 1}', [], "no-batch-was-read"),
        (b'{"customers": [1]', [1], "what-is-no-json-was-read"),
        (b'{"customers": ["\xff"]}', ["?"], "no-utf8-was-read"),
    ],
)
def test_reading_what_is_no_batch_or_refusing_one_is_seen(sent: bytes, read: Any, name: str) -> None:
    with pytest.raises(Broken, match=name):
        check_decoders(sent, read)


REFUSAL = Violation(CompiledError.compile(errors.FIRST_NAME_MISSING, CUSTOMER_PREFIX), ("firstName",))


def refused(number: str | None = None, unit: str | None = None, *violations: Violation) -> Invalid:
    return Invalid(number, None, unit, (None, None), violations or (REFUSAL,), ())


@pytest.mark.parametrize(
    ("candidates", "name"),
    [
        ([], "a-customer-has-no-result-or-several"),
        ([Valid("other", "id", "MAIN", False)], "echoes-what-was-not-sent"),
        ([refused("n", "NOWHERE")], "a-unit-that-is-not-there"),
        ([refused("n", None, REFUSAL._replace(error=CompiledError(0, "C016.I01", "Jose")))], "not-the-catalogues"),
        ([refused("n", None, REFUSAL._replace(path=("firstName", 0)))], "leads-nowhere"),
        (
            [
                refused(
                    "n",
                    None,
                    Violation(CompiledError.compile(errors.SCREENING_UNKNOWN, CUSTOMER_PREFIX), (), ("NAME", "Jose")),
                )
            ],
            "not-the-catalogues",
        ),
    ],
)
def test_an_answer_that_says_too_much_or_too_little_is_seen(candidates: list[Candidate], name: str) -> None:
    item = {"communicationNumber": "n", "firstName": "Jose", "initialDepositAmount": Decimal(1)}
    check_answers([item], [refused("n", "MAIN")], SENDER)
    with pytest.raises(Broken, match=name):
        check_answers([item], candidates, SENDER)
