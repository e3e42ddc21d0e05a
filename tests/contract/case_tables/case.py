"""A case of the table of errors, and the customers that cases are made of."""

from dataclasses import dataclass, field
from typing import Any

from tests.samples import individual, organization


@dataclass(frozen=True, slots=True)
class Case:
    """A customer that breaks just one rule, and the answer to it.

    `before` is sent first, `units` are the business units of the installation, and `granted` those of the sender.
    """

    customer: Any
    code: str
    description: str
    before: list[dict[str, Any]] = field(default_factory=list)
    units: tuple[str, ...] = ("MAIN",)
    granted: tuple[str, ...] = ()


def listing(name: str, **part: Any) -> dict[str, Any]:
    """An individual whose list has a sound part of that kind at 0 and this one at 1."""
    return individual(**{name: [_SOUND[name], {**_SOUND[name], **part}]})


def relating(customer: Any = individual, **changes: Any) -> dict[str, Any]:
    """A customer with this related person at index 1, after a sound one."""
    return customer(listRelatedEntity=[_RELATED, {**_RELATED, **changes}])


def relating_organization(customer: Any = organization, **changes: Any) -> dict[str, Any]:
    return customer(listRelatedEntity=[_RELATED, {**_RELATED_ORGANIZATION, **changes}])


def relating_part(name: str, customer: Any = individual, **part: Any) -> dict[str, Any]:
    """A customer with a related person at 1 whose list has a sound part at 0 and this one at 1."""
    return relating(customer, **{name: [_SOUND[name], {**_SOUND[name], **part}]})


_SOUND: dict[str, dict[str, Any]] = {
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
_RELATED: dict[str, Any] = {
    "entityType": "INDIVIDUAL",
    "relationType": "OWNER",
    "firstName": "John",
    "lastName": "Rodriguez",
}
_RELATED_ORGANIZATION: dict[str, Any] = {
    "entityType": "ORGANIZATION",
    "relationType": "OWNER",
    "title": "LTD 'Fokusmano'",
    "registrationCountry": "LT",
}
CONTACTS = "MOBILEPHONE, FIXEDPHONE, EMAIL, WEBSITE"
DOCUMENTS = "PASSPORT, IDENTITYCARD, RESIDENCEPERMIT, DRIVINGLICENSE, REGISTRATIONCERTIFICATE, OTHER"
DATATYPES = "STRING, INTEGER, DECIMAL, DATE, TIMESTAMP, BOOLEAN"
OF_INDIVIDUAL = "Problem with field for INDIVIDUAL type customer. Problem with relatedEntity (index: 1 ). "
OF_ORGANIZATION = "Problem with field for ORGANIZATION type customer. Problem with relatedEntity (index: 1 ). "
