"""The catalogue says what the contract's table of errors says, in its order."""

import re

import pytest

from muster.customer import BusinessUnits, Checker, errors
from muster.customer.error_order import ERROR_CODES, ERROR_ROWS, get_rank
from muster.customer.error_prefix import ErrorPrefix
from muster.customer.errors import Error
from muster.customer.fields import iterate_fields
from tests.contract.case_tables import ALIKE, CASES, Case
from tests.samples import given, individual, snapshot

JUDGED_WITH_THE_STORE = ("O005", "C004")
VALUES = {
    error: ", ".join(getattr(field.value_type, "values", ()))
    for _, field in iterate_fields()
    for error in (field.error, field.absent_error)
    if error
}


def matches(row: dict[str, str], error: Error, place: ErrorPrefix) -> bool:
    """Whether the catalogue's error is the one of the row; a name in the row may stand for `{Field}`."""
    ours = place.get_text(error).replace("{values}", VALUES.get(error, ""))
    pattern = re.escape(ours).replace(re.escape("{Field}"), r"(?:\w+|\{Field\})")
    return place.get_code(error) == row["code"] and re.fullmatch(pattern, row["description"]) is not None


def test_every_row_of_the_contract_is_in_the_catalogue_in_its_order_and_with_its_origin() -> None:
    ranks = []
    for row in given("errors"):
        found = [
            (rank, error)
            for rank, ours in enumerate(ERROR_ROWS)
            for error in ours.errors
            if matches(row, error, ours.prefix)
        ]
        assert found, row
        ranks.append(found[0][0])
        assert ("documented" if found[0][1].documented else "assigned") == row["origin"] or row["code"] in ALIKE_ORIGIN
    assert ranks == sorted(ranks)


# A row of a related entity names one text of several that hold alike; an origin is that of the text at the customer.
ALIKE_ORIGIN = {row["code"] for row in given("errors") if row["code"].startswith("{C}")}


def test_the_cases_cover_every_row_of_the_contract() -> None:
    assert len(CASES) == len(given("errors"))
    for case, row in zip(CASES, given("errors"), strict=True):
        code = row["code"].replace("{C}", case.code[:9])
        assert case.code == code, (case, row)


@pytest.mark.parametrize(
    "case", [case for case in CASES + ALIKE if case.code not in JUDGED_WITH_THE_STORE], ids=lambda case: case.code
)
def test_a_broken_rule_gives_its_code_and_text(case: Case) -> None:
    checker = Checker(snapshot(*case.units).codes)
    _, _, findings = checker.check(case.customer, BusinessUnits.for_user(checker.business_units, case.granted))
    assert [(found.code, found.description) for found in findings.violations] == [(case.code, case.description)]


def test_a_default_unit_that_the_installation_has_no_longer_is_none() -> None:
    units = BusinessUnits.for_user(frozenset({"NORTH", "SOUTH"}), ("GONE", "NORTH"))
    assert units.default is None
    assert units.find_error(units.default) is errors.UNIT_MISSING


def test_the_codes_of_the_contract_are_among_all_as_answers_have_them() -> None:
    # A row of a related entity stands for several of ours, and B001 is for a batch that was not saved.
    named = {row["code"] for row in given("errors")}
    assert {code.replace("{C}", prefix) for code in named for prefix in ("C016.C016", "C017.C016")} <= set(ERROR_CODES)
    assert not any("{" in code for code in ERROR_CODES)


def test_ranks_follow_the_rows() -> None:
    ranks = [get_rank(error, row.prefix) for row in ERROR_ROWS for error in row.errors]
    assert ranks == sorted(ranks)


def test_a_text_of_a_sender_is_put_in_as_it_is() -> None:
    checker = Checker(snapshot().codes)
    value = {"code": "{i} {code}", "description": "x", "datatype": "INTEGER", "value": "x"}
    units = BusinessUnits.for_user(checker.business_units, ())
    _, _, findings = checker.check(individual(listAdditionalValues=[value]), units)
    assert findings.violations[0].description == "Bad value for INTEGER valueCode: {i} {code}"
    assert errors.VALUE_NO_INTEGER.documented
