"""The fields of organizations."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, Field, Schema
from muster.customer.value_checks import GIIN, LEI, PAST_DATE
from muster.customer.value_types import Boolean, ClassifierCode, Date, Integer, Text

ORGANIZATION = Schema(
    "Organization",
    "Fields that only a customer of entityType ORGANIZATION has",
    (
        Field("title", Text(), "Registered name", "LTD 'MinorMajor'", ALWAYS, e.TITLE_MISSING),
        Field(
            "registrationCountry",
            ClassifierCode("country"),
            "Country of registration, ISO 3166-1 alpha-2",
            "LT",
            ALWAYS,
            e.REGISTRATION_COUNTRY_UNKNOWN,
        ),
        Field(
            "legalForm",
            ClassifierCode("legalForm"),
            "Legal form",
            "LTD",
            ALWAYS,
            absent_error=e.LEGAL_FORM_MISSING,
            error=e.LEGAL_FORM_UNKNOWN,
        ),
        Field("tradingName", Text(), "Name under which the organization trades", "MinorMajor"),
        Field("establishmentDate", Date(), "Date of establishment", "2001-02-23", checks=(PAST_DATE,)),
        Field("activityInRestrictedRegionDescription", Text(), "Activity in restricted regions, in words", "Logistics"),
        Field(
            "giin",
            Text(),
            "Global intermediary identification number, given under FATCA",
            "GIN548745122",
            checks=(GIIN,),
        ),
        Field("lei", Text(), "Legal entity identifier, ISO 17442", "LEI54511548", checks=(LEI,)),
        Field("isAudited", Boolean(), "Whether the accounts are audited", True),
        Field("numberOfAudits", Integer(), "Number of audits", 6),
        Field("periodsOfAuditsInYears", Integer(), "Years between audits", 3),
        Field(
            "organizationalStructureDescription", Text(), "The structure of the organization in words", "Hierarchical"
        ),
        Field("hasMultiLayerStructure", Boolean(), "Whether the ownership structure has several layers", False),
        Field("isFinancialInstitution", Boolean(), "Whether the organization is a financial institution", False),
        Field("isDirectlyManaged", Boolean(), "Whether the owners manage the organization themselves", False),
        Field("noMajorShareHolders", Boolean(), "Whether no shareholder holds a major share", False),
        Field("numberOfEmployees", Integer(), "Number of employees", 25),
        Field("companyAssetValue", Integer(), "Value of the assets, a whole number", 100000),
        Field("isFined", Boolean(), "Whether the organization was fined", False),
        Field("periodsOfFiningInYears", Integer(), "Period of the fines in years", 3),
        Field("isListed", Boolean(), "Whether the shares are listed on an exchange", False),
        Field("isRegulated", Boolean(), "Whether the organization is regulated by an authority", False),
        Field("isLicenseRequired", Boolean(), "Whether the activity requires a license", False),
        Field("licenseDescription", Text(), "The license in words", "Licence No.4012"),
        Field(
            "thirdPartyServicesUsed",
            Text(takes_any_scalar=True),
            "Whether third-party services are used, in words; a JSON boolean is accepted, too",
            "true",
        ),
        Field("thirdPartyServicesUsedDescription", Text(), "The third-party services in words", "Hosting"),
        Field("regionOfActivityDescription", Text(), "The region of activity in words", "Western region"),
    ),
)
