"""The fields of related entities: owners, directors and others around a customer."""

from muster.customer import errors as e
from muster.customer.schema import (
    ALWAYS,
    FOR_INDIVIDUALS,
    FOR_ORGANIZATIONS,
    FOR_ORGANIZATIONS_OF_ORGANIZATIONS,
    Field,
    Schema,
)
from muster.customer.value_types import Boolean, ClassifierCode, Date, Enum, Integer, NestedList, Text

RELATED_ENTITY = Schema(
    "RelatedEntity",
    "A person or an organization related to the customer: an owner, a director, a representative",
    (
        Field(
            "entityType",
            Enum(("INDIVIDUAL", "ORGANIZATION")),
            "Whether the related one is a person or an organization; names of the other type are ignored",
            "INDIVIDUAL",
            ALWAYS,
            e.RELATED_ENTITY_TYPE,
        ),
        Field(
            "relationType",
            ClassifierCode("relationType"),
            "What the related one is to the customer",
            "OWNER",
            ALWAYS,
            absent_error=e.RELATION_TYPE_MISSING,
            error=e.RELATION_TYPE_UNKNOWN,
        ),
        Field("relationDescription", Text(), "The relation in words", "Founder"),
        Field("extId", Text(), "The related one's identifier in the sending system", "Related_extID_000"),
        Field("nationalCode", Text(), "Personal code of a person, registration code of an organization", "123456789"),
        Field("activityDescription", Text(), "The activity in words", "Financial activity"),
        Field("regionOfActivityDescription", Text(), "The region of the activity in words", "EU"),
        Field("share", Integer(), "Share in the customer in percent", 75),
        Field("votePercentage", Integer(), "Share of the votes in percent", 99),
        Field(
            "country",
            ClassifierCode("country"),
            "Country of the related one, ISO 3166-1 alpha-2",
            "LT",
            error=e.RELATED_COUNTRY_UNKNOWN,
        ),
        Field(
            "birthCountry",
            ClassifierCode("country"),
            "Country of birth, ISO 3166-1 alpha-2",
            "LT",
            error=e.RELATED_COUNTRY_UNKNOWN,
            only="INDIVIDUAL",
        ),
        Field(
            "registrationCountry",
            ClassifierCode("country"),
            "Country of registration, ISO 3166-1 alpha-2",
            "LT",
            FOR_ORGANIZATIONS_OF_ORGANIZATIONS,
            e.RELATED_COUNTRY_UNKNOWN,
            only="ORGANIZATION",
        ),
        Field("isPEP", Boolean(), "Whether the related one is a politically exposed person", False),
        Field("isSanctioned", Boolean(), "Whether the related one is under sanctions", False),
        Field("isInAdverseMedia", Boolean(), "Whether adverse media report on the related one", False),
        Field("isInInternalList", Boolean(), "Whether the related one is on a list of the institution's own", False),
        Field("firstName", Text(), "Given name", "John", FOR_INDIVIDUALS, e.RELATED_NAME_MISSING, only="INDIVIDUAL"),
        Field(
            "lastName", Text(), "Family name", "Rodriguez", FOR_INDIVIDUALS, e.RELATED_NAME_MISSING, only="INDIVIDUAL"
        ),
        Field("birthDate", Date(), "Date of birth", "2000-05-28", only="INDIVIDUAL"),
        Field(
            "title",
            Text(),
            "Registered name",
            "LTD 'Fokusmano'",
            FOR_ORGANIZATIONS,
            e.RELATED_NAME_MISSING,
            only="ORGANIZATION",
        ),
        Field(
            "legalForm",
            ClassifierCode("legalForm"),
            "Legal form",
            "COOPERATIVE",
            error=e.RELATED_LEGAL_FORM_UNKNOWN,
            only="ORGANIZATION",
        ),
        Field("establishmentDate", Date(), "Date of establishment", "1998-04-07", only="ORGANIZATION"),
        Field("listContact", NestedList("Contact"), "Ways to reach the related one"),
        Field("listAddress", NestedList("Address"), "Addresses of the related one"),
        Field(
            "listBusinessEntityDocument",
            NestedList("BusinessEntityDocument"),
            "Documents that prove who the related one is",
        ),
        Field("listIncomeSource", NestedList("IncomeSource"), "Sources of the related one's income"),
        Field("listActivity", NestedList("Activity"), "Economic activities of the related one"),
        Field("listRegionOfActivity", NestedList("RegionOfActivity"), "Regions in which the related one is active"),
        Field("listCountryOfActivity", NestedList("CountryOfActivity"), "Countries in which the related one is active"),
        Field(
            "listAdditionalValues", NestedList("AdditionalValue"), "Values of the installation's own on the related one"
        ),
    ),
)
