"""The error catalogue: every error once, as a named constant. `error_order.py` has the order of the checks.

A text is a template. Compiling a field fills in the placeholders `{Field}`, `{TYPE}` and `{values}`; a violation fills
in `{i}` and `{j}` (the indexes of an object in its list, and of one within a related entity), `{code}` and `{NAME}`.

An error of a nested object has only the end of its code and text here. `error_prefix.py` has the beginnings: the same
error of a contact is `Q001.Co1` in a customer and `C016.C016.RE06.Co1` in a related entity.

Source: the contract's table of errors. `documented` codes and texts are given by the contract and never change.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Error:
    """One error: its code, its text, and in words when a customer has it.

    Without `has_prefix`, the prefix of a nested object stands before neither code nor text (`error_prefix.py`).
    `expected` says what to send instead; empty where the type of the field says it (`ValueType.expected`).
    `text_in_related` replaces the text in a related entity, where the contract has another one there.
    """

    code: str
    text: str
    when: str = ""
    documented: bool = False
    has_prefix: bool = True
    expected: str = ""
    text_in_related: str | None = None


def documented(
    code: str,
    text: str,
    when: str = "",
    *,
    has_prefix: bool = True,
    expected: str = "",
    text_in_related: str | None = None,
) -> Error:
    return Error(
        code,
        text,
        when,
        documented=True,
        has_prefix=has_prefix,
        expected=expected,
        text_in_related=text_in_related,
    )


# The item and its identifiers

NOT_AN_OBJECT = Error(
    "C019", "Customer must be a JSON object", "an item of `customers` is not an object", expected="an object"
)
COMMUNICATION_NUMBER_MISSING = documented("001", "CommunicationNumber is mandatory", "absent, null or blank")
COMMUNICATION_NUMBER_TOO_LONG = Error(
    "C001", "CommunicationNumber is longer than 256 characters", "longer, or with a NUL"
)
COMMUNICATION_NUMBER_USED = documented(
    "O005",
    "CommunicationNumber already used in amlyze",
    "a saved customer or an earlier accepted customer of the batch has the number; checked after its own rules",
    expected="a number that no saved customer and no earlier accepted customer of the batch has",
)
CUSTOMER_EXT_ID_MISSING = documented("C002", "CustomerExtId is mandatory", "absent, null or blank")
CUSTOMER_EXT_ID_TOO_LONG = Error("C002", "CustomerExtId is longer than 255 characters", "longer, or with a NUL")
REQUESTER_MISSING = documented("001", "Requester is mandatory", "absent, null or blank")
CUSTOMER_UNKNOWN = documented(
    "C004",
    "Cannot update not existing customer, use Action = CREATE",
    "UPDATE of a customerExtId that does not exist in the business unit; checked last",
    expected="a customerExtId that exists in the business unit, or action CREATE",
)
CUSTOMER_KNOWN = documented(
    "C004",
    "Customer already exists, use Action = UPDATE",
    "CREATE of a customerExtId that exists in the business unit; checked last",
    expected="a customerExtId that is new in the business unit, or action UPDATE",
)

BATCH_NOT_SAVED = Error(
    "B001",
    "Batch not saved, other customers were rejected",
    "the customer is valid, but fewer customers of its batch are than `?accept=` requires; checked after all others",
    expected="no change of this customer, but fewer rejected customers in its batch",
)

# Fields of every customer

ACTION_INVALID = Error("C005", "Action is not valid. values: {values}", "present and not one of the values")
UNIT_UNKNOWN = Error("C006", "Business unit does not exist in Amlyze", "not a code of the businessUnit classifier")
UNIT_MISSING = Error(
    "C006",
    "Business unit is mandatory",
    "the installation has several business units, and the user has no default unit",
    expected="a business unit that is granted to the user",
)
UNIT_NOT_ALLOWED = Error(
    "C006",
    "Business unit is not allowed for this user",
    "a unit that the user was not granted",
    expected="a business unit that is granted to the user",
)
CATEGORY_MISSING = documented("C007", "RiskManagementCategory is mandatory", "absent, null or blank")
CATEGORY_UNKNOWN = documented(
    "C007", "RiskManagementCategory does not exist in Amlyze", "not a code of the riskManagementCategory classifier"
)
RISK_SOURCE_INVALID = Error(
    "C008",
    "SourceOfRiskLevel must be IMPORT or absent, evaluation is not available in batch",
    "any other value",
)
CATEGORY_IS_LEAD = documented(
    "C008.I02",
    "When source of risk level IMPORT. 'Lead' risk management category is forbidden",
    "a category whose code begins with LEAD_ or ends with _LEAD",
    expected="a code of the classifier riskManagementCategory that is not for leads",
)
RISK_LEVEL_INVALID = Error("C009", "RiskLevel is not valid. values: {values}", "present and not one of the values")
ENTITY_TYPE_MISSING = documented("C010", "EntityType is mandatory", "absent, null or blank")
ENTITY_TYPE_INVALID = Error("C010", "EntityType is not valid. values: {values}", "present and not one of the values")
STATUS_MISSING = Error("C011", "CustomerStatus is mandatory", "absent, null or blank")
STATUS_INVALID = Error("C011", "CustomerStatus is not valid. values: {values}", "present and not one of the values")
APPLICATION_DATE_MISSING = documented("C012", "ApplicationDate is mandatory", "absent, null or blank")
APPLICATION_DATE_INVALID = Error("C012", "ApplicationDate is not a date", "present and not a date")
CLOSING_DATE_MISSING = documented(
    "C013",
    "ClosingDate is mandatory for CLOSED CustomerStatus",
    "a CLOSED customer without a closing date, or with one that is not a date",
)
CLOSING_DATE_FORBIDDEN = documented(
    "C013a",
    "ClosingDate can not exist for not CLOSED CustomerStatus",
    "present with any other status",
    expected="no value, or customerStatus CLOSED",
)

# Fields of one type of customer

NOT_FOR_INDIVIDUAL = documented(
    "C014",
    "Field not allowed for INDIVIDUAL. Field: {Field}",
    "a field of organizations that has a value",
    expected="no value: only ORGANIZATION customers have this field",
)
NOT_FOR_ORGANIZATION = documented(
    "C015",
    "Field not allowed for ORGANIZATION. Field: {Field}",
    "a field of individuals that has a value",
    expected="no value: only INDIVIDUAL customers have this field",
)
FIRST_NAME_MISSING = Error(
    "C016.I01", "For INDIVIDUAL type customer FirstName is mandatory", "absent, null, blank or not text"
)
LAST_NAME_MISSING = Error(
    "C016.I02", "For INDIVIDUAL type customer LastName is mandatory", "absent, null, blank or not text"
)
CITIZENSHIP_MISSING = Error(
    "C016.I06",
    "Problem with field for INDIVIDUAL type customer. CitizenshipCountry is mandatory",
    "absent, null or blank",
)
CITIZENSHIP_UNKNOWN = documented(
    "C016.I06",
    "Problem with field for INDIVIDUAL type customer. CitizenshipCountry not found in amlyze",
    "not a code of the country classifier",
)
BIRTH_COUNTRY_UNKNOWN = documented(
    "C016.I06", "BirthCountry not defined in Amlyze", "not a code of the country classifier"
)
RESIDENCE_COUNTRY_UNKNOWN = documented(
    "C016.I08", "PermanentResidenceCountry not defined in Amlyze", "not a code of the country classifier"
)
SECOND_CITIZENSHIP_UNKNOWN = documented(
    "C016.I08", "SecondCitizenshipCountry not defined in Amlyze", "not a code of the country classifier"
)
SCHOOL_COUNTRY_UNKNOWN = documented(
    "FOA01", "FieldOfActivity.Student.Country is invalid", "higherSchoolCountry is not a code of the country classifier"
)
PENSION_COUNTRY_UNKNOWN = documented("FOA02", "PensionCountry is invalid", "not a code of the country classifier")
TITLE_MISSING = documented(
    "C017.O01", "For ORGANIZATION type customer Title is mandatory", "absent, null, blank or not text"
)
REGISTRATION_COUNTRY_UNKNOWN = documented(
    "REG", "RegistrationCountry must exist in Amlyze", "absent, or not a code of the country classifier"
)
LEGAL_FORM_MISSING = Error("C017.O02", "For ORGANIZATION type customer LegalForm is mandatory", "absent, null or blank")
LEGAL_FORM_UNKNOWN = Error("C017.O02", "LegalForm not found in Amlyze", "not a code of the legalForm classifier")

# Any field

BAD_VALUE = Error(
    "C018",
    "Bad value for {TYPE}. Field: {Field}",
    "a value that the field's type does not take, in a field without a code of its own",
    has_prefix=False,
)
CODE_UNKNOWN = Error(
    "C018",
    "{Field} not found in Amlyze",
    "not a code of the field's classifier, in a field without a code of its own",
    has_prefix=False,
)
FIELD_UNKNOWN = Error(
    "C020",
    "Field is not known. Field: {Field}",
    "a field that the tables do not have; only with `?unknown=reject`, otherwise it is ignored with W001",
    expected="the name of a field that the object has",
)
SCREENING_UNKNOWN = documented("SCR01", "Screening process is undefined: {NAME}", "not the name of a screening process")
SCREENING_UNAVAILABLE = Error("SCR02", "Screening is not available in batch: {NAME}", "the name of a screening process")

# Nested objects: Contact

CONTACT_TYPE = documented("Co1", "ContactType is mandatory. values: {values}", "absent or not one of the values")
CONTACT_DETAILS = documented("Co2", "ContactDetails is mandatory", "absent or not text")

# Nested objects: BusinessEntityDocument

DOCUMENT_ENTITY_TYPE = documented("DOC01", "EntityType is mandatory. values : {values}", "absent or not valid")
DOCUMENT_TYPE = Error("DOC02", "IdentityDocumentType is mandatory. values : {values}", "absent or not valid")
DOCUMENT_NUMBER = documented("DOC03", "DocumentNumber is mandatory", "absent or not valid")
DOCUMENT_ISSUE_DATE = Error("DOC04", "DocumentIssueDate is mandatory", "absent or not valid")
DOCUMENT_EXPIRY_DATE = Error("DOC05", "DocumentExpiryDate is not a date", "present and not a date")
DOCUMENT_ISSUE_COUNTRY = documented(
    "DOC06", "DocumentIssueCountry is mandatory and must exist in Amlyze", "absent or not valid"
)
DOCUMENT_ISSUE_AUTHORITY = Error("DOC07", "DocumentIssueAuthority is mandatory", "absent or not valid")

# Other nested objects

APPEAL_REASON = Error("AR01", "AppealReasonType not found in Amlyze", "absent, or not a code of its classifier")
ADDRESS_DETAILS = Error(
    "ADR01", "AddressDetails is mandatory", "absent for an ORGANIZATION customer; for any customer: not text"
)
ADDRESS_COUNTRY = documented(
    "ADR02", "Country is mandatory and must exist in Amlyze", "absent, or not a code of the country classifier"
)
ADDRESS_TYPE = documented(
    "ADR02", "AddressType is not defined in amlyze", "present and not a code of the addressType classifier"
)
INTRODUCTION_SOURCE = Error("IS01", "IntroductionSource not found in Amlyze", "absent, or not a code of its classifier")
SERVICE_TYPE = Error("OS01", "ServiceType not found in Amlyze", "absent, or not a code of its classifier")
TURNOVER_TYPE = Error("DT01", "TurnoverType not found in Amlyze", "absent, or not a code of its classifier")
TURNOVER_RANGE = Error("DT02", "TurnoverRange is mandatory. values: {values}", "absent or not one of the values")
TURNOVER_BOUNDS = Error(
    "DT03",
    "At least one value (from or to) must be specified",
    "both `from` and `to` are absent",
    expected="a whole number in from, in to, or in both",
)
TURNOVER_BOUND_INVALID = Error("DT03", "Bad value for {TYPE}", "`from` or `to` is not a whole number")
INCOME_SOURCE_TYPE = Error("INC01", "IncomeSourceType not found in Amlyze", "absent, or not a code of its classifier")
ACTIVITY_COUNTRY = documented(
    "CA01", "CountryOfActivity not found in Amlyze", "absent, or not a code of the country classifier"
)
ACTIVITY_REGION = Error("RA01", "Region is mandatory", "absent or not text")
ACTIVITY_TYPE = Error("ACT01", "ActivityType not found in Amlyze", "absent, or not a code of its classifier")
PAYMENT_PURPOSE_TYPE = Error(
    "PP01", "PaymentPurposeType not found in Amlyze", "absent, or not a code of its classifier"
)
PAYMENT_PURPOSE_DIRECTION = Error(
    "PP02", "TurnoverDirection is mandatory. values: {values}", "absent or not one of the values"
)
WEALTH_CODE = Error("SW01", "Code not found in Amlyze", "absent, or not a code of the sourceOfWealth classifier")
PAYMENT_COUNTRY = documented(
    "RC01", "PaymentCountry not found in Amlyze", "absent, or not a code of the country classifier"
)
PAYMENT_COUNTRY_DIRECTION = Error(
    "RC02", "TurnoverDirection is mandatory. values: {values}", "absent or not one of the values"
)
TAX_COUNTRY = documented(
    "COTP01", "CountryOfTaxPayment not found in Amlyze", "absent, or not a code of the country classifier"
)

# Nested objects: AdditionalValue

VALUE_CODE = Error("AV01", "Code is mandatory", "absent or not text")
VALUE_DESCRIPTION = Error("AV02", "Description is mandatory", "absent or not text")
VALUE_DATATYPE = Error("AV03", "Datatype is mandatory. values: {values}", "absent or not one of the values")
VALUE_MISSING = Error(
    "AV04", "Value is mandatory", "absent, null or blank", expected="text, a number or a boolean that fits the datatype"
)
VALUE_NO_BOOLEAN = documented(
    "AV07",
    "Bad value for BOOLEAN (values: true false') valueCode: {code}",
    "datatype BOOLEAN",
    has_prefix=False,
    text_in_related="bad value for BOOLEAN (values: true false') valueCode: {code}",
)
VALUE_NO_INTEGER = documented("AV07", "Bad value for INTEGER valueCode: {code}", "datatype INTEGER", has_prefix=False)
VALUE_NO_DECIMAL = documented("AV07", "Bad value for DECIMAL valueCode: {code}", "datatype DECIMAL", has_prefix=False)
VALUE_NO_DATE = documented("AV07", "Bad value for DATE valueCode: {code}", "datatype DATE", has_prefix=False)
VALUE_NO_STRING = Error(
    "AV07",
    "Bad value for STRING valueCode: {code}",
    "datatype STRING, and an object, a list or text with a NUL",
    has_prefix=False,
)
VALUE_NO_TIMESTAMP = documented(
    "AV07",
    "Bad value for TIMESTAMP (format: 'yyyy-MM-dd HH:mm:ss.SSSZ') valueCode: {code}",
    "datatype TIMESTAMP",
    has_prefix=False,
)

# Related entities

RELATION_TYPE_MISSING = documented("RE01", "Relation type is mandatory", "absent, null or blank")
RELATION_TYPE_UNKNOWN = documented(
    "RE01", "Relation type is not defined in Amlyze", "not a code of the relationType classifier"
)
RELATED_ENTITY_TYPE = documented("RE02", "EntityType is mandatory", "absent or not one of the values")
RELATED_COUNTRY_UNKNOWN = documented(
    "RE03", "{Field} not defined in Amlyze", "not a code of the country classifier; or absent where it is mandatory"
)
RELATED_NAME_MISSING = Error("RE04", "{Field} is mandatory", "absent or not text")
RELATED_LEGAL_FORM_UNKNOWN = documented(
    "RE05", "LegalForm not found in Amlyze", "not a code of the legalForm classifier"
)
