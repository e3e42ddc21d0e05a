"""Each violation says in words what the field takes."""

from typing import Any

import pytest

from muster.customer import BusinessUnits
from muster.customer.examples import make_full_customer
from muster.customer.fields import iterate_fields
from tests.samples import LEFT_OUT, individual, make_checker, organization

CHECKER = make_checker()
UNITS = BusinessUnits.for_user(CHECKER.business_units, ())
DATE = (
    "a date YYYY-MM-DD, or a timestamp YYYY-MM-DDThh:mm:ss with or without a fraction of a second, then Z or ±hh:mm; "
    "years 1000 to 9999"
)
DOCUMENT = make_full_customer("INDIVIDUAL")["listBusinessEntityDocument"][0]
VALUE = {"code": "c", "description": "d"}


def find_expected(customer: object) -> list[tuple[str, str]]:
    """Text and `expected` of each violation."""
    violations = CHECKER.check(customer, UNITS)[2].violations
    return [(violation.description, violation.error.expected) for violation in violations]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("applicationDate", "31.01.2024", DATE),
        ("closingDate", "2024-01-31", "no value, or customerStatus CLOSED"),
        ("isPEP", "maybe", "true or false"),
        ("riskLevel", "x", "one of NONE, LOW, MEDIUM, HIGH, EXTREME"),
        ("sourceOfRiskLevel", "EVALUATE", "IMPORT"),
        ("citizenshipCountry", "XX", "a code of the classifier country, listed by GET /classifier/country"),
        ("businessUnit", "XX", "a code of the classifier businessUnit, listed by GET /classifier/businessUnit"),
        ("riskManagementCategory", "LEAD_AMLYZE", "a code of the classifier riskManagementCategory"),
        ("initialDepositAmount", "1e99", "a number of at most 40 digits with an exponent from -40 to 40"),
        ("communicationNumber", "n" * 257, "text of at most 256 characters without the character NUL"),
        ("customerExtId", "c" * 256, "text of at most 255 characters without the character NUL"),
        ("activityDescription", "a\0b", "text without the character NUL"),
        ("listAddress", "Vilnius", "a list of objects"),
        ("listAddress", ["Vilnius"], "an object"),
        ("fieldOfActivity", "student", "an object"),
        ("initializeScreeningProcesses", ["PEP"], "nothing: screening is not available in a batch"),
        ("lei", "x", "no value: only ORGANIZATION customers have this field"),
        (
            "listDeclaredTurnover",
            [{"turnoverType": "TURNOVER_PER_MONTH", "turnoverRange": "DAILY"}],
            "a whole number in from, in to, or in both",
        ),
    ],
)
def test_violation_says_what_the_field_takes(field: str, value: object, expected: str) -> None:
    found = find_expected(individual(**{field: value}))
    assert any(words.startswith(expected) for _, words in found), found


def test_whole_number_has_its_range() -> None:
    (found,) = find_expected(organization(numberOfEmployees="many"))
    assert found[1] == "a whole number of at most 40 digits"


def test_bad_date_with_the_text_of_a_missing_one_says_the_form() -> None:
    for changes in ({"documentIssueDate": "2024-13-45"}, {"documentIssueDate": None}):
        (found,) = find_expected(individual(listBusinessEntityDocument=[{**DOCUMENT, **changes}]))
        assert found == (
            "Problem with Customer BusinessEntityDocument index = 0 . DocumentIssueDate is mandatory",
            DATE,
        )
    (found,) = find_expected(individual(customerStatus="CLOSED", closingDate="soon"))
    assert found == ("ClosingDate is mandatory for CLOSED CustomerStatus", DATE)


@pytest.mark.parametrize(
    ("datatype", "expected"),
    [
        ("INTEGER", "a whole number of at most 40 digits"),
        ("DECIMAL", "a number of at most 40 digits with an exponent from -40 to 40"),
        ("DATE", DATE),
        ("TIMESTAMP", "a timestamp YYYY-MM-DD hh:mm:ss.SSS with Z, ±hhmm or ±hh:mm"),
        ("BOOLEAN", "true or false"),
        ("STRING", "text without the character NUL"),
    ],
)
def test_bad_additional_value_says_what_its_datatype_takes(datatype: str, expected: str) -> None:
    value: Any = {} if datatype == "STRING" else "x"
    (found,) = find_expected(individual(listAdditionalValues=[{**VALUE, "datatype": datatype, "value": value}]))
    assert found[1] == expected


def test_missing_field_says_what_it_takes() -> None:
    expected = {words for _, words in find_expected(individual(firstName=LEFT_OUT, riskManagementCategory=LEFT_OUT))}
    assert expected == {
        "text without the character NUL",
        "a code of the classifier riskManagementCategory, listed by GET /classifier/riskManagementCategory",
    }


def test_item_that_is_no_object_expects_one() -> None:
    assert find_expected("customer") == [("Customer must be a JSON object", "an object")]


def test_every_type_of_the_tables_has_words() -> None:
    for _, field in iterate_fields():
        assert field.value_type.expected.strip(), field.name
