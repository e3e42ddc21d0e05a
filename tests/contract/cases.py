"""For every row of the contract's table of errors a customer that breaks just this rule, and the answer to it.

The rows stand in the order of the table. `before` is sent first, `units` are the business units of the installation,
and `granted` those of the sender.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.samples import LEFT_OUT, individual, organization


@dataclass(frozen=True, slots=True)
class Case:
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
_CONTACTS = "MOBILEPHONE, FIXEDPHONE, EMAIL, WEBSITE"
_DOCUMENTS = "PASSPORT, IDENTITYCARD, RESIDENCEPERMIT, DRIVINGLICENSE, REGISTRATIONCERTIFICATE, OTHER"
_DATATYPES = "STRING, INTEGER, DECIMAL, DATE, TIMESTAMP, BOOLEAN"
_OF_INDIVIDUAL = "Problem with field for INDIVIDUAL type customer. Problem with relatedEntity (index: 1 ). "
_OF_ORGANIZATION = "Problem with field for ORGANIZATION type customer. Problem with relatedEntity (index: 1 ). "
_known = individual()
_updated = individual()

CASES = [
    Case("no object", "C019", "Customer must be a JSON object"),
    Case(individual(communicationNumber=LEFT_OUT), "001", "CommunicationNumber is mandatory"),
    Case(individual(communicationNumber="x" * 257), "C001", "CommunicationNumber is longer than 256 characters"),
    Case(
        individual(communicationNumber=_known["communicationNumber"]),
        "O005",
        "CommunicationNumber already used in amlyze",
        before=[_known],
    ),
    Case(individual(customerExtId=LEFT_OUT), "C002", "CustomerExtId is mandatory"),
    Case(individual(requester=LEFT_OUT), "001", "Requester is mandatory"),
    Case(individual(action="UPDATE"), "C004", "Cannot update not existing customer, use Action = CREATE"),
    Case(
        individual(customerExtId=_updated["customerExtId"]),
        "C004",
        "Customer already exists, use Action = UPDATE",
        before=[_updated],
    ),
    Case(individual(action="DELETE"), "C005", "Action is not valid. values: CREATE, UPDATE"),
    Case(individual(businessUnit="NOWHERE"), "C006", "Business unit does not exist in Amlyze"),
    Case(individual(), "C006", "Business unit is mandatory", units=("NORTH", "SOUTH")),
    Case(
        individual(businessUnit="SOUTH"),
        "C006",
        "Business unit is not allowed for this user",
        units=("NORTH", "SOUTH"),
        granted=("NORTH",),
    ),
    Case(individual(riskManagementCategory=LEFT_OUT), "C007", "RiskManagementCategory is mandatory"),
    Case(individual(riskManagementCategory="NONE"), "C007", "RiskManagementCategory does not exist in Amlyze"),
    Case(
        individual(sourceOfRiskLevel="EVALUATE"),
        "C008",
        "SourceOfRiskLevel must be IMPORT or absent, evaluation is not available in batch",
    ),
    Case(
        individual(riskManagementCategory="LEAD_IND"),
        "C008.I02",
        "When source of risk level IMPORT. 'Lead' risk management category is forbidden",
    ),
    Case(individual(riskLevel="SOME"), "C009", "RiskLevel is not valid. values: NONE, LOW, MEDIUM, HIGH, EXTREME"),
    Case(individual(entityType=LEFT_OUT), "C010", "EntityType is mandatory"),
    Case(individual(customerStatus=LEFT_OUT), "C011", "CustomerStatus is mandatory"),
    Case(individual(applicationDate=LEFT_OUT), "C012", "ApplicationDate is mandatory"),
    Case(individual(customerStatus="CLOSED"), "C013", "ClosingDate is mandatory for CLOSED CustomerStatus"),
    Case(individual(closingDate="2024-04-12"), "C013a", "ClosingDate can not exist for not CLOSED CustomerStatus"),
    Case(individual(lei="LEI54511548"), "C014", "Field not allowed for INDIVIDUAL. Field: LEI"),
    Case(organization(firstName="Ann"), "C015", "Field not allowed for ORGANIZATION. Field: FirstName"),
    Case(individual(firstName=LEFT_OUT), "C016.I01", "For INDIVIDUAL type customer FirstName is mandatory"),
    Case(individual(lastName=LEFT_OUT), "C016.I02", "For INDIVIDUAL type customer LastName is mandatory"),
    Case(
        individual(citizenshipCountry=LEFT_OUT),
        "C016.I06",
        "Problem with field for INDIVIDUAL type customer. CitizenshipCountry is mandatory",
    ),
    Case(
        individual(citizenshipCountry="XX"),
        "C016.I06",
        "Problem with field for INDIVIDUAL type customer. CitizenshipCountry not found in amlyze",
    ),
    Case(individual(birthCountry="XX"), "C016.I06", "BirthCountry not defined in Amlyze"),
    Case(individual(permanentResidenceCountry="XX"), "C016.I08", "PermanentResidenceCountry not defined in Amlyze"),
    Case(individual(secondCitizenshipCountry="XX"), "C016.I08", "SecondCitizenshipCountry not defined in Amlyze"),
    Case(
        individual(fieldOfActivity={"student": {"higherSchoolCountry": "XX"}}),
        "FOA01",
        "FieldOfActivity.Student.Country is invalid",
    ),
    Case(individual(fieldOfActivity={"pension": {"pensionCountry": "XX"}}), "FOA02", "PensionCountry is invalid"),
    Case(organization(title=LEFT_OUT), "C017.O01", "For ORGANIZATION type customer Title is mandatory"),
    Case(organization(registrationCountry="XX"), "REG", "RegistrationCountry must exist in Amlyze"),
    Case(organization(legalForm=LEFT_OUT), "C017.O02", "For ORGANIZATION type customer LegalForm is mandatory"),
    Case(organization(numberOfEmployees="many"), "C018", "Bad value for INTEGER. Field: NumberOfEmployees"),
    Case(individual(initializeScreeningProcesses=["XRAY"]), "SCR01", "Screening process is undefined: XRAY"),
    Case(individual(initializeScreeningProcesses=["PEP"]), "SCR02", "Screening is not available in batch: PEP"),
    Case(
        listing("listContact", contactType="PIGEON"),
        "Q001.Co1",
        f"Problem with Contact (index: 1 ). ContactType is mandatory. values: {_CONTACTS}",
    ),
    Case(
        listing("listContact", contactDetails=None),
        "Q001.Co2",
        "Problem with Contact (index: 1 ). ContactDetails is mandatory",
    ),
    Case(
        listing("listBusinessEntityDocument", entityType=None),
        "Q002.DOC01",
        "Problem with Customer BusinessEntityDocument index = 1 . EntityType is mandatory. "
        "values : INDIVIDUAL, ORGANIZATION",
    ),
    Case(
        listing("listBusinessEntityDocument", identityDocumentType="TICKET"),
        "Q002.DOC02",
        f"Problem with Customer BusinessEntityDocument index = 1 . IdentityDocumentType is mandatory. "
        f"values : {_DOCUMENTS}",
    ),
    Case(
        listing("listBusinessEntityDocument", documentNumber=" "),
        "Q002.DOC03",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentNumber is mandatory",
    ),
    Case(
        listing("listBusinessEntityDocument", documentIssueDate="20220115"),
        "Q002.DOC04",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentIssueDate is mandatory",
    ),
    Case(
        listing("listBusinessEntityDocument", documentExpiryDate="never"),
        "Q002.DOC05",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentExpiryDate is not a date",
    ),
    Case(
        listing("listBusinessEntityDocument", documentIssueCountry="XX"),
        "Q002.DOC06",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentIssueCountry is mandatory and must exist in "
        "Amlyze",
    ),
    Case(
        listing("listBusinessEntityDocument", documentIssueAuthority=None),
        "Q002.DOC07",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentIssueAuthority is mandatory",
    ),
    Case(
        listing("listAppealReason", appealReasonType="WHY"),
        "Q003.AR01",
        "Problem with AppealReason (index: 1 ). AppealReasonType not found in Amlyze",
    ),
    Case(
        organization(listAddress=[{"country": "LT"}]),
        "Q004.ADR01",
        "Problem with Address (index: 0 ). AddressDetails is mandatory",
    ),
    Case(
        listing("listAddress", country=None),
        "Q004.ADR02",
        "Problem with Address (index: 1 ). Country is mandatory and must exist in Amlyze",
    ),
    Case(
        listing("listAddress", addressType="CASTLE"),
        "Q004.ADR02",
        "Problem with Address (index: 1 ). AddressType is not defined in amlyze",
    ),
    Case(
        listing("listIntroductionSource", introductionSource=None),
        "Q005.IS01",
        "Problem with IntroductionSource (index: 1 ). IntroductionSource not found in Amlyze",
    ),
    Case(
        listing("listOrderedService", serviceType="HAIRCUT"),
        "Q006.OS01",
        "Problem with OrderedService (index: 1 ). ServiceType not found in Amlyze",
    ),
    Case(
        listing("listDeclaredTurnover", turnoverType=None),
        "Q007.DT01",
        "Problem with DeclaredTurnover (index: 1 ). TurnoverType not found in Amlyze",
    ),
    Case(
        listing("listDeclaredTurnover", turnoverRange="HOURLY"),
        "Q007.DT02",
        "Problem with DeclaredTurnover (index: 1 ). TurnoverRange is mandatory. values: SINGLE, DAILY, MONTHLY, ANNUAL",
    ),
    Case(
        listing("listDeclaredTurnover", **{"from": None}),
        "Q007.DT03",
        "Problem with DeclaredTurnover (index: 1 ). At least one value (from or to) must be specified",
    ),
    Case(
        listing("listIncomeSource", incomeSourceType="LUCK"),
        "Q008.INC01",
        "Problem with IncomeSource (index: 1 ). IncomeSourceType not found in Amlyze",
    ),
    Case(
        listing("listCountryOfActivity", country="XX"),
        "Q009.CA01",
        "Problem with CountryOfActivity (index: 1 ). CountryOfActivity not found in Amlyze",
    ),
    Case(
        listing("listRegionOfActivity", region=None),
        "Q010.RA01",
        "Problem with RegionOfActivity (index: 1 ). Region is mandatory",
    ),
    Case(
        listing("listActivity", activityType="SLEEP"),
        "Q011.ACT01",
        "Problem with Activity (index: 1 ). ActivityType not found in Amlyze",
    ),
    Case(
        listing("listPaymentPurpose", paymentPurposeType="FUN"),
        "Q012.PP01",
        "Problem with PaymentPurpose (index: 1 ). PaymentPurposeType not found in Amlyze",
    ),
    Case(
        listing("listPaymentPurpose", turnoverDirection="AROUND"),
        "Q012.PP02",
        "Problem with PaymentPurpose (index: 1 ). TurnoverDirection is mandatory. values: IN, OUT",
    ),
    Case(
        listing("listSourceOfWealth", code="TREASURE"),
        "Q013.SW01",
        "Problem with SourceOfWealth (index: 1 ). Code not found in Amlyze",
    ),
    Case(
        listing("listPaymentCountry", country="lt"),
        "Q014.RC01",
        "Problem with PaymentCountry (index: 1 ). PaymentCountry not found in Amlyze",
    ),
    Case(
        listing("listPaymentCountry", turnoverDirection=None),
        "Q014.RC02",
        "Problem with PaymentCountry (index: 1 ). TurnoverDirection is mandatory. values: IN, OUT",
    ),
    Case(
        listing("listCountryOfTaxPayment", country=None),
        "Q017.COTP01",
        "CountryOfTaxPayment (index: 1 ). CountryOfTaxPayment not found in Amlyze",
    ),
    Case(listing("listAdditionalValues", code=None), "AV01", "AdditionalValue (index: 1 ). Code is mandatory"),
    Case(
        listing("listAdditionalValues", description=None),
        "AV02",
        "AdditionalValue (index: 1 ). Description is mandatory",
    ),
    Case(
        listing("listAdditionalValues", datatype="COLOUR"),
        "AV03",
        f"AdditionalValue (index: 1 ). Datatype is mandatory. values: {_DATATYPES}",
    ),
    Case(listing("listAdditionalValues", value=None), "AV04", "AdditionalValue (index: 1 ). Value is mandatory"),
    Case(
        listing("listAdditionalValues", datatype="BOOLEAN", value="maybe"),
        "AV07",
        "Bad value for BOOLEAN (values: true false') valueCode: usa",
    ),
    Case(
        listing("listAdditionalValues", datatype="INTEGER", value="1.5"),
        "AV07",
        "Bad value for INTEGER valueCode: usa",
    ),
    Case(
        listing("listAdditionalValues", datatype="TIMESTAMP", value="2023-10-01"),
        "AV07",
        "Bad value for TIMESTAMP (format: 'yyyy-MM-dd HH:mm:ss.SSSZ') valueCode: usa",
    ),
    Case(relating(relationType=None), "C016.C016.RE01", f"{_OF_INDIVIDUAL}Relation type is mandatory"),
    Case(
        relating(organization, relationType="COUSIN"),
        "C017.C016.RE01",
        f"{_OF_ORGANIZATION}Relation type is not defined in Amlyze",
    ),
    Case(relating(entityType="ROBOT"), "C016.C016.RE02", f"{_OF_INDIVIDUAL}EntityType is mandatory"),
    Case(relating(country="XX"), "C016.C016.RE03", f"{_OF_INDIVIDUAL}Country not defined in Amlyze"),
    Case(relating(organization, firstName=None), "C017.C016.RE04", f"{_OF_ORGANIZATION}FirstName is mandatory"),
    Case(
        relating_organization(legalForm="TRIBE"),
        "C017.C016.RE05",
        f"{_OF_ORGANIZATION}LegalForm not found in Amlyze",
    ),
    Case(
        relating_part("listContact", contactType=None),
        "C016.C016.RE06.Co1",
        f"{_OF_INDIVIDUAL}Problem with Contact (index: 1 ). ContactType is mandatory. values: {_CONTACTS}",
    ),
    Case(
        relating_part("listContact", organization, contactDetails={}),
        "C017.C016.RE06.Co2",
        f"{_OF_ORGANIZATION}Problem with Contact (index: 1 ). ContactDetails is mandatory",
    ),
    Case(
        relating_part("listAddress", organization, addressDetails=None),
        "C017.C016.RE06.ADR01",
        f"{_OF_ORGANIZATION}Problem with Address (index: 1 ). AddressDetails is mandatory",
    ),
    Case(
        relating_part("listAddress", addressType="CASTLE"),
        "C016.C016.RE06.ADR02",
        f"{_OF_INDIVIDUAL}Problem with Address (index: 1 ). AddressType is not defined in amlyze",
    ),
    Case(
        relating_part("listBusinessEntityDocument", entityType=None),
        "C016.C016.RE08.DOC01",
        f"{_OF_INDIVIDUAL}Problem with BusinessEntityDocuments (index: 1 ). EntityType is mandatory. "
        "values : INDIVIDUAL, ORGANIZATION",
    ),
    Case(
        relating_part("listBusinessEntityDocument", organization, documentNumber=None),
        "C017.C016.RE08.DOC03",
        f"{_OF_ORGANIZATION}Problem with BusinessEntityDocuments (index: 1 ). DocumentNumber is mandatory",
    ),
    Case(
        relating_part("listIncomeSource", incomeSourceType=None),
        "C016.C016.RE09.INC01",
        f"{_OF_INDIVIDUAL}Problem with IncomeSource (index: 1 ). IncomeSourceType not found in Amlyze",
    ),
    Case(
        relating_part("listActivity", activityType=None),
        "C016.C016.RE10.ACT01",
        f"{_OF_INDIVIDUAL}Problem with Activity (index: 1 ). ActivityType not found in Amlyze",
    ),
    Case(
        relating_part("listRegionOfActivity", region=None),
        "C016.C016.RE11.RA01",
        f"{_OF_INDIVIDUAL}Problem with RegionOfActivity (index: 1 ). Region is mandatory",
    ),
    Case(
        relating_part("listCountryOfActivity", country=None),
        "C016.C016.RE12.CA01",
        f"{_OF_INDIVIDUAL}Problem with CountryOfActivity (index: 1 ). CountryOfActivity not found in Amlyze",
    ),
    Case(
        relating_part("listAdditionalValues", datatype="BOOLEAN", value="maybe"),
        "C016.C016.AV07",
        f"{_OF_INDIVIDUAL}Bad value for BOOLEAN (values: true false') valueCode: usa",
    ),
    Case(
        relating(isPEP="perhaps"),
        "C016.C016.C018",
        f"{_OF_INDIVIDUAL}Bad value for BOOLEAN (values: true, false). Field: IsPEP",
    ),
]

# What the table says beside its rows: other texts of a row, and rows that hold alike.
ALIKE = [
    Case(None, "C019", "Customer must be a JSON object"),
    Case(individual(communicationNumber="a\0b"), "C001", "CommunicationNumber is longer than 256 characters"),
    Case(individual(customerExtId="x" * 256), "C002", "CustomerExtId is longer than 255 characters"),
    Case(individual(entityType="ROBOT"), "C010", "EntityType is not valid. values: INDIVIDUAL, ORGANIZATION"),
    Case(
        individual(customerStatus="GONE"),
        "C011",
        "CustomerStatus is not valid. values: PENDING, ACTIVE, REJECTED, SUSPENDED, CLOSED",
    ),
    Case(individual(applicationDate="2023-02-29"), "C012", "ApplicationDate is not a date"),
    Case(individual(customerStatus="CLOSED", closingDate="soon"), "C013",
         "ClosingDate is mandatory for CLOSED CustomerStatus"),
    Case(individual(closingDate="soon"), "C013a", "ClosingDate can not exist for not CLOSED CustomerStatus"),
    Case(individual(giin="1"), "C014", "Field not allowed for INDIVIDUAL. Field: GIIN"),
    Case(organization(fieldOfActivity={}), "C015", "Field not allowed for ORGANIZATION. Field: FieldOfActivity"),
    Case(organization(registrationCountry=LEFT_OUT), "REG", "RegistrationCountry must exist in Amlyze"),
    Case(organization(legalForm="TRIBE"), "C017.O02", "LegalForm not found in Amlyze"),
    Case(individual(nationalCode=["1"]), "C018", "Bad value for STRING. Field: NationalCode"),
    Case(individual(initialDepositAmount="much"), "C018", "Bad value for DECIMAL. Field: InitialDepositAmount"),
    Case(individual(isPEP="perhaps"), "C018", "Bad value for BOOLEAN (values: true, false). Field: IsPEP"),
    Case(individual(birthDate="2000-W01-1"), "C018", "Bad value for DATE. Field: BirthDate"),
    Case(individual(listContact={}), "C018", "Bad value for LIST. Field: ListContact"),
    Case(individual(listContact=["x"]), "C018", "Bad value for OBJECT. Field: ListContact"),
    Case(individual(fieldOfActivity="x"), "C018", "Bad value for OBJECT. Field: FieldOfActivity"),
    Case(individual(listPurpose="GREY"), "C018", "Bad value for BLACK, WHITE. Field: ListPurpose"),
    Case(individual(initialDepositCurrency="XXY"), "C018", "InitialDepositCurrency not found in Amlyze"),
    Case(listing("listContact", useForCommunication="x"), "C018",
         "Bad value for BOOLEAN (values: true, false). Field: UseForCommunication"),
    Case(listing("listDeclaredTurnover", to="x"), "Q007.DT03",
         "Problem with DeclaredTurnover (index: 1 ). Bad value for INTEGER"),
    Case(listing("listAdditionalValues", datatype="DECIMAL", value="x"), "AV07",
         "Bad value for DECIMAL valueCode: usa"),
    Case(listing("listAdditionalValues", datatype="DATE", value="x"), "AV07", "Bad value for DATE valueCode: usa"),
    Case(relating(birthCountry="XX"), "C016.C016.RE03", f"{_OF_INDIVIDUAL}BirthCountry not defined in Amlyze"),
    Case(
        relating_organization(registrationCountry=None),
        "C017.C016.RE03",
        f"{_OF_ORGANIZATION}RegistrationCountry not defined in Amlyze",
    ),
    Case(relating(lastName=None), "C016.C016.RE04", f"{_OF_INDIVIDUAL}LastName is mandatory"),
    Case(relating_organization(title=None), "C017.C016.RE04", f"{_OF_ORGANIZATION}Title is mandatory"),
    Case(
        relating_part("listAddress", country=None),
        "C016.C016.RE06.ADR02",
        f"{_OF_INDIVIDUAL}Problem with Address (index: 1 ). Country is mandatory and must exist in Amlyze",
    ),
    Case(
        relating_part("listBusinessEntityDocument", documentExpiryDate="x"),
        "C016.C016.RE08.DOC05",
        f"{_OF_INDIVIDUAL}Problem with BusinessEntityDocuments (index: 1 ). DocumentExpiryDate is not a date",
    ),
    Case(
        relating_part("listAdditionalValues", code=None),
        "C016.C016.AV01",
        f"{_OF_INDIVIDUAL}AdditionalValue (index: 1 ). Code is mandatory",
    ),
]  # fmt: skip
