"""Nested objects: contacts, addresses, identity documents and additional values."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, FOR_ORGANIZATION_CUSTOMERS, Field, Schema
from muster.customer.value_checks import IDENTIFIER, PAST_DATE
from muster.customer.value_types import Boolean, ClassifierCode, Date, Enum, Text

CONTACT = Schema(
    "Contact",
    "A contact: telephone, e-mail or website",
    (
        Field(
            "contactType",
            Enum(("MOBILEPHONE", "FIXEDPHONE", "EMAIL", "WEBSITE")),
            "The kind of contact",
            "EMAIL",
            ALWAYS,
            e.CONTACT_TYPE,
        ),
        Field(
            "contactDetails",
            Text(),
            "The telephone number, e-mail address or web address",
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
            "addressType",
            ClassifierCode("addressType"),
            "The purpose of the address",
            "RESIDENCE",
            error=e.ADDRESS_TYPE,
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
        Field("streetAddress", Text(), "Street and house number", "Verkiu 1"),
        Field("zipCode", Text(), "Postal code", "12345"),
        Field("useForCorrespondence", Boolean(), "Whether the address is for correspondence", True),
    ),
)

BUSINESS_ENTITY_DOCUMENT = Schema(
    "BusinessEntityDocument",
    "A document that proves an identity or a registration",
    (
        Field(
            "entityType",
            Enum(("INDIVIDUAL", "ORGANIZATION")),
            "Whether the document belongs to a person or an organization",
            "INDIVIDUAL",
            ALWAYS,
            e.DOCUMENT_ENTITY_TYPE,
        ),
        Field(
            "identityDocumentType",
            Enum(("PASSPORT", "IDENTITYCARD", "RESIDENCEPERMIT", "DRIVINGLICENSE", "REGISTRATIONCERTIFICATE", "OTHER")),
            "The kind of document",
            "PASSPORT",
            ALWAYS,
            e.DOCUMENT_TYPE,
        ),
        Field(
            "documentNumber",
            Text(),
            "Number of the document",
            "0123456789",
            ALWAYS,
            e.DOCUMENT_NUMBER,
            checks=(IDENTIFIER,),
        ),
        Field(
            "documentIssueDate",
            Date(),
            "Date of issue",
            "2022-01-15",
            ALWAYS,
            e.DOCUMENT_ISSUE_DATE,
            checks=(PAST_DATE,),
        ),
        Field(
            "documentExpiryDate",
            Date(),
            "Date of expiry",
            "2032-01-15",
            error=e.DOCUMENT_EXPIRY_DATE,
            lower_bound="documentIssueDate",
        ),
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
            "Issuing authority",
            "Migration office",
            ALWAYS,
            e.DOCUMENT_ISSUE_AUTHORITY,
        ),
        Field("description", Text(), "Description of the document", "passport"),
    ),
)

ADDITIONAL_VALUE = Schema(
    "AdditionalValue",
    "An additional value that the institution defines, with a code and a datatype",
    (
        Field("code", Text(), "Code of the value in the institution", "related_to_usa", ALWAYS, e.VALUE_CODE),
        Field("description", Text(), "The value in words", "Entity has relation to USA", ALWAYS, e.VALUE_DESCRIPTION),
        Field(
            "datatype",
            Enum(("STRING", "INTEGER", "DECIMAL", "DATE", "TIMESTAMP", "BOOLEAN")),
            "The type of the value",
            "STRING",
            ALWAYS,
            e.VALUE_DATATYPE,
        ),
        Field(
            "value",
            Text(takes_any_scalar=True),
            "The value as text in the form of its datatype; a JSON boolean or number is accepted, too",
            "true",
            ALWAYS,
            e.VALUE_MISSING,
            is_checked_by_rule=True,
        ),
    ),
)
