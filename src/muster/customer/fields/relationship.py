"""Nested objects: the purpose and the intended use of the business relationship."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, Field, MandatoryByRule, Schema
from muster.customer.value_types import ClassifierCode, Enum, Integer

APPEAL_REASON = Schema(
    "AppealReason",
    "A reason why the customer approached the institution",
    (
        Field(
            "appealReasonType",
            ClassifierCode("appealReasonType"),
            "The reason",
            "PURPOSE_INVEST",
            ALWAYS,
            e.APPEAL_REASON,
        ),
    ),
)

INTRODUCTION_SOURCE = Schema(
    "IntroductionSource",
    "A way in which the customer learned of the institution",
    (
        Field(
            "introductionSource",
            ClassifierCode("introductionSourceType"),
            "The source",
            "Internet",
            ALWAYS,
            e.INTRODUCTION_SOURCE,
        ),
    ),
)

ORDERED_SERVICE = Schema(
    "OrderedService",
    "A service that the customer ordered",
    (Field("serviceType", ClassifierCode("serviceType"), "The service", "LOANS", ALWAYS, e.SERVICE_TYPE),),
)

DECLARED_TURNOVER = Schema(
    "DeclaredTurnover",
    "A turnover that the customer declares, as a range",
    (
        Field(
            "turnoverType",
            ClassifierCode("turnoverType"),
            "The type of turnover",
            "TURNOVER_PER_MONTH",
            ALWAYS,
            e.TURNOVER_TYPE,
        ),
        Field(
            "turnoverRange",
            Enum(("SINGLE", "DAILY", "MONTHLY", "ANNUAL")),
            "The period of the turnover",
            "MONTHLY",
            ALWAYS,
            e.TURNOVER_RANGE,
        ),
        Field(
            "from",
            Integer(),
            "Lower bound, a whole number",
            1000,
            MandatoryByRule("from or to"),
            error=e.TURNOVER_BOUND_INVALID,
        ),
        Field(
            "to",
            Integer(),
            "Upper bound, a whole number; at least one of the bounds is mandatory",
            5000,
            MandatoryByRule("from or to"),
            error=e.TURNOVER_BOUND_INVALID,
            lower_bound="from",
        ),
    ),
)

PAYMENT_PURPOSE = Schema(
    "PaymentPurpose",
    "A purpose of payments, with their direction",
    (
        Field(
            "paymentPurposeType",
            ClassifierCode("paymentPurposeType"),
            "The purpose",
            "TAXES",
            ALWAYS,
            e.PAYMENT_PURPOSE_TYPE,
        ),
        Field(
            "turnoverDirection",
            Enum(("IN", "OUT")),
            "Whether the payments come in or go out",
            "OUT",
            ALWAYS,
            e.PAYMENT_PURPOSE_DIRECTION,
        ),
    ),
)

PAYMENT_COUNTRY = Schema(
    "PaymentCountry",
    "A country that payments go to or come from",
    (
        Field("country", ClassifierCode("country"), "The country, ISO 3166-1 alpha-2", "LT", ALWAYS, e.PAYMENT_COUNTRY),
        Field(
            "turnoverDirection",
            Enum(("IN", "OUT")),
            "Whether the payments come in or go out",
            "OUT",
            ALWAYS,
            e.PAYMENT_COUNTRY_DIRECTION,
        ),
    ),
)
