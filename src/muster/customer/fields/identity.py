"""Parts that say who somebody is and how to reach them."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, FOR_ORGANIZATION_CUSTOMERS, Field, Schema
from muster.customer.value_types import Boolean, ClassifierCode, Date, Enum, Text

CONTACT = Schema(
    "Contact",
    "A way to reach somebody",
    (
        Field(
            "contactType",
            Enum(("MOBILEPHONE", "FIXEDPHONE", "EMAIL", "WEBSITE")),
            "How the contact is reached",
            "EMAIL",
            ALWAYS,
            e.CONTACT_TYPE,
        ),
        Field(
            "contactDetails",
            Text(),
            "The number, mail address or web address",
            "hello@example.com",
            ALWAYS,
            e.CONTACT_DETAILS,
        ),
        Field("useForCommunication", Boolean(), "Whether the institution may use the contact", True),
    ),
)

ADDRESS = Schema(
    "Address",
    "A postal or residential address",
    (
        Field(
            "addressType", ClassifierCode("addressType"), "What the address is for", "RESIDENCE", error=e.ADDRESS_TYPE
        ),
        Field(
            "addressDetails",
            Text(),
            "The address in one line",
            "Verkiu 1, Vilnius",
            FOR_ORGANIZATION_CUSTOMERS,
            e.ADDRESS_DETAILS,
        ),
        Field("country", ClassifierCode("country"), "Country, ISO 3166-1 alpha-2", "LT", ALWAYS, e.ADDRESS_COUNTRY),
        Field("region", Text(), "Region within the country or above it", "EU"),
        Field("city", Text(), "City", "Vilnius"),
        Field("streetAddress", Text(), "Street and house", "Verkiu 1"),
        Field("zipCode", Text(), "Postal code", "12345"),
        Field("useForCorrespondence", Boolean(), "Whether letters go there", True),
    ),
)

BUSINESS_ENTITY_DOCUMENT = Schema(
    "BusinessEntityDocument",
    "A document that proves an identity or a registration",
    (
        Field(
            "entityType",
            Enum(("INDIVIDUAL", "ORGANIZATION")),
            "Whether the document is a person's or an organization's",
            "INDIVIDUAL",
            ALWAYS,
            e.DOCUMENT_ENTITY_TYPE,
        ),
        Field(
            "identityDocumentType",
            Enum(("PASSPORT", "IDENTITYCARD", "RESIDENCEPERMIT", "DRIVINGLICENSE", "REGISTRATIONCERTIFICATE", "OTHER")),
            "Which document it is",
            "PASSPORT",
            ALWAYS,
            e.DOCUMENT_TYPE,
        ),
        Field("documentNumber", Text(), "Number of the document", "0123456789", ALWAYS, e.DOCUMENT_NUMBER),
        Field("documentIssueDate", Date(), "Date of issue", "2022-01-15", ALWAYS, e.DOCUMENT_ISSUE_DATE),
        Field("documentExpiryDate", Date(), "Date until which it is valid", "2032-01-15", error=e.DOCUMENT_EXPIRY_DATE),
        Field(
            "documentIssueCountry",
            ClassifierCode("country"),
            "Country of issue, ISO 3166-1 alpha-2",
            "LT",
            ALWAYS,
            e.DOCUMENT_ISSUE_COUNTRY,
        ),
        Field(
            "documentIssueAuthority",
            Text(),
            "Authority that issued it",
            "Migration office",
            ALWAYS,
            e.DOCUMENT_ISSUE_AUTHORITY,
        ),
        Field("description", Text(), "Remark on the document", "passport"),
    ),
)

ADDITIONAL_VALUE = Schema(
    "AdditionalValue",
    "A value of the installation's own, with a code and a type",
    (
        Field("code", Text(), "Name of the value in the installation", "related_to_usa", ALWAYS, e.VALUE_CODE),
        Field("description", Text(), "The value in words", "Entity has relation to USA", ALWAYS, e.VALUE_DESCRIPTION),
        Field(
            "datatype",
            Enum(("STRING", "INTEGER", "DECIMAL", "DATE", "TIMESTAMP", "BOOLEAN")),
            "The type that the value reads as",
            "STRING",
            ALWAYS,
            e.VALUE_DATATYPE,
        ),
        Field(
            "value",
            Text(),
            "The value as text, written as its datatype says; a JSON boolean or number is taken too",
            "true",
            ALWAYS,
            e.VALUE_MISSING,
            bad_by_rule=True,
        ),
    ),
)
