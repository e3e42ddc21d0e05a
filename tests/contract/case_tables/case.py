"""A case of the table of errors, and builders of the customers in the cases."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.samples import individual, organization

CustomerBuilder = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """A customer that breaks only one rule, and the code and text of its result.

    `before` are customers that are sent first, `units` the business units of the installation, and `granted` those of
    the user. `query` is that of the request.
    """

    customer: Any
    code: str
    description: str
    before: list[dict[str, Any]] = field(default_factory=list)
    units: tuple[str, ...] = ("MAIN",)
    granted: tuple[str, ...] = ()
    query: str = ""


def nested(name: str, **changes: Any) -> dict[str, Any]:
    """An individual whose list has a valid object at 0 and one with these changes at 1."""
    return individual(**{name: [_VALID[name], {**_VALID[name], **changes}]})


def related_person(customer: CustomerBuilder = individual, **changes: Any) -> dict[str, Any]:
    """A customer with a valid related person at 0 and one with these changes at 1."""
    return customer(listRelatedEntity=[_PERSON, {**_PERSON, **changes}])


def related_organization(customer: CustomerBuilder = organization, **changes: Any) -> dict[str, Any]:
    """A customer with a valid related person at 0 and a related organization with these changes at 1."""
    return customer(listRelatedEntity=[_PERSON, {**_ORGANIZATION, **changes}])


def related_nested(name: str, customer: CustomerBuilder = individual, **changes: Any) -> dict[str, Any]:
    """A customer with a related person at 1 whose list has a valid object at 0 and one with these changes at 1."""
    return related_person(customer, **{name: [_VALID[name], {**_VALID[name], **changes}]})


_VALID: dict[str, dict[str, Any]] = {
    "listContact": {"contactType": "EMAIL", "contactDetails": "hello@example.com"},
    "listBusinessEntityDocument": {
        "entityType": "INDIVIDUAL",
        "identityDocumentType": "PASSPORT",
        "documentNumber": "0123456789",
        "documentIssueDate": "2022-01-15",
        "documentIssueCountry": "LT",
        "documentIssueAuthority": "Migration office",
    },
    "listAppealReason": {"appealReasonType": "PURPOSE_INVEST"},
    "listAddress": {"country": "LT", "addressDetails": "Verkiu 1, Vilnius"},
    "listIntroductionSource": {"introductionSource": "Internet"},
    "listOrderedService": {"serviceType": "LOANS"},
    "listDeclaredTurnover": {"turnoverType": "TURNOVER_PER_MONTH", "turnoverRange": "MONTHLY", "from": 1000},
    "listIncomeSource": {"incomeSourceType": "SALARY"},
    "listCountryOfActivity": {"country": "LT"},
    "listRegionOfActivity": {"region": "EU"},
    "listActivity": {"activityType": "ACTIVITY_OTHER"},
    "listPaymentPurpose": {"paymentPurposeType": "TAXES", "turnoverDirection": "OUT"},
    "listSourceOfWealth": {"code": "INHERITANCE"},
    "listPaymentCountry": {"country": "LT", "turnoverDirection": "OUT"},
    "listCountryOfTaxPayment": {"country": "LT"},
    "listAdditionalValues": {"code": "usa", "description": "Relation to USA", "datatype": "STRING", "value": "yes"},
}
_PERSON: dict[str, Any] = {
    "entityType": "INDIVIDUAL",
    "relationType": "OWNER",
    "firstName": "John",
    "lastName": "Rodriguez",
}
_ORGANIZATION: dict[str, Any] = {
    "entityType": "ORGANIZATION",
    "relationType": "OWNER",
    "title": "LTD 'Fokusmano'",
    "registrationCountry": "LT",
}
CONTACT_TYPES = "MOBILEPHONE, FIXEDPHONE, EMAIL, WEBSITE"
DOCUMENT_TYPES = "PASSPORT, IDENTITYCARD, RESIDENCEPERMIT, DRIVINGLICENSE, REGISTRATIONCERTIFICATE, OTHER"
DATATYPES = "STRING, INTEGER, DECIMAL, DATE, TIMESTAMP, BOOLEAN"
INDIVIDUAL_PREFIX = "Problem with field for INDIVIDUAL type customer. Problem with relatedEntity (index: 1 ). "
ORGANIZATION_PREFIX = "Problem with field for ORGANIZATION type customer. Problem with relatedEntity (index: 1 ). "
