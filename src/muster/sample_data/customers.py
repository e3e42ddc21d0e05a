"""Customers that every check accepts, made of invented values.

They are marked in several places: identifiers begin with SAMPLE, `requester` says it, and every customer has an
additional value `sample_data`. E-mail addresses are in a reserved domain (RFC 2606), telephone numbers in a range
that Ofcom keeps for fiction.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from muster.sample_data.names import Origin, read_origins

Customer = dict[str, Any]

PREFIX: Final = "SAMPLE"
SAMPLE_MARK: Final = {
    "code": "sample_data",
    "description": "Invented by muster for its demo",
    "datatype": "BOOLEAN",
    "value": "true",
}
# The installation's own codes that customers use, beside those of every installation.
BENEFICIAL_OWNER: Final = "UBO"
_DAYS_A_YEAR: Final = 365
_RISK_LEVELS: Final = ("LOW", "MEDIUM", "HIGH", "EXTREME")
_RISK_WEIGHTS: Final = (70, 22, 7, 1)
_SERVICES: Final = ("CHECKINGACCOUNT", "LOANS", "CREDIT_LINE", "CURRENCY_EXCHANGE")
_INCOME: Final = ("SALARY", "BUSINESS_ACTIVITIES", "PASSIVE_INCOME", "SEASONAL_ACTIVITIES")
_LEGAL_FORMS: Final = ("LTD", "LTD", "LTD", "COOPERATIVE", "CORPORATION")


class CustomerMaker:
    """Makes new customers. Each has identifiers of its own."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._origins = read_origins()
        self._weights = [origin.weight for origin in self._origins]
        self._serial = 0
        self._messages = 0

    def make(self, requester: str, unit: str, day: date, *, individuals: float = 0.8) -> Customer:
        """A new customer who applied on this day or shortly before; `individuals` is the share of persons."""
        origin = self._random.choices(self._origins, self._weights)[0]
        if self._random.random() < individuals:
            return self.make_individual(origin, requester, unit, day)
        return self.make_organization(origin, requester, unit, day)

    def make_number(self, day: date) -> str:
        """A communication number that no other message has."""
        self._messages += 1
        return f"{PREFIX}-{day:%Y%m%d}-{self._messages:06}"

    def make_telephone(self) -> str:
        return f"+44 7700 900{self._random.randint(0, 999):03}"

    def make_individual(self, origin: Origin, requester: str, unit: str, day: date) -> Customer:
        random = self._random
        first_name, last_name = origin.make_person(random)
        return {
            **self._make_common("INDIVIDUAL", origin, requester, unit, day),
            "firstName": first_name,
            "lastName": last_name,
            "citizenshipCountry": origin.country,
            "birthDate": self._make_day(day, 18, 80),
            "birthCountry": origin.country,
            "permanentResidenceCountry": "LV" if unit != "MAIN" else "LT",
            "isFamilyPEP": False,
            "listIncomeSource": [{"incomeSourceType": random.choice(_INCOME), "incomePercentage": 100}],
            "fieldOfActivity": {"employment": {"isEmployee": True, "employerTitle": origin.make_company(random)}},
        }

    def make_organization(self, origin: Origin, requester: str, unit: str, day: date) -> Customer:
        random = self._random
        turnover = random.randint(1, 90) * 10_000
        return {
            **self._make_common("ORGANIZATION", origin, requester, unit, day),
            "title": origin.make_company(random),
            "registrationCountry": origin.country,
            "legalForm": random.choice(_LEGAL_FORMS),
            "establishmentDate": self._make_day(day, 1, 30),
            "numberOfEmployees": random.randint(1, 400),
            "activityDescription": random.choice(origin.trades),
            "listActivity": [{"activityType": "ACTIVITY_OTHER", "incomePercentage": 100}],
            "listDeclaredTurnover": [
                {"turnoverType": "TURNOVER_PER_MONTH", "turnoverRange": "MONTHLY", "from": turnover, "to": 3 * turnover}
            ],
            "listPaymentCountry": [{"country": origin.country, "turnoverDirection": random.choice(("IN", "OUT"))}],
            "listRelatedEntity": self._make_related_entities(origin, day),
        }

    def make_related_person(self, origin: Origin, day: date, relation: str, share: int | None = None) -> Customer:
        first_name, last_name = origin.make_person(self._random)
        person: Customer = {
            "entityType": "INDIVIDUAL",
            "relationType": relation,
            "firstName": first_name,
            "lastName": last_name,
            "birthDate": self._make_day(day, 25, 75),
            "country": origin.country,
            "isPEP": self._random.random() < 0.04,
        }
        return person if share is None else {**person, "share": share, "votePercentage": share}

    def _make_common(self, entity_type: str, origin: Origin, requester: str, unit: str, day: date) -> Customer:
        random = self._random
        self._serial += 1
        is_person = entity_type == "INDIVIDUAL"
        ext_id = f"{PREFIX}-{'P' if is_person else 'C'}{self._serial:05}"
        return {
            "communicationNumber": self.make_number(day),
            "requester": requester,
            "action": "CREATE",
            "sourceOfRiskLevel": "IMPORT",
            "riskLevel": random.choices(_RISK_LEVELS, _RISK_WEIGHTS)[0],
            "customerStatus": "PENDING" if random.random() < 0.1 else "ACTIVE",
            "businessUnit": unit,
            "riskManagementCategory": "IND" if is_person else "ORG",
            "entityType": entity_type,
            "customerExtId": ext_id,
            "applicationDate": (day - timedelta(days=random.randint(0, 5))).isoformat(),
            "nationalCode": f"{PREFIX}{self._serial:07}",
            "isPEP": is_person and random.random() < 0.03,
            "isSanctioned": False,
            "isInAdverseMedia": random.random() < 0.02,
            "listContact": self._make_contacts(),
            "listAddress": [origin.make_address(random, "RESIDENCE" if is_person else "HEADQUARTERS")],
            "listBusinessEntityDocument": [self._make_identity_document(entity_type, origin, day)],
            "listOrderedService": [{"serviceType": random.choice(_SERVICES)}],
            "listCountryOfTaxPayment": [{"country": origin.country}],
            "listAdditionalValues": [SAMPLE_MARK],
        }

    def _make_contacts(self) -> list[Mapping[str, object]]:
        return [
            {"contactType": "EMAIL", "contactDetails": f"customer-{self._serial}@sample.example"},
            {"contactType": "MOBILEPHONE", "contactDetails": self.make_telephone(), "useForCommunication": True},
        ]

    def _make_identity_document(self, entity_type: str, origin: Origin, day: date) -> Mapping[str, object]:
        is_person = entity_type == "INDIVIDUAL"
        issued = day - timedelta(days=self._random.randint(1, 9 * _DAYS_A_YEAR))
        kind = self._random.choice(("PASSPORT", "IDENTITYCARD")) if is_person else "REGISTRATIONCERTIFICATE"
        document = {
            "entityType": entity_type,
            "identityDocumentType": kind,
            "documentNumber": f"{PREFIX}-{self._random.randint(0, 999_999):06}",
            "documentIssueDate": issued.isoformat(),
            "documentIssueCountry": origin.country,
            "documentIssueAuthority": origin.authority,
        }
        if is_person:
            document["documentExpiryDate"] = (issued + timedelta(days=10 * _DAYS_A_YEAR)).isoformat()
        return document

    def _make_related_entities(self, origin: Origin, day: date) -> list[Customer]:
        """A director and one to three owners, of whom one may be an organization in another country."""
        random = self._random
        director = self.make_related_person(origin, day, "DIRECTOR")
        if random.random() < 0.15:
            holder = random.choice(self._origins)
            holding: Customer = {
                "entityType": "ORGANIZATION",
                "relationType": "SHAREHOLDER",
                "title": holder.make_company(random),
                "registrationCountry": holder.country,
                "legalForm": "CORPORATION",
                "share": 60,
                "votePercentage": 60,
            }
            return [director, holding, self.make_related_person(origin, day, BENEFICIAL_OWNER, 40)]
        shares = random.choice(((100,), (60, 40), (50, 30, 20)))
        return [director, *(self.make_related_person(origin, day, BENEFICIAL_OWNER, share) for share in shares)]

    def _make_day(self, before: date, min_years: int, max_years: int) -> str:
        days = self._random.randint(min_years * _DAYS_A_YEAR, max_years * _DAYS_A_YEAR)
        return (before - timedelta(days=days)).isoformat()
