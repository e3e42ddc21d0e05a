"""A careful decoder for the rare bodies that the fast one refuses although they are JSON.

msgspec stops at whole numbers of thousands of digits, at lone surrogates (`"\\ud800"`) and at deep nesting. All are
JSON, and one sender's oddity must not cost the other customers of a batch their place. So here a value that no kind
takes becomes `UNREADABLE`, and the rest of the body is as good as any.

The standard library takes such numbers and surrogates, and stops at deep nesting too. So the text is walked over
first, with a stack of its own, by one match from bracket to bracket: that checks its syntax, and takes away what nests
too deep to be of use. Only odd bodies come here; but their sender chooses how many, so they must cost little.
"""

import json
import re
from io import StringIO
from typing import Any, Final, NoReturn

from muster.customer.numbers import UNREADABLE, Unreadable, parse_json_decimal, parse_json_integer

# The schema itself nests seven deep (a contact of a related entity); what lies below is in an unknown or bad value.
MAX_DEPTH: Final = 32


def _as_often_as_it_goes(pattern: str) -> str:
    """A possessive repeat. With an atomic group in it, since before Python 3.11.5 it took the beginning of a repeat
    that came to nothing too (Debian 12 has 3.11.2)."""
    return f"(?:(?>{pattern}))*+"


# Pieces of patterns. What one of them has taken it never gives back, so that no body makes a match try again.
_S: Final = r"[ \t\n\r]*+"
_LETTERS: Final = r'[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})'
_STRING: Final = f'"{_as_often_as_it_goes(_LETTERS)}"'
_NUMBER: Final = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_SCALAR: Final = f"(?:{_STRING}|{_NUMBER}|true|false|null)"
_KEY: Final = f"{_STRING}{_S}:{_S}"
_OPENING: Final = r"[\[{]"

_space: Final = re.compile(_S).match
_string: Final = re.compile(_STRING).match
_scalar: Final = re.compile(_SCALAR).match
_may_be_surrogate: Final = re.compile(r"\\u[dD][89a-fA-F]").search
_surrogate: Final = re.compile("[\ud800-\udfff]").search


class InvalidJsonError(Exception):
    """The text is no JSON: what was expected, and the offset in characters."""

    def __init__(self, expected: str, offset: int) -> None:
        super().__init__(f"expected {expected}")
        self.offset = offset


class _Inside:
    """Ways on inside of a list or an object to the next bracket: from its opening, and from behind a value."""

    def __init__(self, closing: str, before_value: str, passed: str) -> None:
        run = _as_often_as_it_goes(f"{before_value}{passed}{_S},{_S}")
        onward = rf"{run}{before_value}(?:{passed}{_S}\{closing}|{_OPENING})"
        self.closing = closing
        self.run = re.compile(run).match
        self.from_opening = re.compile(rf"{_S}(?:\{closing}|{onward})").match
        self.from_value = re.compile(rf"{_S}(?:\{closing}|,{_S}{onward})").match


def _insides(passed: str) -> dict[int, _Inside]:
    return {_LIST: _Inside("]", "", passed), _OBJECT: _Inside("}", _KEY, passed)}


_LIST, _OBJECT = b"[{"
_OPENINGS: Final = {"[": _LIST, "{": _OBJECT}
# Every container shows as far as containers are kept; below, those that are empty need not.
_KEPT: Final = _insides(_SCALAR)
_BELOW: Final = _insides(rf"(?:{_SCALAR}|\[{_S}\]|\{{{_S}\}})")


def decode(text: str) -> Any:
    """The JSON value of `text`; raises `InvalidJsonError`."""
    shallow = _shallow(text)
    if _may_be_surrogate(shallow):
        return _readable(_with_surrogates.decode(shallow))
    return _without_surrogates.decode(shallow)


def _shallow(text: str) -> str:
    """The text, found to be JSON, with the constant `NaN`, which JSON has not, for each container that nests too deep.

    Raises `InvalidJsonError`.
    """
    shallow, at = text, _past_space(text, 0)
    if text.startswith(tuple(_OPENINGS), at):
        shallow, at = _walked_over(text, at)
    elif scalar := _scalar(text, at):
        at = scalar.end()
    else:
        _fail_at_value(text, at)
    at = _past_space(text, at)
    if at < len(text):
        raise InvalidJsonError("the end of the body", at)
    return shallow


def _walked_over(text: str, at: int) -> tuple[str, int]:
    """The same for the container that opens at `at`, and where it ends."""
    shallow, written = StringIO(), 0
    opened = [_KEPT[_OPENINGS[text[at]]]]  # the containers around the place, outermost first
    at, opens = at + 1, True
    while opened:
        inside = opened[-1]
        found = (inside.from_opening if opens else inside.from_value)(text, at)
        if found is None:
            _fail(text, at, inside, opens=opens)
        at = found.end()
        opening = _OPENINGS.get(text[at - 1])
        opens = opening is not None and len(opened) < MAX_DEPTH
        if opening is None:
            opened.pop()
        elif opens:
            opened.append(_KEPT[opening])
        else:
            shallow.write(f"{text[written : at - 1]}NaN")
            written = at = _end_of(text, at - 1)
    if not written:
        return text, at
    shallow.write(text[written:])
    return shallow.getvalue(), at


def _end_of(text: str, at: int) -> int:
    """Where the container ends that opens at `at`; its syntax is checked."""
    opened = bytearray()  # the brackets of the containers around the place: a byte for each of millions
    opening: int | None = _OPENINGS[text[at]]
    at += 1
    if text[at - 1 : at + 1] in ("[]", "{}"):
        return at + 1
    while True:
        if opening is not None:
            opened.append(opening)
            while opening == _LIST and text.startswith("[", at):
                opened.append(_LIST)
                at += 1
        else:
            opened.pop()
            while opened and text.startswith(_BELOW[opened[-1]].closing, at):
                opened.pop()
                at += 1
            if not opened:
                return at
        inside = _BELOW[opened[-1]]
        found = (inside.from_value if opening is None else inside.from_opening)(text, at)
        if found is None:
            _fail(text, at, inside, opens=opening is not None)
        at = found.end()
        opening = _OPENINGS.get(text[at - 1])


def _fail(text: str, at: int, inside: _Inside, *, opens: bool) -> NoReturn:
    """Tells what is wrong between here, inside of a container, and its next bracket."""
    at = _past_space(text, at)
    if not opens:
        if not text.startswith(",", at):
            raise InvalidJsonError("a comma or a closing bracket", at)
        at = _past_space(text, at + 1)
    if run := inside.run(text, at):
        at = run.end()
    if inside.closing == "}":
        key = _string(text, at)
        if key is None:
            raise InvalidJsonError("a string", at)
        at = _past_space(text, key.end())
        if not text.startswith(":", at):
            raise InvalidJsonError("a colon", at)
        at = _past_space(text, at + 1)
    value = _scalar(text, at)
    if value is None:
        _fail_at_value(text, at)
    raise InvalidJsonError("a comma or a closing bracket", _past_space(text, value.end()))


def _fail_at_value(text: str, at: int) -> NoReturn:
    raise InvalidJsonError("a string" if text.startswith('"', at) else "a value", at)


def _past_space(text: str, at: int) -> int:
    found = _space(text, at)
    return found.end() if found else at


def _unreadable(constant: str) -> Unreadable:
    return UNREADABLE


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {"\ufffd" if _surrogate(key) else key: _readable(value) for key, value in pairs}


def _readable(value: Any) -> Any:
    """The value without strings that are no text; the objects in it are done already."""
    if isinstance(value, str):
        return UNREADABLE if _surrogate(value) else value
    return [_readable(item) for item in value] if isinstance(value, list) else value


_without_surrogates: Final = json.JSONDecoder(
    parse_int=parse_json_integer, parse_float=parse_json_decimal, parse_constant=_unreadable
)
_with_surrogates: Final = json.JSONDecoder(
    parse_int=parse_json_integer,
    parse_float=parse_json_decimal,
    parse_constant=_unreadable,
    object_pairs_hook=_object_of,
)
