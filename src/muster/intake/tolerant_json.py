"""A tolerant JSON decoder for the rare bodies that are JSON and that msgspec does not decode.

msgspec fails on whole numbers of thousands of digits, on lone surrogates (`"\\ud800"`) and on deep nesting. All are
JSON, and one such value must not reject the other customers of the batch. Here it becomes `UNREADABLE`.

The standard library decodes such numbers and surrogates, but fails on deep nesting. So a scan with a stack of its own
goes over the text first, with one regular expression match from bracket to bracket. The scan checks the syntax and cuts
off what nests too deep. Such bodies are rare, but a client can send any number of them, so decoding must cost little.
"""

import json
import re
from io import StringIO
from typing import Any, Final, NoReturn

from muster.customer.numbers import UNREADABLE, Unreadable, parse_json_decimal, parse_json_integer

# The schema nests seven levels (a contact of a related entity). Deeper values are unknown or bad anyway.
MAX_DEPTH: Final = 32


def _repeat_possessively(pattern: str) -> str:
    """A possessive repeat of an atomic group. Without the group, Python before 3.11.5 also consumes the beginning of a
    failed repetition (Debian 12 has 3.11.2)."""
    return f"(?:(?>{pattern}))*+"


# Parts of patterns. All are possessive, so no body can make a match backtrack.
_S: Final = r"[ \t\n\r]*+"
_LETTERS: Final = r'[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})'
_STRING: Final = f'"{_repeat_possessively(_LETTERS)}"'
_NUMBER: Final = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_SCALAR: Final = f"(?:{_STRING}|{_NUMBER}|true|false|null)"
_KEY: Final = f"{_STRING}{_S}:{_S}"
_OPENING: Final = r"[\[{]"

_match_space: Final = re.compile(_S).match
_match_string: Final = re.compile(_STRING).match
_match_scalar: Final = re.compile(_SCALAR).match
_may_be_surrogate: Final = re.compile(r"\\u[dD][89a-fA-F]").search
_has_surrogate: Final = re.compile("[\ud800-\udfff]").search


class InvalidJsonError(Exception):
    """The text is not JSON: what was expected, and the offset in characters."""

    def __init__(self, expected: str, offset: int) -> None:
        super().__init__(f"expected {expected}")
        self.offset = offset


class _Container:
    """Matches inside of a list or an object up to its next bracket: after its opening, and after a value.

    `skipped` is the pattern of the values that have no bracket of interest.
    """

    def __init__(self, closing: str, before_value: str, skipped: str) -> None:
        skipped_values = _repeat_possessively(f"{before_value}{skipped}{_S},{_S}")
        to_bracket = rf"{skipped_values}{before_value}(?:{skipped}{_S}\{closing}|{_OPENING})"
        self.closing = closing
        self.match_skipped = re.compile(skipped_values).match
        self.match_after_opening = re.compile(rf"{_S}(?:\{closing}|{to_bracket})").match
        self.match_after_value = re.compile(rf"{_S}(?:\{closing}|,{_S}{to_bracket})").match


def _make_containers(skipped: str) -> dict[int, _Container]:
    return {_LIST: _Container("]", "", skipped), _OBJECT: _Container("}", _KEY, skipped)}


_LIST, _OBJECT = b"[{"
_OPENINGS: Final = {"[": _LIST, "{": _OBJECT}
# Down to MAX_DEPTH, the scan stops at every container; below, it skips empty ones.
_SHALLOW: Final = _make_containers(_SCALAR)
_DEEP: Final = _make_containers(rf"(?:{_SCALAR}|\[{_S}\]|\{{{_S}\}})")


def decode(text: str) -> Any:
    """The JSON value of `text`; raises `InvalidJsonError`."""
    shallow = _cut_deep_containers(text)
    if _may_be_surrogate(shallow):
        return _replace_surrogates(_decoder_for_surrogates.decode(shallow))
    return _decoder.decode(shallow)


def _cut_deep_containers(text: str) -> str:
    """The text with each container that nests too deep replaced by `NaN`, which JSON does not have.

    Raises `InvalidJsonError` when the text is not JSON.
    """
    shallow, at = text, _skip_space(text, 0)
    if text.startswith(tuple(_OPENINGS), at):
        shallow, at = _scan_container(text, at)
    elif scalar := _match_scalar(text, at):
        at = scalar.end()
    else:
        _fail_at_value(text, at)
    at = _skip_space(text, at)
    if at < len(text):
        raise InvalidJsonError("the end of the body", at)
    return shallow


def _scan_container(text: str, at: int) -> tuple[str, int]:
    """The same for the container that opens at `at`, and the offset of its end."""
    shallow, written = StringIO(), 0
    stack = [_SHALLOW[_OPENINGS[text[at]]]]  # the open containers, outermost first
    at, is_opened = at + 1, True
    while stack:
        container = stack[-1]
        found = (container.match_after_opening if is_opened else container.match_after_value)(text, at)
        if found is None:
            _fail(text, at, container, is_opened=is_opened)
        at = found.end()
        opening = _OPENINGS.get(text[at - 1])
        is_opened = opening is not None and len(stack) < MAX_DEPTH
        if opening is None:
            stack.pop()
        elif is_opened:
            stack.append(_SHALLOW[opening])
        else:
            shallow.write(f"{text[written : at - 1]}NaN")
            written = at = _find_end(text, at - 1)
    if not written:
        return text, at
    shallow.write(text[written:])
    return shallow.getvalue(), at


def _find_end(text: str, at: int) -> int:
    """The offset of the end of the container that opens at `at`. Checks its syntax."""
    stack = bytearray()  # the opening brackets of the open containers: one byte each, because there may be millions
    opening: int | None = _OPENINGS[text[at]]
    at += 1
    if text[at - 1 : at + 1] in ("[]", "{}"):
        return at + 1
    while True:
        if opening is not None:
            stack.append(opening)
            while opening == _LIST and text.startswith("[", at):
                stack.append(_LIST)
                at += 1
        else:
            stack.pop()
            while stack and text.startswith(_DEEP[stack[-1]].closing, at):
                stack.pop()
                at += 1
            if not stack:
                return at
        container = _DEEP[stack[-1]]
        found = (container.match_after_value if opening is None else container.match_after_opening)(text, at)
        if found is None:
            _fail(text, at, container, is_opened=opening is not None)
        at = found.end()
        opening = _OPENINGS.get(text[at - 1])


def _fail(text: str, at: int, container: _Container, *, is_opened: bool) -> NoReturn:
    """Raises the error between `at`, inside of a container, and the next bracket."""
    at = _skip_space(text, at)
    if not is_opened:
        if not text.startswith(",", at):
            raise InvalidJsonError("a comma or a closing bracket", at)
        at = _skip_space(text, at + 1)
    if skipped := container.match_skipped(text, at):
        at = skipped.end()
    if container.closing == "}":
        key = _match_string(text, at)
        if key is None:
            raise InvalidJsonError("a string", at)
        at = _skip_space(text, key.end())
        if not text.startswith(":", at):
            raise InvalidJsonError("a colon", at)
        at = _skip_space(text, at + 1)
    value = _match_scalar(text, at)
    if value is None:
        _fail_at_value(text, at)
    raise InvalidJsonError("a comma or a closing bracket", _skip_space(text, value.end()))


def _fail_at_value(text: str, at: int) -> NoReturn:
    raise InvalidJsonError("a string" if text.startswith('"', at) else "a value", at)


def _skip_space(text: str, at: int) -> int:
    found = _match_space(text, at)
    return found.end() if found else at


def _parse_constant(constant: str) -> Unreadable:
    return UNREADABLE


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {"\ufffd" if _has_surrogate(key) else key: _replace_surrogates(value) for key, value in pairs}


def _replace_surrogates(value: Any) -> Any:
    """The value with `UNREADABLE` for strings with surrogates. Objects in it were built by `_build_object`."""
    if isinstance(value, str):
        return UNREADABLE if _has_surrogate(value) else value
    return [_replace_surrogates(item) for item in value] if isinstance(value, list) else value


_decoder: Final = json.JSONDecoder(
    parse_int=parse_json_integer, parse_float=parse_json_decimal, parse_constant=_parse_constant
)
_decoder_for_surrogates: Final = json.JSONDecoder(
    parse_int=parse_json_integer,
    parse_float=parse_json_decimal,
    parse_constant=_parse_constant,
    object_pairs_hook=_build_object,
)
