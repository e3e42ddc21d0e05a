"""The fields of organizations."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, Field, Schema
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
        Field("establishmentDate", Date(), "Date of establishment", "2001-02-23"),
        Field("activityInRestrictedRegionDescription", Text(), "Activity in restricted regions, in words", "Logistics"),
        Field("giin", Text(), "Global intermediary identification number, given under FATCA", "GIN548745122"),
        Field("lei", Text(), "Legal entity identifier, ISO 17442", "LEI54511548"),
        Field("isAudited", Boolean(), "Whether the accounts are audited", True),
        Field("numberOfAudits", Integer(), "How many audits there were", 6),
        Field("periodsOfAuditsInYears", Integer(), "Years between audits", 3),
        Field(
            "organizationalStructureDescription", Text(), "The structure of the organization in words", "Hierarchical"
        ),
        Field("hasMultiLayerStructure", Boolean(), "Whether ownership runs through several layers", False),
        Field("isFinancialInstitution", Boolean(), "Whether the organization is a financial institution", False),
        Field("isDirectlyManaged", Boolean(), "Whether its owners manage it themselves", False),
        Field("noMajorShareHolders", Boolean(), "Whether nobody holds a major share", False),
        Field("numberOfEmployees", Integer(), "How many people it employs", 25),
        Field("companyAssetValue", Integer(), "Value of its assets, a whole number of any size", 100000),
        Field("isFined", Boolean(), "Whether it was fined", False),
        Field("periodsOfFiningInYears", Integer(), "Years over which it was fined", 3),
        Field("isListed", Boolean(), "Whether its shares are listed on an exchange", False),
        Field("isRegulated", Boolean(), "Whether an authority supervises it", False),
        Field("isLicenseRequired", Boolean(), "Whether its activity needs a license", False),
        Field("licenseDescription", Text(), "That license in words", "Licence No.4012"),
        Field(
            "thirdPartyServicesUsed",
            Text(),
            "Whether it uses services of third parties, in words; a JSON boolean is taken too",
            "true",
        ),
        Field("thirdPartyServicesUsedDescription", Text(), "Those services in words", "Hosting"),
        Field("regionOfActivityDescription", Text(), "The region of its activity in words", "Western region"),
    ),
)
