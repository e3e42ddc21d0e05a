"""Parts that say what somebody does, where, and from what they live."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, Field, Schema
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
        Field("incomePercentage", Integer(), "Its share of the whole income in percent", 5),
        Field("from", Integer(), "Lower end of the income from it", 100),
        Field("to", Integer(), "Upper end of the income from it", 1000),
    ),
)

SOURCE_OF_WEALTH = Schema(
    "SourceOfWealth",
    "Where the wealth comes from",
    (
        Field(
            "code", ClassifierCode("sourceOfWealth"), "The source of the wealth", "INHERITANCE", ALWAYS, e.WEALTH_CODE
        ),
        Field("amount", Decimal(), "The amount from it", 100000),
        Field("comment", Text(), "Remark on it", "text"),
    ),
)

ACTIVITY = Schema(
    "Activity",
    "An economic activity, with its share of the income",
    (
        Field(
            "activityType", ClassifierCode("activityType"), "The activity", "ACTIVITY_OTHER", ALWAYS, e.ACTIVITY_TYPE
        ),
        Field("incomePercentage", Integer(), "Its share of the whole income in percent", 15),
    ),
)

REGION_OF_ACTIVITY = Schema(
    "RegionOfActivity",
    "A region in which somebody is active",
    (
        Field(
            "region", Text(), "The region in free text: EU is a region and no country", "EU", ALWAYS, e.ACTIVITY_REGION
        ),
    ),
)

COUNTRY_OF_ACTIVITY = Schema(
    "CountryOfActivity",
    "A country in which somebody is active",
    (Field("country", ClassifierCode("country"), "The country, ISO 3166-1 alpha-2", "LT", ALWAYS, e.ACTIVITY_COUNTRY),),
)

COUNTRY_OF_TAX_PAYMENT = Schema(
    "CountryOfTaxPayment",
    "A country in which the customer pays taxes",
    (
        Field("country", ClassifierCode("country"), "The country, ISO 3166-1 alpha-2", "LT", ALWAYS, e.TAX_COUNTRY),
        Field("taxpayerNumber", Text(), "The customer's taxpayer number there", "5541245574"),
    ),
)
