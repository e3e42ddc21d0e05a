"""Customers of the sample and their flaws, through the checker."""

from datetime import date
from random import Random

import pytest

from muster.classifiers.snapshot import ClassifierSnapshot
from muster.customer import BusinessUnits, Checker, Findings
from muster.sample_data.accounts import BUSINESS_UNITS, DEBIT_CARD, HEAD_OFFICE, SAMPLE_CODES
from muster.sample_data.customers import PREFIX, SAMPLE_MARK, Customer, CustomerMaker
from muster.sample_data.mistakes import DOUBTS, MISTAKES, Flaw
from muster.sample_data.names import read_origins
from tests.samples import make_entries

DAY = date(2024, 5, 26)
UNITS = BusinessUnits.for_user(frozenset(BUSINESS_UNITS), BUSINESS_UNITS)
NEW = "INDIVIDUAL", "ORGANIZATION"


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(ClassifierSnapshot.from_entries(1, [*make_entries(), *SAMPLE_CODES, DEBIT_CARD]).codes)


def make(entity_type: str) -> Customer:
    share = 1 if entity_type == "INDIVIDUAL" else 0
    return CustomerMaker(Random(7)).make("sample", HEAD_OFFICE, DAY, individuals=share)


def check(checker: Checker, customer: Customer) -> Findings:
    return checker.check(customer, UNITS)[2]


def test_every_new_customer_passes_without_a_warning(checker: Checker) -> None:
    maker = CustomerMaker(Random(1))
    for _ in range(300):
        customer = maker.make("sample", HEAD_OFFICE, DAY, individuals=0.5)
        findings = check(checker, customer)
        assert (findings.violations, findings.warnings) == ([], []), customer


def test_customers_are_marked_and_have_identifiers_of_their_own() -> None:
    maker = CustomerMaker(Random(1))
    customers = [maker.make("sample", HEAD_OFFICE, DAY) for _ in range(100)]
    assert all(SAMPLE_MARK in customer["listAdditionalValues"] for customer in customers)
    for name in ("customerExtId", "communicationNumber"):
        values = {customer[name] for customer in customers}
        assert len(values) == len(customers)
        assert all(value.startswith(PREFIX) for value in values)


def test_names_are_in_all_scripts() -> None:
    assert {origin.script for origin in read_origins()} == {"Latin", "Cyrillic", "Greek", "Arabic", "Hebrew"}
    assert sum(origin.weight for origin in read_origins()) == 100
    assert "LT" in {origin.country for origin in read_origins()}


@pytest.mark.parametrize("flaw", MISTAKES, ids=lambda flaw: flaw.code)
def test_mistake_gets_its_error_code_first(checker: Checker, flaw: Flaw) -> None:
    for entity_type in [flaw.only_for] if flaw.only_for else NEW:
        customer = make(entity_type)
        flaw.spoil(customer)
        assert check(checker, customer).violations[0].code == flaw.code


@pytest.mark.parametrize("flaw", DOUBTS, ids=lambda flaw: flaw.code)
def test_doubt_gets_its_warning_and_is_accepted(checker: Checker, flaw: Flaw) -> None:
    for entity_type in [flaw.only_for] if flaw.only_for else NEW:
        customer = make(entity_type)
        flaw.spoil(customer)
        findings = check(checker, customer)
        assert (findings.violations, list(findings.warning_counts)) == ([], [flaw.code])
