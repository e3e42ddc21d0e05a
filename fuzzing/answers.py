"""Properties of the answer to a batch: one result for each customer, in the words of the contract and with nothing of
the customer's but what the contract echoes.
"""

import json
import re
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from fuzzing.broken import hold
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
_KEYS_OF_REJECTED: Final = _KEYS | {"errorCode", "errorDescription"}
_KEYS_OF_DETAIL: Final = {"errors", "warnings"}


def check_answers(items: Sequence[Any], batch: Sequence[Candidate], units: BusinessUnits) -> None:
    """The plain answer and the detailed one, as they go over the wire."""
    plain, detailed = _results(batch, detail=False), _results(batch, detail=True)
    hold(len(plain) == len(detailed) == len(items), "a-customer-has-no-result-or-several")
    for index, (item, result, more) in enumerate(zip(items, plain, detailed, strict=True)):
        _check_result(item, result, units)
        errors, warnings = more.pop("errors"), more.pop("warnings")
        hold(more == result, "the-detailed-result-says-something-else")
        _check_findings(index, item, result, errors, warnings)


def _results(batch: Sequence[Candidate], *, detail: bool) -> list[dict[str, Any]]:
    violations = decide(batch, NOTHING_KNOWN).violations
    report = ResponseBuilder(batch, [0] * len(batch), time.perf_counter_ns(), detail=detail).build(violations)
    results: list[dict[str, Any]] = json.loads(report)["results"]
    for result in results:
        hold(type(result.get("timeElapsedMs")) is int, "a-result-has-no-time")
        result["timeElapsedMs"] = 0
    return results


def _check_result(item: Any, result: dict[str, Any], units: BusinessUnits) -> None:
    rejected = result["resultType"] == REQUEST_REJECTED
    hold(rejected or result["resultType"] == REQUEST_ACCEPTED, "a-result-has-no-type")
    hold(result.keys() == (_KEYS_OF_REJECTED if rejected else _KEYS), "a-result-has-other-keys", result.keys())
    for name in ("communicationNumber", "customerExtId"):
        sent = item.get(name) if type(item) is dict else None
        allowed = (None, sent if type(sent) is str else read_text(sent))
        hold(result[name] in allowed, "a-result-echoes-what-was-not-sent", name)
    hold(result["businessUnit"] in (None, *units.existing), "a-result-names-a-unit-that-is-not-there")
    if rejected:
        _check_words(item, result["errorCode"], result["errorDescription"])


def _check_findings(
    index: int, item: Any, result: dict[str, Any], errors: list[dict[str, str]], warnings: list[dict[str, str]]
) -> None:
    first = [(error["code"], error["description"]) for error in errors[:1]]
    told = [(result["errorCode"], result["errorDescription"])] if result["resultType"] == REQUEST_REJECTED else []
    hold(first == told, "the-first-error-is-not-the-first-of-all")
    hold(len(errors) <= MAX_FINDINGS and len(warnings) <= MAX_FINDINGS, "findings-have-no-bound")
    for finding in errors:
        _check_words(item, finding["code"], finding["description"])
    for finding in errors + warnings:
        hold(_points_into(index, item, finding["pointer"]), "a-pointer-leads-nowhere")


def _points_into(index: int, item: Any, pointer: str) -> bool:
    """Whether the pointer leads to something in the item, or to where a field is missing that belongs there."""
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


def _check_words(item: Any, code: str, description: str) -> None:
    """The words are the catalogue's; a value in them is one that the contract names there."""
    for pattern in _patterns(code):
        if found := pattern.fullmatch(description):
            values = {name: found[name] for name in pattern.groupindex}
            if all(_was_sent(item, name, value) for name, value in values.items()):
                return
    hold(False, "a-description-is-not-the-catalogues", code)


def _was_sent(item: Any, name: str, value: str) -> bool:
    field = {"NAME": "initializeScreeningProcesses", "code": "code"}[name]
    return (name == "code" and value == "null") or any(read_text(sent) == value for sent in _sent_as(field, item))


def _sent_as(field: str, item: Any) -> Iterator[Any]:
    """Every value of a field of that name, wherever it stands; the elements of a list each."""
    rest = [item]
    while rest:
        found = rest.pop()
        if isinstance(found, dict):
            value = found.get(field)
            yield from value if isinstance(value, list) else [value]
            rest.extend(found.values())
        elif isinstance(found, list):
            rest.extend(found)


@cache
def _patterns(code: str) -> tuple[re.Pattern[str], ...]:
    """What may be said with a code."""
    return tuple(dict.fromkeys(pattern for its_code, pattern in _catalogue() if its_code.fullmatch(code)))


@cache
def _catalogue() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    return tuple(
        (_pattern(row.prefix.get_code(error)), _pattern(row.prefix.get_text(error)))
        for row in ERROR_ROWS
        for error in row.errors
    )


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"(\{\w+\})", template)
    return re.compile("".join(_placeholders().get(piece, re.escape(piece)) for piece in pieces), re.DOTALL)


@cache
def _placeholders() -> dict[str, str]:
    fields = [field for _, field in iterate_fields()]
    listed = {", ".join(values) for field in fields if (values := getattr(field.value_type, "values", ()))}
    return {
        "{i}": r"\d+",
        "{j}": r"\d+",
        "{NAME}": "(?P<NAME>.*)",
        "{code}": "(?P<code>.*)",
        "{Field}": _one_of({field.title for field in fields}),
        "{TYPE}": _one_of({field.value_type.label for field in fields} | listed | {"OBJECT"}),
        "{values}": _one_of(listed),
        "{ENTITYTYPE}": _one_of(set(RELATED_CODES)),
        "{C}": _one_of(set(RELATED_CODES.values())),
    }


def _one_of(texts: set[str]) -> str:
    return f"(?:{'|'.join(sorted(map(re.escape, texts), key=len, reverse=True))})"
