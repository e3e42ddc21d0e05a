"""Finds the parts of a JSON text whose syntax has been checked, without decoding them.

Only strings, brackets and commas are looked at. A container is skipped in one match of a regular expression when it is
small, and else by counting its brackets, so the cost depends on the size of a text and not on how it nests.

A text may also be the beginning of a valid one: what reaches its end raises `InvalidJsonError`.
"""

import re
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from muster.intake.json_scanner import Buffer, InvalidJsonError, Span, skip_space

# The schema nests seven levels (a contact of a related entity). Deeper values are unknown or bad anyway.
MAX_DEPTH: Final = 32

# Containers up to this size, and up to `MAX_DEPTH` levels, are skipped in one match.
_SMALL_BYTES: Final = 4 * 1024
# Bytes in which brackets are counted at once: at first few, because a deep container may be small, too. Removing the
# strings of a text takes up to forty times its size.
_MIN_WINDOW_BYTES, _MAX_WINDOW_BYTES = 256, 32 * 1024


def _repeat_possessively(*alternatives: str) -> str:
    """A possessive repeat of an atomic group, for the reason that `json_scanner.py` gives."""
    return f"(?:(?>{'|'.join(alternatives)}))*+"


def _nest(depth: int) -> str:
    """The pattern of a container with up to `depth` levels of containers in it."""
    inner = [_nest(depth - 1)] if depth else []
    return rf"[\[{{]{_repeat_possessively(_OTHERS, _STRING, *inner)}[\]}}]"


def _compile(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode(), re.DOTALL)


_S: Final = r"[ \t\n\r]*+"
_ESCAPES: Final = _repeat_possessively(r'\\.[^"\\]*+')
_STRING: Final = rf'"[^"\\]*+(?:"|{_ESCAPES}")'
_OTHERS: Final = r'[^"\[\]{}]++'
_CONTAINER: Final = _nest(MAX_DEPTH)
_ELEMENT: Final = _repeat_possessively(r'[^"\[\]{},]++', _STRING, _CONTAINER)
_NO_BRACKET: Final = _repeat_possessively(_OTHERS, _STRING)

_match_string: Final = _compile(_STRING).match
_match_key: Final = _compile(rf"({_STRING}){_S}:{_S}").match
_match_comma: Final = _compile(f"{_S},{_S}").match
_match_scalar: Final = _compile(rf'{_STRING}|[^"\[\]{{}},: \t\n\r]++').match
_match_container: Final = _compile(_CONTAINER).match
_match_elements: Final = _compile(_repeat_possessively(f"{_ELEMENT},")).match
_match_whole_strings: Final = _compile(_repeat_possessively('[^"]++', _STRING)).match
_remove_strings: Final = _compile(_STRING).sub
# A run of brackets, or the end. Without the end, the search for another run would start at every offset before it.
_iterate_brackets: Final = _compile(rf"{_NO_BRACKET}([\[{{]++|[\]}}]++|\Z)").finditer

# Translates brackets to 1 and -1, the changes of the depth.
_TO_CHANGES: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_OPENING_BRACKETS: Final = b"[{"


def find_end(text: Buffer, at: int) -> int:
    """The offset of the end of the value that begins at `at`."""
    if text[at : at + 1] in (b"[", b"{"):
        found = _match_container(text, at, at + _SMALL_BYTES)
        return found.end() if found else _find_end_by_counting(text, at + 1)
    return _get_end(_match_scalar(text, at), at)


def _find_end_by_counting(text: Buffer, at: int) -> int:
    """The offset of the end of the container in which the offset `at` is."""
    depth = 1
    for start, _, changes in _iterate_windows(text, at):
        if 0 in _accumulate(changes, depth):
            return _find_closing(text, start, depth)
        depth += _sum(changes)
    raise InvalidJsonError("a closing bracket", len(text))


def _find_closing(text: Buffer, at: int, depth: int) -> int:
    """The offset after the bracket that closes `depth` open containers."""
    for found in _iterate_brackets(text, at):
        first, end = found.span(1)
        if text[first] in _OPENING_BRACKETS:
            depth += end - first
        elif depth > end - first:
            depth -= end - first
        else:
            return first + depth
    raise AssertionError("the brackets were counted before")


def find_deep_containers(text: Buffer, max_depth: int = MAX_DEPTH) -> list[Span]:
    """The containers that nest deeper than `max_depth`, without those within them.

    Of a text whose syntax is not valid, it gives any spans in ascending order.
    """
    spans: list[Span] = []
    depth = deep_from = 0
    for start, stop, changes in _iterate_windows(text, 0):
        if max_depth + 1 not in _accumulate(changes, depth):
            depth += _sum(changes)
            continue
        for found in _iterate_brackets(text, start, stop):
            first, end = found.span(1)
            count = end - first
            if not count:
                break
            if text[first] in _OPENING_BRACKETS:
                if depth <= max_depth < depth + count:
                    deep_from = first + max_depth - depth
                depth += count
            else:
                if depth - count <= max_depth < depth:
                    spans.append((deep_from, first + depth - max_depth))
                depth -= count
    return spans


def _iterate_windows(text: Buffer, at: int) -> Iterator[tuple[int, int, bytes]]:
    """The beginning and the end of each window, and how its brackets change the depth, one byte for each.

    Ends early where a string does not end.
    """
    window_bytes = _MIN_WINDOW_BYTES
    while at < len(text):
        found = _match_whole_strings(text, at, at + window_bytes)
        if found is None or found.end() == at:
            found = _match_string(text, at)  # it is longer than the window
        if found is None:
            return
        window = found[0]
        changes = window.translate(_TO_CHANGES, _NO_BRACKETS)
        if changes:
            changes = _remove_strings(b"", window).translate(_TO_CHANGES, _NO_BRACKETS)
        yield at, found.end(), changes
        at, window_bytes = found.end(), min(4 * window_bytes, _MAX_WINDOW_BYTES)


def _accumulate(changes: bytes, depth: int) -> Iterator[int]:
    return accumulate(memoryview(changes).cast("b"), initial=depth)


def _sum(changes: bytes) -> int:
    return len(changes) - 2 * changes.count(b"\xff")


def scan_elements(text: Buffer, at: int, scan_value: Callable[[int], int]) -> int:
    """Calls `scan_value` with the offset of each element of the list that opens at `at`; it gives the element's end.

    Gives the offset of the list's end.
    """
    at = skip_space(text, at + 1)
    is_open = not _is_at(text, at, b"]")
    while is_open:
        at, is_open = _skip_comma(text, scan_value(at), b"]")
    return at + 1


def scan_pairs(text: Buffer, at: int, scan_value: Callable[[bytes, int], int]) -> int:
    """Calls `scan_value` with the key, in quotes, and the offset of each value of the object that opens at `at`."""
    at = skip_space(text, at + 1)
    is_open = not _is_at(text, at, b"}")
    while is_open:
        key = _match_key(text, at)
        if key is None:
            raise InvalidJsonError("a key", at)
        at, is_open = _skip_comma(text, scan_value(bytes(key[1]), key.end()), b"}")
    return at + 1


def iterate_element_groups(text: Buffer, max_bytes: int) -> Iterator[Span]:
    """The elements of the list that is the text, in spans of up to `max_bytes`; a larger span is a single element.

    Commas stand between the elements of a span, and maybe after the last one.
    """
    start = end = at = skip_space(text, 1)
    is_open = not _is_at(text, at, b"]")
    while is_open:
        # What does not fit is cut off at the end offset, and then has no comma.
        several = _match_elements(text, at, start + max_bytes)
        if several is not None and several.end() > at:
            end = several.end()
            at = skip_space(text, end)
            continue
        next_end = find_end(text, at)
        if start < end and next_end - start > max_bytes:
            yield start, end
            start = at
        end = next_end
        at, is_open = _skip_comma(text, end, b"]")
    if start < end:
        yield start, end


def _skip_comma(text: Buffer, at: int, closing: bytes) -> tuple[int, bool]:
    """The offset of the next value, or of the bracket that closes its container; and whether it is still open."""
    comma = _match_comma(text, at)
    if comma is not None:
        return comma.end(), True
    at = skip_space(text, at)
    if not _is_at(text, at, closing):
        raise InvalidJsonError("a comma or a closing bracket", at)
    return at, False


def _is_at(text: Buffer, at: int, byte: bytes) -> bool:
    return text[at : at + 1] == byte


def _get_end(found: re.Match[bytes] | None, at: int) -> int:
    if found is None:
        raise InvalidJsonError("a value", at)
    return found.end()
