"""Cases of the rows for the nested objects of a customer."""

from tests.contract.case_tables.case import CONTACT_TYPES, DATATYPES, DOCUMENT_TYPES, Case, nested
from tests.samples import organization

CASES = [
    Case(
        nested("listContact", contactType="PIGEON"),
        "Q001.Co1",
        f"Problem with Contact (index: 1 ). ContactType is mandatory. values: {CONTACT_TYPES}",
    ),
    Case(
        nested("listContact", contactDetails=None),
        "Q001.Co2",
        "Problem with Contact (index: 1 ). ContactDetails is mandatory",
    ),
    Case(
        nested("listBusinessEntityDocument", entityType=None),
        "Q002.DOC01",
        "Problem with Customer BusinessEntityDocument index = 1 . EntityType is mandatory. "
        "values : INDIVIDUAL, ORGANIZATION",
    ),
    Case(
        nested("listBusinessEntityDocument", identityDocumentType="TICKET"),
        "Q002.DOC02",
        f"Problem with Customer BusinessEntityDocument index = 1 . IdentityDocumentType is mandatory. "
        f"values : {DOCUMENT_TYPES}",
    ),
    Case(
        nested("listBusinessEntityDocument", documentNumber=" "),
        "Q002.DOC03",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentNumber is mandatory",
    ),
    Case(
        nested("listBusinessEntityDocument", documentIssueDate="20220115"),
        "Q002.DOC04",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentIssueDate is mandatory",
    ),
    Case(
        nested("listBusinessEntityDocument", documentExpiryDate="never"),
        "Q002.DOC05",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentExpiryDate is not a date",
    ),
    Case(
        nested("listBusinessEntityDocument", documentIssueCountry="XX"),
        "Q002.DOC06",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentIssueCountry is mandatory and must exist in "
        "Amlyze",
    ),
    Case(
        nested("listBusinessEntityDocument", documentIssueAuthority=None),
        "Q002.DOC07",
        "Problem with Customer BusinessEntityDocument index = 1 . DocumentIssueAuthority is mandatory",
    ),
    Case(
        nested("listAppealReason", appealReasonType="WHY"),
        "Q003.AR01",
        "Problem with AppealReason (index: 1 ). AppealReasonType not found in Amlyze",
    ),
    Case(
        organization(listAddress=[{"country": "LT"}]),
        "Q004.ADR01",
        "Problem with Address (index: 0 ). AddressDetails is mandatory",
    ),
    Case(
        nested("listAddress", country=None),
        "Q004.ADR02",
        "Problem with Address (index: 1 ). Country is mandatory and must exist in Amlyze",
    ),
    Case(
        nested("listAddress", addressType="CASTLE"),
        "Q004.ADR02",
        "Problem with Address (index: 1 ). AddressType is not defined in amlyze",
    ),
    Case(
        nested("listIntroductionSource", introductionSource=None),
        "Q005.IS01",
        "Problem with IntroductionSource (index: 1 ). IntroductionSource not found in Amlyze",
    ),
    Case(
        nested("listOrderedService", serviceType="HAIRCUT"),
        "Q006.OS01",
        "Problem with OrderedService (index: 1 ). ServiceType not found in Amlyze",
    ),
    Case(
        nested("listDeclaredTurnover", turnoverType=None),
        "Q007.DT01",
        "Problem with DeclaredTurnover (index: 1 ). TurnoverType not found in Amlyze",
    ),
    Case(
        nested("listDeclaredTurnover", turnoverRange="HOURLY"),
        "Q007.DT02",
        "Problem with DeclaredTurnover (index: 1 ). TurnoverRange is mandatory. values: SINGLE, DAILY, MONTHLY, ANNUAL",
    ),
    Case(
        nested("listDeclaredTurnover", **{"from": None}),
        "Q007.DT03",
        "Problem with DeclaredTurnover (index: 1 ). At least one value (from or to) must be specified",
    ),
    Case(
        nested("listIncomeSource", incomeSourceType="LUCK"),
        "Q008.INC01",
        "Problem with IncomeSource (index: 1 ). IncomeSourceType not found in Amlyze",
    ),
    Case(
        nested("listCountryOfActivity", country="XX"),
        "Q009.CA01",
        "Problem with CountryOfActivity (index: 1 ). CountryOfActivity not found in Amlyze",
    ),
    Case(
        nested("listRegionOfActivity", region=None),
        "Q010.RA01",
        "Problem with RegionOfActivity (index: 1 ). Region is mandatory",
    ),
    Case(
        nested("listActivity", activityType="SLEEP"),
        "Q011.ACT01",
        "Problem with Activity (index: 1 ). ActivityType not found in Amlyze",
    ),
    Case(
        nested("listPaymentPurpose", paymentPurposeType="FUN"),
        "Q012.PP01",
        "Problem with PaymentPurpose (index: 1 ). PaymentPurposeType not found in Amlyze",
    ),
    Case(
        nested("listPaymentPurpose", turnoverDirection="AROUND"),
        "Q012.PP02",
        "Problem with PaymentPurpose (index: 1 ). TurnoverDirection is mandatory. values: IN, OUT",
    ),
    Case(
        nested("listSourceOfWealth", code="TREASURE"),
        "Q013.SW01",
        "Problem with SourceOfWealth (index: 1 ). Code not found in Amlyze",
    ),
    Case(
        nested("listPaymentCountry", country="lt"),
        "Q014.RC01",
        "Problem with PaymentCountry (index: 1 ). PaymentCountry not found in Amlyze",
    ),
    Case(
        nested("listPaymentCountry", turnoverDirection=None),
        "Q014.RC02",
        "Problem with PaymentCountry (index: 1 ). TurnoverDirection is mandatory. values: IN, OUT",
    ),
    Case(
        nested("listCountryOfTaxPayment", country=None),
        "Q017.COTP01",
        "CountryOfTaxPayment (index: 1 ). CountryOfTaxPayment not found in Amlyze",
    ),
    Case(nested("listAdditionalValues", code=None), "AV01", "AdditionalValue (index: 1 ). Code is mandatory"),
    Case(
        nested("listAdditionalValues", description=None),
        "AV02",
        "AdditionalValue (index: 1 ). Description is mandatory",
    ),
    Case(
        nested("listAdditionalValues", datatype="COLOUR"),
        "AV03",
        f"AdditionalValue (index: 1 ). Datatype is mandatory. values: {DATATYPES}",
    ),
    Case(nested("listAdditionalValues", value=None), "AV04", "AdditionalValue (index: 1 ). Value is mandatory"),
    Case(
        nested("listAdditionalValues", datatype="BOOLEAN", value="maybe"),
        "AV07",
        "Bad value for BOOLEAN (values: true false') valueCode: usa",
    ),
    Case(
        nested("listAdditionalValues", datatype="INTEGER", value="1.5"),
        "AV07",
        "Bad value for INTEGER valueCode: usa",
    ),
    Case(
        nested("listAdditionalValues", datatype="TIMESTAMP", value="2023-10-01"),
        "AV07",
        "Bad value for TIMESTAMP (format: 'yyyy-MM-dd HH:mm:ss.SSSZ') valueCode: usa",
    ),
]
