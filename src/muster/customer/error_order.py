"""The order of the checks: every error with every prefix, row by row as the contract's table of errors has them.

The errors of one row are alternatives of the same check and share its rank.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from muster.customer import errors as e
from muster.customer.error_prefix import (
    CUSTOMER_PREFIX,
    PREFIXES_IN_CUSTOMER,
    PREFIXES_IN_RELATED,
    RELATED_CODES,
    RELATED_PREFIX,
    ErrorPrefix,
)
from muster.customer.errors import Error

Checks = tuple[tuple[Error, ...], ...]


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One check: its prefix and the errors that it can give."""

    prefix: ErrorPrefix
    errors: tuple[Error, ...]


_CUSTOMER_BEFORE_OBJECTS: Final[Checks] = (
    (e.NOT_AN_OBJECT,),
    (e.COMMUNICATION_NUMBER_MISSING,),
    (e.COMMUNICATION_NUMBER_TOO_LONG,),
    (e.COMMUNICATION_NUMBER_USED,),
    (e.CUSTOMER_EXT_ID_MISSING, e.CUSTOMER_EXT_ID_TOO_LONG),
    (e.REQUESTER_MISSING,),
    (e.CUSTOMER_UNKNOWN,),
    (e.CUSTOMER_KNOWN,),
    (e.ACTION_INVALID,),
    (e.UNIT_UNKNOWN,),
    (e.UNIT_MISSING,),
    (e.UNIT_NOT_ALLOWED,),
    (e.CATEGORY_MISSING,),
    (e.CATEGORY_UNKNOWN,),
    (e.RISK_SOURCE_INVALID,),
    (e.CATEGORY_IS_LEAD,),
    (e.RISK_LEVEL_INVALID,),
    (e.ENTITY_TYPE_MISSING, e.ENTITY_TYPE_INVALID),
    (e.STATUS_MISSING, e.STATUS_INVALID),
    (e.APPLICATION_DATE_MISSING, e.APPLICATION_DATE_INVALID),
    (e.CLOSING_DATE_MISSING,),
    (e.CLOSING_DATE_FORBIDDEN,),
    (e.NOT_FOR_INDIVIDUAL,),
    (e.NOT_FOR_ORGANIZATION,),
    (e.FIRST_NAME_MISSING,),
    (e.LAST_NAME_MISSING,),
    (e.CITIZENSHIP_MISSING,),
    (e.CITIZENSHIP_UNKNOWN,),
    (e.BIRTH_COUNTRY_UNKNOWN,),
    (e.RESIDENCE_COUNTRY_UNKNOWN,),
    (e.SECOND_CITIZENSHIP_UNKNOWN,),
    (e.SCHOOL_COUNTRY_UNKNOWN,),
    (e.PENSION_COUNTRY_UNKNOWN,),
    (e.TITLE_MISSING,),
    (e.REGISTRATION_COUNTRY_UNKNOWN,),
    (e.LEGAL_FORM_MISSING, e.LEGAL_FORM_UNKNOWN),
    (e.BAD_VALUE, e.CODE_UNKNOWN),
    (e.SCREENING_UNKNOWN,),
    (e.SCREENING_UNAVAILABLE,),
)
_CONTACT: Final[Checks] = ((e.CONTACT_TYPE,), (e.CONTACT_DETAILS,))
_DOCUMENT: Final[Checks] = (
    (e.DOCUMENT_ENTITY_TYPE,),
    (e.DOCUMENT_TYPE,),
    (e.DOCUMENT_NUMBER,),
    (e.DOCUMENT_ISSUE_DATE,),
    (e.DOCUMENT_EXPIRY_DATE,),
    (e.DOCUMENT_ISSUE_COUNTRY,),
    (e.DOCUMENT_ISSUE_AUTHORITY,),
)
_VALUE: Final[Checks] = ((e.VALUE_CODE,), (e.VALUE_DESCRIPTION,), (e.VALUE_DATATYPE,), (e.VALUE_MISSING,))
_VALUE_TYPES: Final[Checks] = (
    (e.VALUE_NO_BOOLEAN,),
    (e.VALUE_NO_INTEGER, e.VALUE_NO_DECIMAL, e.VALUE_NO_DATE, e.VALUE_NO_STRING),
    (e.VALUE_NO_TIMESTAMP,),
)
_CUSTOMER_OBJECTS: Final[tuple[tuple[str, Checks], ...]] = (
    ("Contact", _CONTACT),
    ("BusinessEntityDocument", _DOCUMENT),
    ("AppealReason", ((e.APPEAL_REASON,),)),
    ("Address", ((e.ADDRESS_DETAILS,), (e.ADDRESS_COUNTRY,), (e.ADDRESS_TYPE,))),
    ("IntroductionSource", ((e.INTRODUCTION_SOURCE,),)),
    ("OrderedService", ((e.SERVICE_TYPE,),)),
    ("DeclaredTurnover", ((e.TURNOVER_TYPE,), (e.TURNOVER_RANGE,), (e.TURNOVER_BOUNDS, e.TURNOVER_BOUND_INVALID))),
    ("IncomeSource", ((e.INCOME_SOURCE_TYPE,),)),
    ("CountryOfActivity", ((e.ACTIVITY_COUNTRY,),)),
    ("RegionOfActivity", ((e.ACTIVITY_REGION,),)),
    ("Activity", ((e.ACTIVITY_TYPE,),)),
    ("PaymentPurpose", ((e.PAYMENT_PURPOSE_TYPE,), (e.PAYMENT_PURPOSE_DIRECTION,))),
    ("SourceOfWealth", ((e.WEALTH_CODE,),)),
    ("PaymentCountry", ((e.PAYMENT_COUNTRY,), (e.PAYMENT_COUNTRY_DIRECTION,))),
    ("CountryOfTaxPayment", ((e.TAX_COUNTRY,),)),
    ("AdditionalValue", _VALUE),
)
_RELATED_BEFORE_OBJECTS: Final[Checks] = (
    (e.RELATION_TYPE_MISSING,),
    (e.RELATION_TYPE_UNKNOWN,),
    (e.RELATED_ENTITY_TYPE,),
    (e.RELATED_COUNTRY_UNKNOWN,),
    (e.RELATED_NAME_MISSING,),
    (e.RELATED_LEGAL_FORM_UNKNOWN,),
)
_RELATED_OBJECTS: Final[tuple[tuple[str, Checks], ...]] = (
    ("Contact", _CONTACT),
    ("Address", ((e.ADDRESS_DETAILS,), (e.ADDRESS_TYPE, e.ADDRESS_COUNTRY))),
    ("BusinessEntityDocument", _DOCUMENT),
    ("IncomeSource", ((e.INCOME_SOURCE_TYPE,),)),
    ("Activity", ((e.ACTIVITY_TYPE,),)),
    ("RegionOfActivity", ((e.ACTIVITY_REGION,),)),
    ("CountryOfActivity", ((e.ACTIVITY_COUNTRY,),)),
    ("AdditionalValue", _VALUE),
)


def _rows() -> Iterator[ErrorRow]:
    for errors in _CUSTOMER_BEFORE_OBJECTS:
        yield ErrorRow(CUSTOMER_PREFIX, errors)
    for name, checks in _CUSTOMER_OBJECTS:
        for errors in checks:
            yield ErrorRow(PREFIXES_IN_CUSTOMER[name], errors)
    for errors in _VALUE_TYPES:
        yield ErrorRow(CUSTOMER_PREFIX, errors)
    for errors in _RELATED_BEFORE_OBJECTS:
        yield ErrorRow(RELATED_PREFIX, errors)
    for name, checks in _RELATED_OBJECTS:
        for errors in checks:
            yield ErrorRow(PREFIXES_IN_RELATED[name], errors)
    for errors in _VALUE_TYPES:
        yield ErrorRow(RELATED_PREFIX, errors)
    yield ErrorRow(RELATED_PREFIX, (e.BAD_VALUE, e.CODE_UNKNOWN))
    yield ErrorRow(CUSTOMER_PREFIX, (e.FIELD_UNKNOWN,))
    yield ErrorRow(CUSTOMER_PREFIX, (e.BATCH_NOT_SAVED,))


ERROR_ROWS: Final = tuple(_rows())
_RANKS: Final = {
    (row.prefix.get_code(error), row.prefix.get_text(error)): rank
    for rank, row in enumerate(ERROR_ROWS)
    for error in row.errors
}

# Every possible `errorCode` of a result, sorted.
ERROR_CODES: Final = tuple(
    sorted({code.replace("{C}", prefix) for code, _ in _RANKS for prefix in RELATED_CODES.values()})
)


def get_rank(error: Error, prefix: ErrorPrefix) -> int:
    """The position of `error` with `prefix` in the order of the checks."""
    return _RANKS[prefix.get_code(error), prefix.get_text(error)]
