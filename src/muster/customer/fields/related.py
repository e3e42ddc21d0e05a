"""The fields of related entities: owners, directors and representatives of a customer."""

from muster.customer import errors as e
from muster.customer.schema import (
    ALWAYS,
    FOR_INDIVIDUALS,
    FOR_ORGANIZATIONS,
    FOR_ORGANIZATIONS_OF_ORGANIZATIONS,
    Field,
    Schema,
)
from muster.customer.value_checks import IDENTIFIER, PAST_DATE, PERCENTAGE
from muster.customer.value_types import Boolean, ClassifierCode, Date, Enum, Integer, NestedList, Text

RELATED_ENTITY = Schema(
    "RelatedEntity",
    "A person or an organization related to the customer: an owner, a director, a representative",
    (
        Field(
            "entityType",
            Enum(("INDIVIDUAL", "ORGANIZATION")),
            "Whether the related entity is a person or an organization; fields of the other type are ignored",
            "INDIVIDUAL",
            ALWAYS,
            e.RELATED_ENTITY_TYPE,
        ),
        Field(
            "relationType",
            ClassifierCode("relationType"),
            "The relation to the customer",
            "OWNER",
            ALWAYS,
            absent_error=e.RELATION_TYPE_MISSING,
            error=e.RELATION_TYPE_UNKNOWN,
        ),
        Field("relationDescription", Text(), "The relation in words", "Founder"),
        Field(
            "extId",
            Text(),
            "Identifier of the related entity in the sending system",
            "Related_extID_000",
            checks=(IDENTIFIER,),
        ),
        Field(
            "customerExtId",
            Text(),
            "When the related entity is a customer too: its customerExtId, in the same business unit",
            "IndividualExtId0",
            checks=(IDENTIFIER,),
        ),
        Field(
            "nationalCode",
            Text(),
            "Personal code of a person, registration code of an organization",
            "123456789",
            checks=(IDENTIFIER,),
        ),
        Field("activityDescription", Text(), "The activity in words", "Financial activity"),
        Field("regionOfActivityDescription", Text(), "The region of the activity in words", "EU"),
        Field("share", Integer(), "Share in the customer in percent", 75, checks=(PERCENTAGE,)),
        Field("votePercentage", Integer(), "Share of the votes in percent", 99, checks=(PERCENTAGE,)),
        Field(
            "country",
            ClassifierCode("country"),
            "Country of the related entity, ISO 3166-1 alpha-2",
            "LT",
            error=e.RELATED_COUNTRY_UNKNOWN,
        ),
        Field(
            "birthCountry",
            ClassifierCode("country"),
            "Country of birth, ISO 3166-1 alpha-2",
            "LT",
            error=e.RELATED_COUNTRY_UNKNOWN,
            only_for="INDIVIDUAL",
        ),
        Field(
            "registrationCountry",
            ClassifierCode("country"),
            "Country of registration, ISO 3166-1 alpha-2",
            "LT",
            FOR_ORGANIZATIONS_OF_ORGANIZATIONS,
            e.RELATED_COUNTRY_UNKNOWN,
            only_for="ORGANIZATION",
        ),
        Field("isPEP", Boolean(), "Whether the related entity is a politically exposed person", False),
        Field("isSanctioned", Boolean(), "Whether the related entity is under sanctions", False),
        Field("isInAdverseMedia", Boolean(), "Whether adverse media report on the related entity", False),
        Field(
            "isInInternalList", Boolean(), "Whether the related entity is on an internal list of the institution", False
        ),
        Field(
            "firstName", Text(), "Given name", "John", FOR_INDIVIDUALS, e.RELATED_NAME_MISSING, only_for="INDIVIDUAL"
        ),
        Field(
            "lastName",
            Text(),
            "Family name",
            "Rodriguez",
            FOR_INDIVIDUALS,
            e.RELATED_NAME_MISSING,
            only_for="INDIVIDUAL",
        ),
        Field("birthDate", Date(), "Date of birth", "2000-05-28", only_for="INDIVIDUAL", checks=(PAST_DATE,)),
        Field(
            "title",
            Text(),
            "Registered name",
            "LTD 'Fokusmano'",
            FOR_ORGANIZATIONS,
            e.RELATED_NAME_MISSING,
            only_for="ORGANIZATION",
        ),
        Field(
            "legalForm",
            ClassifierCode("legalForm"),
            "Legal form",
            "COOPERATIVE",
            error=e.RELATED_LEGAL_FORM_UNKNOWN,
            only_for="ORGANIZATION",
        ),
        Field(
            "establishmentDate",
            Date(),
            "Date of establishment",
            "1998-04-07",
            only_for="ORGANIZATION",
            checks=(PAST_DATE,),
        ),
        Field("listContact", NestedList("Contact"), "Contacts of the related entity"),
        Field("listAddress", NestedList("Address"), "Addresses of the related entity"),
        Field(
            "listBusinessEntityDocument",
            NestedList("BusinessEntityDocument"),
            "Documents that prove the identity of the related entity",
        ),
        Field("listIncomeSource", NestedList("IncomeSource"), "Sources of income of the related entity"),
        Field("listActivity", NestedList("Activity"), "Economic activities of the related entity"),
        Field("listRegionOfActivity", NestedList("RegionOfActivity"), "Regions of activity of the related entity"),
        Field("listCountryOfActivity", NestedList("CountryOfActivity"), "Countries of activity of the related entity"),
        Field("listAdditionalValues", NestedList("AdditionalValue"), "Additional values that the institution defines"),
    ),
)
