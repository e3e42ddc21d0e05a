"""The fields of every customer."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, Field, MandatoryByRule, Schema
from muster.customer.value_checks import IBAN, IDENTIFIER
from muster.customer.value_readers import FORBIDDEN, TOO_LONG
from muster.customer.value_types import (
    Boolean,
    ClassifierCode,
    Date,
    Decimal,
    Enum,
    NestedList,
    ScreeningList,
    Text,
)


def is_lead(code: str) -> bool:
    """Whether a risk management category is for leads, who are not customers yet."""
    return code.startswith("LEAD_") or code.endswith("_LEAD")


CUSTOMER = Schema(
    "Customer",
    "A person or an organization that the institution serves; fields of both types",
    (
        Field(
            "communicationNumber",
            Text(256),
            "The sending system's number of this message, unique in the installation for ever",
            "Test_ComNr_002",
            ALWAYS,
            error=e.COMMUNICATION_NUMBER_MISSING,
            errors={TOO_LONG: e.COMMUNICATION_NUMBER_TOO_LONG},
            checks=(IDENTIFIER,),
        ),
        Field("requester", Text(), "The system that sends the data", "Company Name", ALWAYS, e.REQUESTER_MISSING),
        Field(
            "action",
            Enum(("CREATE", "UPDATE")),
            "CREATE adds a new customer, UPDATE replaces an existing one as a whole; CREATE when absent",
            "UPDATE",
            error=e.ACTION_INVALID,
        ),
        Field(
            "sourceOfRiskLevel",
            Enum(("IMPORT",), unsupported=("EVALUATE",)),
            "The source of the risk level; a batch can only import it",
            "IMPORT",
            error=e.RISK_SOURCE_INVALID,
            companion="riskLevel",
        ),
        Field(
            "initializeScreeningProcesses",
            ScreeningList(("SANCTIONS", "PEP", "ADVERSE_MEDIA", "INTERNAL_LIST")),
            "Screening processes to start; none is available in a batch, so leave the field out",
        ),
        Field(
            "riskLevel",
            Enum(("NONE", "LOW", "MEDIUM", "HIGH", "EXTREME")),
            "The risk level that is already known",
            "HIGH",
            error=e.RISK_LEVEL_INVALID,
        ),
        Field(
            "customerStatus",
            Enum(("PENDING", "ACTIVE", "REJECTED", "SUSPENDED", "CLOSED")),
            "The stage of the business relationship",
            "ACTIVE",
            ALWAYS,
            absent_error=e.STATUS_MISSING,
            error=e.STATUS_INVALID,
        ),
        Field(
            "businessUnit",
            ClassifierCode("businessUnit"),
            "The unit of the institution that the customer belongs to; the user's default unit when absent",
            "BUSINESS_UNIT_NAME",
            error=e.UNIT_UNKNOWN,
        ),
        Field(
            "riskManagementCategory",
            ClassifierCode("riskManagementCategory", is_lead),
            "The category of risk management; categories for leads are rejected",
            "IND",
            ALWAYS,
            absent_error=e.CATEGORY_MISSING,
            error=e.CATEGORY_UNKNOWN,
            errors={FORBIDDEN: e.CATEGORY_IS_LEAD},
        ),
        Field(
            "entityType",
            Enum(("INDIVIDUAL", "ORGANIZATION")),
            "Whether the customer is a person or an organization; it decides which other fields are allowed",
            "INDIVIDUAL",
            ALWAYS,
            absent_error=e.ENTITY_TYPE_MISSING,
            error=e.ENTITY_TYPE_INVALID,
        ),
        Field(
            "customerExtId",
            Text(255),
            "The customer's identifier in the sending system, unique within its business unit",
            "cust_1232",
            ALWAYS,
            error=e.CUSTOMER_EXT_ID_MISSING,
            errors={TOO_LONG: e.CUSTOMER_EXT_ID_TOO_LONG},
            checks=(IDENTIFIER,),
        ),
        Field(
            "applicationDate",
            Date(),
            "When the customer applied for the business relationship",
            "2000-01-03",
            ALWAYS,
            absent_error=e.APPLICATION_DATE_MISSING,
            error=e.APPLICATION_DATE_INVALID,
        ),
        Field("approvalDate", Date(), "When the business relationship was approved", "2023-10-01T09:45:00.000+02:00"),
        Field(
            "closingDate",
            Date(),
            "When the business relationship ended",
            "2024-04-12",
            MandatoryByRule("when customerStatus = CLOSED"),
            is_checked_by_rule=True,
            lower_bound="applicationDate",
        ),
        Field(
            "nationalCode",
            Text(),
            "Personal code of a person, registration code of an organization",
            "50001010022",
            checks=(IDENTIFIER,),
        ),
        Field("isPEP", Boolean(), "Whether the customer is a politically exposed person", True),
        Field("isSanctioned", Boolean(), "Whether the customer is under sanctions", False),
        Field("isInAdverseMedia", Boolean(), "Whether adverse media report on the customer", False),
        Field("isInInternalList", Boolean(), "Whether the customer is on an internal list of the institution", False),
        Field(
            "listPurpose",
            Enum(("BLACK", "WHITE")),
            "Whether the internal list blocks the customer (BLACK) or clears the customer (WHITE)",
            "WHITE",
        ),
        Field("isActualAddressDeclared", Boolean(), "Whether the customer declared the actual address", True),
        Field(
            "isCorrespondenceAddressDeclared",
            Boolean(),
            "Whether the customer declared a correspondence address",
            False,
        ),
        Field("activityDescription", Text(), "The customer's activity in words", "Logistics"),
        Field("incomeSourceDescription", Text(), "The source of the customer's income in words", "Salary"),
        Field("initialDepositSource", Text(), "Where the first deposit comes from", "Salary"),
        Field("initialDepositBank", Text(), "The bank that the first deposit comes from", "TBC"),
        Field(
            "initialDepositAccount",
            Text(),
            "The account that the first deposit comes from",
            "LT0089500500000070",
            checks=(IBAN,),
        ),
        Field("initialDepositAmount", Decimal(), "The amount of the first deposit", 10000),
        Field(
            "initialDepositCurrency", ClassifierCode("currency"), "The currency of the first deposit, ISO 4217", "EUR"
        ),
        Field("doesCashDominate", Boolean(), "Whether the customer mostly deals in cash", True),
        Field("listContact", NestedList("Contact"), "The customer's contacts"),
        Field("listAddress", NestedList("Address"), "The customer's addresses"),
        Field(
            "listBusinessEntityDocument",
            NestedList("BusinessEntityDocument"),
            "Documents that prove the customer's identity",
        ),
        Field("listAppealReason", NestedList("AppealReason"), "Reasons why the customer approached the institution"),
        Field(
            "listIntroductionSource",
            NestedList("IntroductionSource"),
            "Ways in which the customer learned of the institution",
        ),
        Field("listOrderedService", NestedList("OrderedService"), "Services that the customer ordered"),
        Field("listDeclaredTurnover", NestedList("DeclaredTurnover"), "Turnovers that the customer declares"),
        Field("listIncomeSource", NestedList("IncomeSource"), "Sources of the customer's income"),
        Field("listPaymentPurpose", NestedList("PaymentPurpose"), "Purposes of the customer's payments"),
        Field("listSourceOfWealth", NestedList("SourceOfWealth"), "Sources of the customer's wealth"),
        Field(
            "listPaymentCountry",
            NestedList("PaymentCountry"),
            "Countries that the customer's payments go to or come from",
        ),
        Field("listActivity", NestedList("Activity"), "The customer's economic activities"),
        Field("listRegionOfActivity", NestedList("RegionOfActivity"), "Regions in which the customer is active"),
        Field("listCountryOfActivity", NestedList("CountryOfActivity"), "Countries in which the customer is active"),
        Field(
            "listCountryOfTaxPayment", NestedList("CountryOfTaxPayment"), "Countries in which the customer pays taxes"
        ),
        Field("listAdditionalValues", NestedList("AdditionalValue"), "Additional values that the institution defines"),
        Field("listRelatedEntity", NestedList("RelatedEntity"), "Persons and organizations related to the customer"),
    ),
)
