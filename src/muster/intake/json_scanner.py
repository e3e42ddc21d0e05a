"""Checks the syntax of JSON values and finds their ends, in bytes and at any depth, without decoding them.

It is for what msgspec refuses: values that nest very deep, and text that is not JSON, to say what is wrong. A scan
takes a few matches of regular expressions for each container that holds containers in containers; simpler ones are
skipped in one match. The size of a text bounds the number of its steps (`tests/intake/test_decoding_cost.py`).
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple, NoReturn

Buffer = bytes | bytearray | memoryview
Span = tuple[int, int]  # the offsets of the first byte and after the last one

# Bytes that one match may go over. It keeps all other threads waiting, the event loop too; and what is left when the
# strings in a match are removed takes up to forty times as many.
WINDOW_BYTES: Final = 32 * 1024
# A match that ends so near to the end of its window may be one of the beginning of a number: the 1 of 1.5 or of 1e-5.
_CUT_NUMBER_BYTES: Final = 3


class InvalidJsonError(Exception):
    """The text is not JSON: what was expected, and the offset in bytes."""

    def __init__(self, expected: str, offset: int) -> None:
        super().__init__(f"expected {expected}")
        self.offset = offset


def _repeat_possessively(pattern: str) -> str:
    """A possessive repeat of an atomic group. Without the group, Python before 3.11.5 also consumes the beginning of a
    failed repetition (Debian 12 has 3.11.2)."""
    return f"(?:(?>{pattern}))*+"


def _nest(value: str) -> str:
    """The pattern of `value`, or of a list or an object of it. A closing bracket must follow its last value."""
    items = _repeat_possessively(rf"{value}{_S}(?:,{_S}(?!\])|(?=\]))")
    pairs = _repeat_possessively(rf"{_KEY}{value}{_S}(?:,{_S}(?!\}})|(?=\}}))")
    return rf"(?:{value}|\[{_S}{items}\]|\{{{_S}{pairs}\}})"


# Parts of patterns. All are possessive, so no body can make a match backtrack.
_S: Final = r"[ \t\n\r]*+"
_LETTERS: Final = r'[^"\\\x00-\x1f]*+'
_ESCAPES: Final = _repeat_possessively(rf'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}}){_LETTERS}')
_STRING: Final = f'"{_LETTERS}(?:"|{_ESCAPES}")'
# An empty alternative is faster than `?`, which keeps a state that it never needs.
_NUMBER: Final = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++|)(?:[eE][+-]?[0-9]++|)"
_KEY: Final = f"{_STRING}{_S}:{_S}"
_SCALAR: Final = f"(?:{_STRING}|{_NUMBER}|true|false|null)"
# A scalar, or lists and objects of scalars to a depth of two. Each level makes the pattern twice as long. With one
# level, deep nesting costs a third to a half less, but a customer with all fields half as much again.
_SIMPLE: Final = _nest(_nest(_SCALAR))
_LIST_ITEMS: Final = _repeat_possessively(f"{_SIMPLE}{_S},{_S}")
_OBJECT_ITEMS: Final = _repeat_possessively(f"{_SIMPLE}{_S},{_S}{_KEY}")
# A bracket that opens a container, with the simple values before the next one. An empty list is a value. Three brackets
# more are no simple value: in a long run of brackets, that saves looking for one.
_OPENING: Final = rf"[\[{{](?:(?<=\[)(?:(?=\[\[\[)|{_S}(?=[^\]]){_LIST_ITEMS})|(?<=\{{){_S}{_KEY}{_OBJECT_ITEMS})"
# The brackets that open before the first simple value in a value, that simple value, and the brackets that close then.
_CLOSINGS: Final = _repeat_possessively(rf"{_S}[\]}}]")
_VALUE: Final = rf"({_repeat_possessively(_OPENING)}){_SIMPLE}({_CLOSINGS})"


def _compile(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode())


_LIST, _OBJECT = b"[{"
_CLOSING: Final = bytes.maketrans(b"[{", b"]}")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_SPACES: Final = b" \t\n\r"

_match_space: Final = _compile(_S).match
_match_string: Final = _compile(_STRING).match
_match_key: Final = _compile(_KEY.replace(_STRING, f"({_STRING})")).match
_match_comma: Final = _compile(f"{_S},{_S}").match
_remove_strings: Final = _compile(_STRING).sub
_match_closings: Final = _compile(_CLOSINGS).match
_match_opening: Final = _compile(rf"\[{_S}(?=[^\]])|\{{{_S}{_KEY}").match

_Match = Callable[[Buffer, int, int], re.Match[bytes] | None]


class _ValuePatterns(NamedTuple):
    """The patterns of simple values, and of more than one."""

    match_simple: _Match
    match_value: _Match
    match_openings: _Match
    match_items: dict[int, _Match]
    match_next: dict[int, _Match]  # a value in a list or an object after another one, from the comma on


@cache
def _compile_values() -> _ValuePatterns:
    """Compiled for the first body that needs them: that takes as long as half of the service's code takes to load."""
    return _ValuePatterns(
        match_simple=_compile(_SIMPLE).match,
        match_value=_compile(_VALUE).match,
        match_openings=_compile(_repeat_possessively(_OPENING)).match,
        match_items={_LIST: _compile(_LIST_ITEMS).match, _OBJECT: _compile(_OBJECT_ITEMS).match},
        match_next={
            _LIST: _compile(f"{_S},{_S}{_LIST_ITEMS}{_VALUE}").match,
            _OBJECT: _compile(f"{_S},{_S}{_KEY}{_OBJECT_ITEMS}{_VALUE}").match,
        },
    )


def skip_space(body: Buffer, at: int) -> int:
    """The offset of the next byte that is no white space."""
    return _get_end(_match_space(body, at), at)


def check_syntax(body: Buffer, window_bytes: int = WINDOW_BYTES) -> None:
    """Raises `InvalidJsonError` when the body is not JSON."""
    end = skip_space(body, skip_value(body, skip_space(body, 0), window_bytes))
    if end < len(body):
        raise InvalidJsonError("the end of the body", end)


def skip_value(body: Buffer, at: int, window_bytes: int = WINDOW_BYTES) -> int:
    """The offset of the end of the value that begins at `at`; raises `InvalidJsonError`."""
    patterns = _compile_values()
    limit = at + window_bytes
    simple = patterns.match_simple(body, at, limit)
    if simple is not None and simple.end() <= limit - _CUT_NUMBER_BYTES:
        return simple.end()
    opened = bytearray()  # the opening brackets of the open containers: one byte each, because there may be millions
    match = patterns.match_value
    while True:
        limit = at + window_bytes
        found = match(body, at, limit)
        if found is None or found.end() > limit - _CUT_NUMBER_BYTES:
            at = _skip_first_value(body, at, opened, window_bytes)
        else:
            openings, closings = found.groups()
            if closings == openings[::-1].translate(_CLOSING):
                at = found.end()  # most often, the brackets close exactly those that were opened just before
            else:
                opened += _get_open_brackets(openings)
                at = _skip_closings(body, found.start(2), opened, window_bytes)
        if not opened:
            return at
        match = patterns.match_next[opened[-1]]


def _skip_first_value(body: Buffer, at: int, opened: bytearray, window_bytes: int) -> int:
    """The offset after the first value that ends, and the brackets that close then. For values larger than a window.

    At `at` begins a value, or after a value in a container, a comma.
    """
    patterns = _compile_values()
    if opened:
        at = _skip_comma_and_key(body, at, opened[-1])
    while True:
        start = at
        if opened:
            at = _get_end(patterns.match_items[opened[-1]](body, at, at + window_bytes), at)
        openings = patterns.match_openings(body, at, at + window_bytes)
        if openings is None or openings.end() == at:
            openings = _match_opening(body, at)  # white space and a key may be longer than a window
        if openings is not None:
            opened += _get_open_brackets(openings[0])
            at = openings.end()
        at = skip_space(body, at)
        if at == start:
            break
    simple = patterns.match_simple(body, at, len(body))
    if simple is None:
        _fail_at_value(body, at)
    return _skip_closings(body, simple.end(), opened, window_bytes)


def _skip_comma_and_key(body: Buffer, at: int, container: int) -> int:
    """The offset of the next value in a container, after a value."""
    comma = _match_comma(body, at)
    if comma is None:
        raise InvalidJsonError("a comma or a closing bracket", skip_space(body, at))
    if container == _LIST:
        return comma.end()
    key = _match_key(body, comma.end())
    if key is None:
        _fail_at_key(body, comma.end())
    return key.end()


def _get_open_brackets(openings: bytes) -> bytes:
    """The brackets that are not closed in what `_OPENING` repeats: all but those of the simple values."""
    brackets = _remove_strings(b"", openings).translate(None, _NO_BRACKETS)
    for pair in (b"[]", b"{}", b"[]", b"{}"):
        brackets = brackets.replace(pair, b"")
    return brackets


def _skip_closings(body: Buffer, at: int, opened: bytearray, window_bytes: int) -> int:
    """The offset after the brackets that close open containers, which are removed from `opened`."""
    while opened:
        start = skip_space(body, at)
        found = _match_closings(body, start, start + window_bytes)
        if found is None or found.end() == start:
            break
        brackets = found[0].translate(None, _SPACES)
        count = min(len(brackets), len(opened))
        expected = bytes(opened[: -count - 1 : -1]).translate(_CLOSING)
        is_closed = brackets.startswith(expected)
        if not is_closed:
            count = next(index for index, bracket in enumerate(expected) if bracket != brackets[index])
        del opened[len(opened) - count :]
        if count == len(brackets):
            at = found.end()
        else:
            at = _skip_brackets(body, start, count) if len(found[0]) > len(brackets) else start + count
        if not is_closed:
            raise InvalidJsonError("a comma or a closing bracket", skip_space(body, at))
    return at


def _skip_brackets(body: Buffer, at: int, count: int) -> int:
    found = re.compile(rb"(?:[ \t\n\r]*+[\]}]){%d}" % count).match(body, at)
    assert found is not None
    return found.end()


def _is_at(body: Buffer, at: int, byte: bytes) -> bool:
    return body[at : at + 1] == byte


def _fail_at_key(body: Buffer, at: int) -> NoReturn:
    key = _match_string(body, at)
    if key is None:
        raise InvalidJsonError("a string", at)
    raise InvalidJsonError("a colon", skip_space(body, key.end()))


def _fail_at_value(body: Buffer, at: int) -> NoReturn:
    """Raises the error in the value that begins at `at`."""
    if _is_at(body, at, b"{"):
        _fail_at_key(body, skip_space(body, at + 1))
    if _is_at(body, at, b"["):
        at = skip_space(body, at + 1)
    raise InvalidJsonError("a string" if _is_at(body, at, b'"') else "a value", at)


def _get_end(found: re.Match[bytes] | None, at: int) -> int:
    return found.end() if found else at
