"""Checks the syntax of a body: with msgspec, and with a scan where that fails."""

from typing import Final

import msgspec

from muster.intake.json_scanner import Buffer, Span, check_syntax, skip_value
from muster.intake.json_structure import find_deep_containers

# msgspec fails at a depth of about a thousand, less the frames of the caller. What nests deeper than this is scanned.
_MAX_DEPTH: Final = 200
# Stands for what nests deeper. A number or a word beside it makes no other value of it.
_PLACEHOLDER: Final = b"null"

_check: Final = msgspec.json.Decoder(msgspec.Raw).decode


def check_json(body: bytes | bytearray) -> None:
    """Raises `InvalidJsonError` when the body is not JSON. That it is UTF-8 is not checked."""
    if _is_json(body) or _is_json(_replace_surrogates(body)):
        return
    deep = find_deep_containers(body, _MAX_DEPTH)
    if _is_json(_replace_surrogates(_cut(body, deep))):
        for start, _ in deep:
            skip_value(body, start)
    else:
        check_syntax(body)  # says what is wrong


def _replace_surrogates(body: bytes | bytearray) -> bytes | bytearray:
    """The body with \\u0800 to \\u0fff instead of \\ud800 to \\udfff, which msgspec refuses where they are alone."""
    return body.replace(b"\\ud", b"\\u0").replace(b"\\uD", b"\\u0")


def _cut(body: bytes | bytearray, spans: list[Span]) -> bytes:
    parts, end = [], 0
    for start, next_start in spans:
        parts.append(body[end:start])
        end = next_start
    return _PLACEHOLDER.join([*parts, body[end:]])


def _is_json(text: Buffer) -> bool:
    try:
        _check(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
