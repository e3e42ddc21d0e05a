"""A tolerant JSON decoder for the rare values that are JSON and that msgspec does not decode.

msgspec fails on whole numbers of thousands of digits, on lone surrogates (`"\\ud800"`) and on deep nesting. All are
JSON, and one such value must not reject the other customers of the batch. Here it becomes `UNREADABLE`.

The standard library decodes such numbers and surrogates, but fails on deep nesting, too. Then a scan finds what nests
too deep, and the text is decoded without it. Lone surrogates are replaced in the text as well: a search for them takes
one step for each string that may have one, and a pass over the decoded values would take one for each value.
"""

import json
import re
from typing import Any, Final

from muster.customer.numbers import UNREADABLE, Unreadable, parse_json_decimal, parse_json_integer
from muster.intake.json_scanner import Buffer, Span
from muster.intake.json_structure import find_deep_containers

# What stands for a value that is not decoded. JSON does not have it, so a body cannot contain it.
_PLACEHOLDER: Final = "NaN"
_REPLACED_KEY: Final = "\ufffd"

may_be_surrogate: Final = re.compile(r"\\u[dD][89a-fA-F]").search
_has_surrogate: Final = re.compile("[\ud800-\udfff]").search
# What stands before a string that may have a surrogate, that string, and the colon when it is a key. The last match has
# only what stands after all such strings: without it, the search would start again at every offset of that text.
_OTHER_LETTERS: Final = r'[^"\\]++|\\(?!u[dD][89a-fA-F]).'
_OTHERS: Final = rf'(?:(?>[^"]++|"(?:(?>{_OTHER_LETTERS}))*+"))*+'
_surrogates: Final = re.compile(rf'({_OTHERS})(?:("(?:(?>[^"\\]++|\\.))*+")([ \t\n\r]*+:)?|\Z)', re.DOTALL)


def decode(body: Buffer) -> Any:
    """The JSON value of a body whose syntax is valid; raises `UnicodeDecodeError` when it is not UTF-8."""
    try:
        return _decode_text(str(body, "utf-8"))
    except RecursionError:
        return _decode_text(_cut(body, find_deep_containers(body)))


def _decode_text(text: str) -> Any:
    if may_be_surrogate(text):
        text = _surrogates.sub(_replace_surrogate, text)
    return _decoder.decode(text)


def decode_key(quoted_key: bytes) -> str:
    """A key of an object, from its JSON with the quotes."""
    key: str = _decoder.decode(str(quoted_key, "utf-8")) if b"\\" in quoted_key else str(quoted_key[1:-1], "utf-8")
    return _REPLACED_KEY if _has_surrogate(key) else key


def _cut(body: Buffer, spans: list[Span]) -> str:
    """The text of the body with a placeholder for each span."""
    parts, written = [], 0
    for start, end in spans:
        parts.append(str(body[written:start], "utf-8"))
        written = end
    return _PLACEHOLDER.join([*parts, str(body[written:], "utf-8")])


def _replace_surrogate(found: re.Match[str]) -> str:
    before, string, colon = found.groups(default="")
    if not string or not _has_surrogate(json.loads(string)):
        return found[0]
    return f'{before}"{_REPLACED_KEY}"{colon}' if colon else f"{before}{_PLACEHOLDER}"


def _parse_constant(constant: str) -> Unreadable:
    return UNREADABLE


_decoder: Final = json.JSONDecoder(
    parse_int=parse_json_integer, parse_float=parse_json_decimal, parse_constant=_parse_constant
)
