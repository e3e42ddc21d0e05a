"""The field tables: one row per field. The checker, OpenAPI and the reference pages are derived from them."""

from collections.abc import Iterator
from typing import Final

from muster.customer.fields.activity import (
    ACTIVITY,
    COUNTRY_OF_ACTIVITY,
    COUNTRY_OF_TAX_PAYMENT,
    INCOME_SOURCE,
    REGION_OF_ACTIVITY,
    SOURCE_OF_WEALTH,
)
from muster.customer.fields.customer import CUSTOMER
from muster.customer.fields.identity import ADDITIONAL_VALUE, ADDRESS, BUSINESS_ENTITY_DOCUMENT, CONTACT
from muster.customer.fields.individual import (
    FIELD_EMPLOYMENT,
    FIELD_OF_ACTIVITY,
    FIELD_OTHER,
    FIELD_PENSION,
    FIELD_STUDENT,
    INDIVIDUAL,
)
from muster.customer.fields.organization import ORGANIZATION
from muster.customer.fields.related import RELATED_ENTITY
from muster.customer.fields.relationship import (
    APPEAL_REASON,
    DECLARED_TURNOVER,
    INTRODUCTION_SOURCE,
    ORDERED_SERVICE,
    PAYMENT_COUNTRY,
    PAYMENT_PURPOSE,
)
from muster.customer.schema import Field, Schema

SCHEMAS: Final = {
    schema.name: schema
    for schema in (
        CUSTOMER,
        INDIVIDUAL,
        ORGANIZATION,
        FIELD_OF_ACTIVITY,
        FIELD_EMPLOYMENT,
        FIELD_OTHER,
        FIELD_PENSION,
        FIELD_STUDENT,
        CONTACT,
        ADDRESS,
        BUSINESS_ENTITY_DOCUMENT,
        APPEAL_REASON,
        INTRODUCTION_SOURCE,
        ORDERED_SERVICE,
        DECLARED_TURNOVER,
        INCOME_SOURCE,
        PAYMENT_PURPOSE,
        SOURCE_OF_WEALTH,
        PAYMENT_COUNTRY,
        ACTIVITY,
        REGION_OF_ACTIVITY,
        COUNTRY_OF_ACTIVITY,
        COUNTRY_OF_TAX_PAYMENT,
        ADDITIONAL_VALUE,
        RELATED_ENTITY,
    )
}
# The fields that only one type of customer has.
SCHEMAS_BY_TYPE: Final = {"INDIVIDUAL": INDIVIDUAL, "ORGANIZATION": ORGANIZATION}


def iterate_fields() -> Iterator[tuple[Schema, Field]]:
    """Every row of the tables, in the order of the contract."""
    for schema in SCHEMAS.values():
        for field in schema.fields:
            yield schema, field


# The first position of each field name in the tables. Sorts the violations of one rank.
FIELD_POSITIONS: Final[dict[str, int]] = {}
for _position, (_, _field) in enumerate(iterate_fields()):
    FIELD_POSITIONS.setdefault(_field.name, _position)
