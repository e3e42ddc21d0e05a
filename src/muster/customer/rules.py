"""Rules over several fields of one object.

A rule gets the source, as it was sent, and the document, as far as its values are readable: `UNREADABLE` stands for a
bad value of a field that the rule checks. Each rule is made for one error prefix.
"""

from collections.abc import Callable
from typing import Any, Final

from muster.customer import errors as e
from muster.customer.dates import ADDITIONAL_TIMESTAMP_FORM, is_additional_timestamp, is_date
from muster.customer.error_prefix import ErrorPrefix
from muster.customer.findings import CompiledError, Findings, Path
from muster.customer.numbers import parse_decimal
from muster.customer.value_readers import BAD, is_absent, read_boolean, read_integer
from muster.customer.value_types import Boolean, Date, Decimal, Integer, Text
from muster.customer.warnings import KEPT_AS_TEXT

Document = dict[str, Any]
Rule = Callable[[Document, Document, Path, Findings], None]  # source, document, path, findings


def make_closing_date_rule(prefix: ErrorPrefix, known: dict[str, str]) -> Rule:
    """A closing date is mandatory with the status CLOSED and forbidden with any other valid status."""
    missing = CompiledError.compile(e.CLOSING_DATE_MISSING, prefix, Date().expected)
    forbidden = CompiledError.compile(e.CLOSING_DATE_FORBIDDEN, prefix)

    def rule(source: Document, document: Document, path: Path, findings: Findings) -> None:
        status = document.get("customerStatus")
        if status == "CLOSED":
            if not isinstance(document.get("closingDate"), str):
                findings.add_violation(missing, (*path, "closingDate"))
        elif status is not None and "closingDate" in document:
            findings.add_violation(forbidden, (*path, "closingDate"))

    return rule


def make_turnover_bounds_rule(prefix: ErrorPrefix, known: dict[str, str]) -> Rule:
    """A declared turnover has at least one bound."""
    error = CompiledError.compile(e.TURNOVER_BOUNDS, prefix)

    def rule(source: Document, document: Document, path: Path, findings: Findings) -> None:
        if is_absent(source.get("from")) and is_absent(source.get("to")):
            findings.add_violation(error, (*path, "from"))

    return rule


# Datatype -> its error, what it takes in words, and the test of a text.
_DATATYPES: Final[dict[str, tuple[e.Error, str, Callable[[str], bool]]]] = {
    "STRING": (e.VALUE_NO_STRING, Text().expected, lambda value: True),
    "INTEGER": (e.VALUE_NO_INTEGER, Integer().expected, lambda value: read_integer(value) is not BAD),
    "DECIMAL": (e.VALUE_NO_DECIMAL, Decimal().expected, lambda value: parse_decimal(value.strip()) is not None),
    "DATE": (e.VALUE_NO_DATE, Date().expected, is_date),
    "TIMESTAMP": (e.VALUE_NO_TIMESTAMP, ADDITIONAL_TIMESTAMP_FORM, is_additional_timestamp),
    "BOOLEAN": (e.VALUE_NO_BOOLEAN, Boolean().expected, lambda value: read_boolean(value) is not BAD),
}


def make_datatype_rule(prefix: ErrorPrefix, known: dict[str, str]) -> Rule:
    """The value of an additional value can be read as its datatype."""
    missing = CompiledError.compile(e.VALUE_MISSING, prefix, **known)
    checks = {
        datatype: (CompiledError.compile(error, prefix, expected, **known), is_valid)
        for datatype, (error, expected, is_valid) in _DATATYPES.items()
    }

    def rule(source: Document, document: Document, path: Path, findings: Findings) -> None:
        if "value" not in document:
            return
        value = document["value"]
        is_text = isinstance(value, str)
        if is_text and document.get("datatype") == "STRING" and type(source["value"]) is not str:
            findings.add_warning(KEPT_AS_TEXT, (*path, "value"))
        error, is_valid = checks.get(document.get("datatype", ""), (missing, lambda value: True))
        if not (is_text and is_valid(value)):
            findings.add_violation(error, (*path, "value"), ("code", document.get("code") or "null"))

    return rule


RULES: Final[dict[str, Callable[[ErrorPrefix, dict[str, str]], Rule]]] = {
    "Customer": make_closing_date_rule,
    "DeclaredTurnover": make_turnover_bounds_rule,
    "AdditionalValue": make_datatype_rule,
}
