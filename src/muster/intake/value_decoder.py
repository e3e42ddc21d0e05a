"""Decodes one JSON value: with msgspec, and with the tolerant decoder where msgspec fails."""

import codecs
import re
from typing import Any, Final

import msgspec

from muster.customer.numbers import parse_json_decimal
from muster.intake import tolerant_json
from muster.intake.json_scanner import Buffer

# Bytes that are checked at once: decoding them takes up to four times as many.
_WINDOW_BYTES: Final = 256 * 1024

_has_surrogate_escape: Final = re.compile(rb"\\u[dD][89a-fA-F]").search

fast_decoder: Final = msgspec.json.Decoder(float_hook=parse_json_decimal)


def decode_value(value: Buffer) -> Any:
    """The JSON value of a text whose syntax is valid; raises `UnicodeDecodeError`."""
    try:
        return fast_decoder.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return tolerant_json.decode(value)


def decode_suspect_value(value: Buffer) -> Any:
    """The same of a body in which msgspec has failed: saves decoding a value twice that has a lone surrogate."""
    return tolerant_json.decode(value) if _has_surrogate_escape(value) else decode_value(value)


def find_invalid_utf8(body: Buffer) -> int | None:
    """The offset of the first byte that is not UTF-8; None when there is none. Takes little memory."""
    decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(body)
    for start in range(0, len(view), _WINDOW_BYTES):
        window = view[start : start + _WINDOW_BYTES]
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(window, start + _WINDOW_BYTES >= len(view))
        except UnicodeDecodeError as error:
            return start - pending + error.start
    return None
