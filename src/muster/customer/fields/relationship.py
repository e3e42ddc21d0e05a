"""Parts that say why the customer came and what they will do with the account."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, Field, MandatoryByRule, Schema
from muster.customer.value_types import ClassifierCode, Enum, Integer

APPEAL_REASON = Schema(
    "AppealReason",
    "Why the customer turned to the institution",
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
    "How the customer came to know the institution",
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
            "What the turnover is of",
            "TURNOVER_PER_MONTH",
            ALWAYS,
            e.TURNOVER_TYPE,
        ),
        Field(
            "turnoverRange",
            Enum(("SINGLE", "DAILY", "MONTHLY", "ANNUAL")),
            "The period that the turnover is for",
            "MONTHLY",
            ALWAYS,
            e.TURNOVER_RANGE,
        ),
        Field(
            "from",
            Integer(),
            "Lower end, a whole number",
            1000,
            MandatoryByRule("from or to"),
            error=e.TURNOVER_BOUND_INVALID,
        ),
        Field(
            "to",
            Integer(),
            "Upper end, a whole number; at least one of the ends must be there",
            5000,
            MandatoryByRule("from or to"),
            error=e.TURNOVER_BOUND_INVALID,
        ),
    ),
)

PAYMENT_PURPOSE = Schema(
    "PaymentPurpose",
    "What payments are for, by their direction",
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
