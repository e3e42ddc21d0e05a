"""Oracle for responses: one result for each customer, with the contract's keys and texts and no value beyond these."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from fuzzing.invariants import require
from muster.customer import BusinessUnits
from muster.customer.error_order import ERROR_ROWS
from muster.customer.error_prefix import RELATED_CODES
from muster.customer.fields import iterate_fields
from muster.customer.findings import MAX_FINDINGS
from muster.customer.value_readers import read_text
from muster.intake.candidates import Candidate
from muster.intake.customer_store import NOTHING_KNOWN
from muster.intake.decision import decide
from muster.intake.response import REQUEST_ACCEPTED, REQUEST_REJECTED, ResponseBuilder

_KEYS: Final = {"resultType", "communicationNumber", "customerExtId", "businessUnit", "timeElapsedMs"}
_REJECTED_KEYS: Final = _KEYS | {"errorCode", "errorDescription"}


def check_responses(items: Sequence[Any], batch: Sequence[Candidate], units: BusinessUnits) -> None:
    """Checks the JSON of the response without and with details."""
    plain, detailed = _build_results(batch, detail=False), _build_results(batch, detail=True)
    require(len(plain) == len(detailed) == len(items), "a-customer-has-no-result-or-several")
    for index, (item, result, with_details) in enumerate(zip(items, plain, detailed, strict=True)):
        _check_result(item, result, units)
        errors, warnings = with_details.pop("errors"), with_details.pop("warnings")
        for name, found in (("moreErrors", errors), ("moreWarnings", warnings)):
            has_more = with_details.pop(name, False)
            require(not has_more or len(found) == MAX_FINDINGS, "findings-are-missing-below-their-bound", name)
        require(with_details == result, "the-detailed-result-differs")
        _check_findings(index, item, result, errors, warnings)


def _build_results(batch: Sequence[Candidate], *, detail: bool) -> list[dict[str, Any]]:
    violations = decide(batch, NOTHING_KNOWN).violations
    response = ResponseBuilder(batch, [0] * len(batch), time.perf_counter_ns(), detail=detail).build(violations)
    results: list[dict[str, Any]] = json.loads(bytes(response))["results"]
    for result in results:
        require(type(result.get("timeElapsedMs")) is int, "a-result-has-no-time")
        result["timeElapsedMs"] = 0
    return results


def _check_result(item: Any, result: dict[str, Any], units: BusinessUnits) -> None:
    is_rejected = result["resultType"] == REQUEST_REJECTED
    require(is_rejected or result["resultType"] == REQUEST_ACCEPTED, "a-result-has-no-type")
    require(result.keys() == (_REJECTED_KEYS if is_rejected else _KEYS), "a-result-has-other-keys", result.keys())
    for name in ("communicationNumber", "customerExtId"):
        sent = item.get(name) if type(item) is dict else None
        allowed = (None, sent if type(sent) is str else read_text(sent))
        require(result[name] in allowed, "a-result-echoes-a-value-that-was-not-sent", name)
    require(result["businessUnit"] in (None, *units.existing), "a-result-has-a-unit-that-does-not-exist")
    if is_rejected:
        _check_text(item, result["errorCode"], result["errorDescription"])


def _check_findings(
    index: int, item: Any, result: dict[str, Any], errors: list[dict[str, str]], warnings: list[dict[str, str]]
) -> None:
    first = [(error["code"], error["description"]) for error in errors[:1]]
    is_rejected = result["resultType"] == REQUEST_REJECTED
    in_result = [(result["errorCode"], result["errorDescription"])] if is_rejected else []
    require(first == in_result, "the-error-of-a-result-is-not-its-first")
    require(len(errors) <= MAX_FINDINGS and len(warnings) <= MAX_FINDINGS, "findings-have-no-bound")
    for finding in errors:
        _check_text(item, finding["code"], finding["description"])
    for finding in errors + warnings:
        require(_is_valid_pointer(index, item, finding["pointer"]), "a-pointer-leads-nowhere")


def _is_valid_pointer(index: int, item: Any, pointer: str) -> bool:
    """Whether the pointer leads to a value in the item, or to a field that is missing in one of its objects."""
    empty, root, number, *steps = pointer.split("/")
    if (empty, root, number) != ("", "customers", str(index)):
        return False
    for at, step in enumerate(steps):
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(item, list) and key.isdigit() and int(key) < len(item):
            item = item[int(key)]
        elif isinstance(item, dict) and key in item:
            item = item[key]
        else:
            return isinstance(item, dict) and at == len(steps) - 1
    return True


def _check_text(item: Any, code: str, description: str) -> None:
    """The text is one of the error catalogue; a value in it was sent, in the field that the contract names there."""
    for pattern in _get_patterns(code):
        if found := pattern.fullmatch(description):
            values = {name: found[name] for name in pattern.groupindex}
            if all(_was_sent(item, name, value) for name, value in values.items()):
                return
    require(False, "a-description-is-not-in-the-catalogue", code)


def _was_sent(item: Any, placeholder: str, value: str) -> bool:
    field = {"NAME": "initializeScreeningProcesses", "code": "code"}[placeholder]
    is_missing_code = placeholder == "code" and value == "null"
    return is_missing_code or any(read_text(sent) == value for sent in _find_values(field, item))


def _find_values(field: str, item: Any) -> Iterator[Any]:
    """The values of all fields with this name, at any depth; of a list, its elements."""
    remaining = [item]
    while remaining:
        found = remaining.pop()
        if isinstance(found, dict):
            value = found.get(field)
            yield from value if isinstance(value, list) else [value]
            remaining.extend(found.values())
        elif isinstance(found, list):
            remaining.extend(found)


@cache
def _get_patterns(code: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of the texts that may stand with a code."""
    return tuple(dict.fromkeys(text for pattern, text in _build_catalogue() if pattern.fullmatch(code)))


@cache
def _build_catalogue() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    """The patterns of the code and the text of every error."""
    return tuple(
        (_compile_template(row.prefix.get_code(error)), _compile_template(row.prefix.get_text(error)))
        for row in ERROR_ROWS
        for error in row.errors
    )


def _compile_template(template: str) -> re.Pattern[str]:
    pieces = re.split(r"(\{\w+\})", template)
    return re.compile("".join(_build_placeholders().get(piece, re.escape(piece)) for piece in pieces), re.DOTALL)


@cache
def _build_placeholders() -> dict[str, str]:
    fields = [field for _, field in iterate_fields()]
    enumerations = {", ".join(values) for field in fields if (values := getattr(field.value_type, "values", ()))}
    return {
        "{i}": r"\d+",
        "{j}": r"\d+",
        "{NAME}": "(?P<NAME>.*)",
        "{code}": "(?P<code>.*)",
        "{Field}": _match_any({field.title for field in fields}),
        "{TYPE}": _match_any({field.value_type.label for field in fields} | enumerations | {"OBJECT"}),
        "{values}": _match_any(enumerations),
        "{ENTITYTYPE}": _match_any(set(RELATED_CODES)),
        "{C}": _match_any(set(RELATED_CODES.values())),
    }


def _match_any(texts: set[str]) -> str:
    return f"(?:{'|'.join(sorted(map(re.escape, texts), key=len, reverse=True))})"
