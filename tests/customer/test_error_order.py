"""The error catalogue has the errors of the contract's table, in its order."""

import re

import pytest

from muster.customer import BusinessUnits, errors
from muster.customer.error_order import ERROR_CODES, ERROR_ROWS, get_rank
from muster.customer.error_prefix import ErrorPrefix
from muster.customer.errors import Error
from muster.customer.fields import iterate_fields
from tests.contract.case_tables import CASES, EXTRA_CASES, Case
from tests.samples import given, individual, make_checker

CHECKED_WITH_THE_STORE = ("O005", "C004", "B001")
VALUES = {
    error: ", ".join(getattr(field.value_type, "values", ()))
    for _, field in iterate_fields()
    for error in (field.error, field.absent_error)
    if error
}


def matches(row: dict[str, str], error: Error, prefix: ErrorPrefix) -> bool:
    """Whether the error is the one of the row, which may have a field's name instead of `{Field}`."""
    text = prefix.get_text(error).replace("{values}", VALUES.get(error, ""))
    pattern = re.escape(text).replace(re.escape("{Field}"), r"(?:\w+|\{Field\})")
    return prefix.get_code(error) == row["code"] and re.fullmatch(pattern, row["description"]) is not None


def test_catalogue_has_every_row_of_the_contract_in_its_order_and_with_its_origin() -> None:
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
        assert ("documented" if found[0][1].documented else "assigned") == row["origin"] or row[
            "code"
        ] in CODES_OF_RELATED
    assert ranks == sorted(ranks)


# A row of a related entity has one text of several. The origin of an error is that of its text in a customer.
CODES_OF_RELATED = {row["code"] for row in given("errors") if row["code"].startswith("{C}")}


def test_cases_cover_every_row_of_the_contract() -> None:
    assert len(CASES) == len(given("errors"))
    for case, row in zip(CASES, given("errors"), strict=True):
        code = row["code"].replace("{C}", case.code[:9])
        assert case.code == code, (case, row)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES + EXTRA_CASES if case.code not in CHECKED_WITH_THE_STORE],
    ids=lambda case: case.code,
)
def test_broken_rule_gives_its_code_and_text(case: Case) -> None:
    checker = make_checker(*case.units)
    units = BusinessUnits.for_user(checker.business_units, case.granted)
    _, _, findings = checker.check(case.customer, units, reject_unknown="unknown=reject" in case.query)
    assert [(found.code, found.description) for found in findings.violations] == [(case.code, case.description)]


def test_default_unit_that_no_longer_exists_does_not_apply() -> None:
    units = BusinessUnits.for_user(frozenset({"NORTH", "SOUTH"}), ("GONE", "NORTH"))
    assert units.default is None
    assert units.find_error(units.default) is errors.UNIT_MISSING


def test_error_codes_have_the_codes_of_the_contract() -> None:
    # A row of a related entity stands for several codes.
    codes = {row["code"] for row in given("errors")}
    assert {code.replace("{C}", prefix) for code in codes for prefix in ("C016.C016", "C017.C016")} <= set(ERROR_CODES)
    assert not any("{" in code for code in ERROR_CODES)


def test_ranks_follow_the_rows() -> None:
    ranks = [get_rank(error, row.prefix) for row in ERROR_ROWS for error in row.errors]
    assert ranks == sorted(ranks)


def test_braces_in_a_value_are_not_placeholders() -> None:
    checker = make_checker()
    value = {"code": "{i} {code}", "description": "x", "datatype": "INTEGER", "value": "x"}
    units = BusinessUnits.for_user(checker.business_units, ())
    _, _, findings = checker.check(individual(listAdditionalValues=[value]), units)
    assert findings.violations[0].description == "Bad value for INTEGER valueCode: {i} {code}"
    assert errors.VALUE_NO_INTEGER.documented
