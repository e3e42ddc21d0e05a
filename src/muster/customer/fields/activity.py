"""Nested objects: activities, and the sources of income and wealth."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, Field, Schema
from muster.customer.value_checks import IDENTIFIER, PERCENTAGE
from muster.customer.value_types import ClassifierCode, Decimal, Integer, Text

INCOME_SOURCE = Schema(
    "IncomeSource",
    "A source of the income, with its share or range",
    (
        Field(
            "incomeSourceType",
            ClassifierCode("incomeSourceType"),
            "The source of the income",
            "SALARY",
            ALWAYS,
            e.INCOME_SOURCE_TYPE,
        ),
        Field("incomePercentage", Integer(), "Share of the whole income in percent", 5, checks=(PERCENTAGE,)),
        Field("from", Integer(), "Lower bound of the income from this source", 100),
        Field("to", Integer(), "Upper bound of the income from this source", 1000, lower_bound="from"),
    ),
)

SOURCE_OF_WEALTH = Schema(
    "SourceOfWealth",
    "A source of the wealth",
    (
        Field(
            "code", ClassifierCode("sourceOfWealth"), "The source of the wealth", "INHERITANCE", ALWAYS, e.WEALTH_CODE
        ),
        Field("amount", Decimal(), "The amount from this source", 100000),
        Field("comment", Text(), "Comment on the source", "text"),
    ),
)

ACTIVITY = Schema(
    "Activity",
    "An economic activity, with its share of the income",
    (
        Field(
            "activityType", ClassifierCode("activityType"), "The activity", "ACTIVITY_OTHER", ALWAYS, e.ACTIVITY_TYPE
        ),
        Field("incomePercentage", Integer(), "Share of the whole income in percent", 15, checks=(PERCENTAGE,)),
    ),
)

REGION_OF_ACTIVITY = Schema(
    "RegionOfActivity",
    "A region of activity",
    (
        Field(
            "region", Text(), "The region in free text; EU is a region, not a country", "EU", ALWAYS, e.ACTIVITY_REGION
        ),
    ),
)

COUNTRY_OF_ACTIVITY = Schema(
    "CountryOfActivity",
    "A country of activity",
    (Field("country", ClassifierCode("country"), "The country, ISO 3166-1 alpha-2", "LT", ALWAYS, e.ACTIVITY_COUNTRY),),
)

COUNTRY_OF_TAX_PAYMENT = Schema(
    "CountryOfTaxPayment",
    "A country in which the customer pays taxes",
    (
        Field("country", ClassifierCode("country"), "The country, ISO 3166-1 alpha-2", "LT", ALWAYS, e.TAX_COUNTRY),
        Field(
            "taxpayerNumber",
            Text(),
            "The customer's taxpayer number in the country",
            "5541245574",
            checks=(IDENTIFIER,),
        ),
    ),
)
