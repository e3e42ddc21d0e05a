"""Every warning: what has it, where it points, and what does not have it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from muster.customer import BusinessUnits, Checker
from muster.customer.examples import make_full_customer
from muster.customer.findings import Findings
from muster.customer.value_readers import RetiredCode
from muster.customer.warnings import WARNING_CODES
from tests.samples import individual, make_checker, make_snapshot, organization

CODES = make_snapshot().codes
CHECKER = Checker({**CODES, "country": CODES["country"] | {RetiredCode("AN")}})
UNITS = BusinessUnits.for_user(CHECKER.business_units, ())
FUTURE = "2999-01-01"
CLOSED = {"customerStatus": "CLOSED", "closingDate": "2020-01-01"}


def nested(name: str, **changes: Any) -> dict[str, Any]:
    """A full individual with these changes in the only object of a list."""
    customer = make_full_customer("INDIVIDUAL")
    customer[name][0] |= changes
    return customer


def full_organization(**changes: Any) -> dict[str, Any]:
    return {**make_full_customer("ORGANIZATION"), **changes}


def related_organization(**changes: Any) -> dict[str, Any]:
    customer = make_full_customer("ORGANIZATION")
    customer["listRelatedEntity"][0] |= changes
    return customer


CASES = [
    (individual(isPep=True), "W001", "/isPep"),
    (nested("listAddress", postalCode="1"), "W001", "/listAddress/0/postalCode"),
    (nested("listRelatedEntity", title="x"), "W002", "/listRelatedEntity/0/title"),
    (individual(birthDate=FUTURE), "W003", "/birthDate"),
    (individual(birthDate=f"{FUTURE}T10:00:00Z"), "W003", "/birthDate"),
    (organization(establishmentDate=FUTURE), "W003", "/establishmentDate"),
    (nested("listRelatedEntity", birthDate=FUTURE), "W003", "/listRelatedEntity/0/birthDate"),
    (related_organization(establishmentDate=FUTURE), "W003", "/listRelatedEntity/0/establishmentDate"),
    (
        nested("listBusinessEntityDocument", documentIssueDate=FUTURE, documentExpiryDate=FUTURE),
        "W003",
        "/listBusinessEntityDocument/0/documentIssueDate",
    ),
    (individual(**CLOSED, applicationDate="2020-01-02"), "W004", "/closingDate"),
    (
        nested("listBusinessEntityDocument", documentExpiryDate="2022-01-14T23:00:00Z"),
        "W004",
        "/listBusinessEntityDocument/0/documentExpiryDate",
    ),
    (nested("listDeclaredTurnover", to=999), "W004", "/listDeclaredTurnover/0/to"),
    (nested("listIncomeSource", **{"from": 1001}), "W004", "/listIncomeSource/0/to"),
    (nested("listRelatedEntity", share=101), "W005", "/listRelatedEntity/0/share"),
    (nested("listRelatedEntity", votePercentage=-1), "W005", "/listRelatedEntity/0/votePercentage"),
    (nested("listIncomeSource", incomePercentage=1000), "W005", "/listIncomeSource/0/incomePercentage"),
    (nested("listActivity", incomePercentage=10**30), "W005", "/listActivity/0/incomePercentage"),
    (individual(communicationNumber=" n-1"), "W006", "/communicationNumber"),
    (individual(customerExtId="c-1 "), "W006", "/customerExtId"),
    (individual(customerExtId="c\u00a0\u200b1"), "W006", "/customerExtId"),
    (individual(customerExtId="c\t1"), "W006", "/customerExtId"),
    (individual(customerExtId="\u3164c"), "W006", "/customerExtId"),
    (individual(customerExtId="e\u0301"), "W006", "/customerExtId"),
    (individual(nationalCode="50001010022\u00ad"), "W006", "/nationalCode"),
    (nested("listRelatedEntity", extId=" x"), "W006", "/listRelatedEntity/0/extId"),
    (nested("listRelatedEntity", customerExtId="x\ufeff"), "W006", "/listRelatedEntity/0/customerExtId"),
    (
        nested("listBusinessEntityDocument", documentNumber="1\n"),
        "W006",
        "/listBusinessEntityDocument/0/documentNumber",
    ),
    (individual(nationalCode=50001010022), "W007", "/nationalCode"),
    (individual(communicationNumber=10**6), "W007", "/communicationNumber"),
    (individual(activityDescription=True), "W007", "/activityDescription"),
    (nested("listAddress", zipCode=1234), "W007", "/listAddress/0/zipCode"),
    (nested("listAdditionalValues", datatype="STRING", value=7), "W007", "/listAdditionalValues/0/value"),
    (full_organization(lei="LEI54511548"), "W008", "/lei"),
    (full_organization(lei="506700GE1G29325QX364"), "W008", "/lei"),
    (full_organization(giin="GIN548745122"), "W008", "/giin"),
    (full_organization(initialDepositAccount="LT0089500500000070"), "W008", "/initialDepositAccount"),
    (individual(initialDepositAccount="lt12 1000 0111 0100 1001"), "W008", "/initialDepositAccount"),
    (individual(sourceOfRiskLevel="IMPORT"), "W009", "/riskLevel"),
    (individual(birthCountry="AN"), "W010", "/birthCountry"),
    (nested("listAddress", country="AN"), "W010", "/listAddress/0/country"),
]
NO_WARNING = [
    individual(birthDate=datetime.now(UTC).date().isoformat(), isPep=None, unknown=" "),
    individual(**CLOSED, applicationDate="2020-01-01T23:00:00Z"),
    individual(customerExtId="żółć 名 c-1", initialDepositAccount="12-345", riskLevel="LOW"),
    individual(initialDepositAccount="LT12 1000 0111 0100 1000", sourceOfRiskLevel="IMPORT", riskLevel="LOW"),
    individual(initialDepositAccount="MY ACCOUNT IN VILNIUS"),
    organization(thirdPartyServicesUsed=True),
    nested("listAdditionalValues", datatype="INTEGER", value=7),
    nested("listRelatedEntity", share=0, votePercentage=100),
    nested("listDeclaredTurnover", to=1000),
    make_full_customer("INDIVIDUAL"),
    make_full_customer("ORGANIZATION"),
]


def list_warnings(findings: Findings) -> list[tuple[str, str]]:
    return [(found.code, "/" + "/".join(map(str, found.path))) for found in findings.warnings]


@pytest.mark.parametrize(("customer", "code", "pointer"), CASES, ids=[f"{code}{at}" for _, code, at in CASES])
def test_doubtful_value_has_its_warning_alone_and_among_others(
    customer: dict[str, Any], code: str, pointer: str
) -> None:
    sound = [make_full_customer(customer["entityType"]) for _ in range(10)]
    same_fields = [{name: value for name, value in customer.items() if value is not None} for _ in range(10)]
    for batch in ([customer], [*sound, customer], same_fields):
        _, _, findings = [*CHECKER.check_all(batch, UNITS)][-1]
        assert findings.violations == []
        assert list_warnings(findings) == [(code, pointer)]
        assert findings.warning_counts == {code: 1}


@pytest.mark.parametrize("customer", NO_WARNING, ids=range(len(NO_WARNING)))
def test_usual_values_have_no_warning(customer: dict[str, Any]) -> None:
    for batch in ([customer], [customer] * 10):
        _, _, findings = [*CHECKER.check_all(batch, UNITS)][-1]
        assert findings == Findings()


def test_cases_cover_every_code() -> None:
    assert {code for _, code, _ in CASES} == set(WARNING_CODES)


def test_customer_without_warnings_needs_no_single_check() -> None:
    batch = [make_full_customer(entity_type) for entity_type in ("INDIVIDUAL", "ORGANIZATION") for _ in range(10)]
    checked = list(CHECKER.check_all(batch, UNITS))
    assert len({id(findings) for _, _, findings in checked}) == 1


def test_date_after_today_is_in_the_future() -> None:
    today = datetime.now().astimezone().date()
    for days, codes in ((0, []), (2, ["W003"])):
        day = (today + timedelta(days=days)).isoformat()
        _, _, findings = CHECKER.check(individual(birthDate=day), UNITS)
        assert [found.code for found in findings.warnings] == codes


def test_long_identifier_is_not_normalized() -> None:
    """Normalizing 400,000 combining characters would take minutes."""
    marks = "\u0315\u0300" * 200_000
    for batch in ([individual(nationalCode=marks)], [individual(nationalCode=marks)] * 10):
        _, _, findings = [*CHECKER.check_all(batch, UNITS)][-1]
        assert findings == Findings()


def test_customer_with_warnings_keeps_its_document() -> None:
    customer = individual(customerExtId=" c ", birthDate=FUTURE, nationalCode=7)
    document, _, findings = CHECKER.check(customer, UNITS)
    assert document == {**customer, "nationalCode": "7"}
    assert findings.violations == []


@pytest.mark.parametrize(
    ("sent", "near"),
    [("isPep", "isPEP"), ("is_pep", "isPEP"), ("Lastname", "lastName"), ("lastNam", "lastName"),
     ("fristName", "firstName"), ("first-name", "firstName"), ("custmerExtId", "customerExtId"),
     ("requester2", "requester"), ("nickname", None), ("Lei", None), ("x" * 100_000, None), ("", None), ("Ä", None)],
)  # fmt: skip
def test_unknown_field_names_the_near_known_one(sent: str, near: str | None) -> None:
    _, _, findings = CHECKER.check(individual(**{sent: "secret"}), UNITS)
    (warning,) = findings.warnings
    expected = "Field is not known and was ignored" + (f"; did you mean {near}?" if near else "")
    assert warning.description == expected


def test_code_of_digits_that_is_sent_as_a_number_has_a_warning() -> None:
    checker = make_checker("7")
    units = BusinessUnits.for_user(checker.business_units, ())
    for batch in ([individual(businessUnit=7)], [individual(businessUnit=7) for _ in range(10)]):
        document, _, findings = [*checker.check_all(batch, units)][-1]
        assert document["businessUnit"] == "7"
        assert list_warnings(findings) == [("W007", "/businessUnit")]


def test_text_of_an_order_names_both_fields() -> None:
    texts = [
        CHECKER.check(customer, UNITS)[2].warnings[0].description
        for customer in (individual(**CLOSED, applicationDate="2020-01-02"), nested("listDeclaredTurnover", to=1))
    ]
    assert texts == ["closingDate is before applicationDate", "to is below from"]


def test_unknown_field_is_a_violation_on_request() -> None:
    customer = individual(nickname="x", listAddress=[{"country": "LT", "zip": 1}], birthDate=FUTURE)
    batch = [individual(), customer, individual(firstName=None, nickname="x"), individual(nickname=None)]
    checked = list(CHECKER.check_all(batch, UNITS, reject_unknown=True))
    assert [[found.code for found in findings.violations] for _, _, findings in checked] == [
        [],
        ["C020", "C020"],
        ["C016.I01", "C020"],
        [],
    ]
    assert [found.description for found in checked[1][2].violations] == [
        "Field is not known. Field: zip",
        "Field is not known. Field: nickname",
    ]
    assert list_warnings(checked[1][2]) == [("W003", "/birthDate")]


@pytest.mark.parametrize("value", [10**40, -(10**40), -(10**41) + 1])
def test_number_that_is_refused_is_not_said_to_be_kept_as_its_digits(value: int) -> None:
    _, _, findings = CHECKER.check(nested("listAdditionalValues", datatype="STRING", value=value), UNITS)
    assert [violation.code for violation in findings.violations] == ["AV07"]
    assert list_warnings(findings) == []
