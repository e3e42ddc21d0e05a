"""Rules over several fields of one object.

A rule sees the document as far as it could be read, with `UNREADABLE` for a bad value of a field that leaves it to the
rule, and reports what does not fit together. Each is made for a prefix, because the prefix decides how its errors read.
"""

from collections.abc import Callable
from typing import Any, Final

from muster.customer import errors as e
from muster.customer.dates import is_additional_timestamp, is_date
from muster.customer.error_prefix import ErrorPrefix
from muster.customer.findings import CompiledError, Findings, Path
from muster.customer.numbers import parse_decimal
from muster.customer.value_readers import BAD, is_absent, read_boolean, read_integer

Document = dict[str, Any]
Rule = Callable[[Document, Document, Path, Findings], None]  # source, document, path, findings


def closing_date(prefix: ErrorPrefix, known: dict[str, str]) -> Rule:
    """A closing date stands with the status CLOSED and with no other; of an unknown status nothing is said."""
    missing = CompiledError.compile(e.CLOSING_DATE_MISSING, prefix)
    forbidden = CompiledError.compile(e.CLOSING_DATE_FORBIDDEN, prefix)

    def rule(source: Document, document: Document, path: Path, findings: Findings) -> None:
        status = document.get("customerStatus")
        if status == "CLOSED":
            if not isinstance(document.get("closingDate"), str):
                findings.refuse(missing, (*path, "closingDate"))
        elif status is not None and "closingDate" in document:
            findings.refuse(forbidden, (*path, "closingDate"))

    return rule


def turnover_bounds(prefix: ErrorPrefix, known: dict[str, str]) -> Rule:
    """A declared turnover has at least one end."""
    check = CompiledError.compile(e.TURNOVER_BOUNDS, prefix)

    def rule(source: Document, document: Document, path: Path, findings: Findings) -> None:
        if is_absent(source.get("from")) and is_absent(source.get("to")):
            findings.refuse(check, (*path, "from"))

    return rule


_DATATYPES: Final[dict[str, tuple[e.Error, Callable[[str], bool]]]] = {
    "STRING": (e.VALUE_NO_STRING, lambda value: True),
    "INTEGER": (e.VALUE_NO_INTEGER, lambda value: read_integer(value) is not BAD),
    "DECIMAL": (e.VALUE_NO_DECIMAL, lambda value: parse_decimal(value.strip()) is not None),
    "DATE": (e.VALUE_NO_DATE, is_date),
    "TIMESTAMP": (e.VALUE_NO_TIMESTAMP, is_additional_timestamp),
    "BOOLEAN": (e.VALUE_NO_BOOLEAN, lambda value: read_boolean(value) is not BAD),
}


def typed_value(prefix: ErrorPrefix, known: dict[str, str]) -> Rule:
    """An additional value reads as its datatype says."""
    missing = CompiledError.compile(e.VALUE_MISSING, prefix, **known)
    checks = {
        datatype: (CompiledError.compile(error, prefix, **known), reads)
        for datatype, (error, reads) in _DATATYPES.items()
    }

    def rule(source: Document, document: Document, path: Path, findings: Findings) -> None:
        if "value" not in document:
            return
        value = document["value"]
        check, reads = checks.get(document.get("datatype", ""), (missing, lambda value: True))
        if not (isinstance(value, str) and reads(value)):
            findings.refuse(check, (*path, "value"), ("code", document.get("code") or "null"))

    return rule


RULES: Final[dict[str, Callable[[ErrorPrefix, dict[str, str]], Rule]]] = {
    "Customer": closing_date,
    "DeclaredTurnover": turnover_bounds,
    "AdditionalValue": typed_value,
}
