"""Escapes of characters that XML can't hold: `_x000D_` is a carriage return, `_x005F_` an underscore."""

import re
from typing import Final

_ESCAPE: Final = re.compile("_x([Dd][89ABab][0-9A-Fa-f]{2})__x([Dd][C-Fc-f][0-9A-Fa-f]{2})_|_x([0-9A-Fa-f]{4})_")


def unescape(text: str) -> str:
    """The text of a cell as a spreadsheet program shows it."""
    return _ESCAPE.sub(_to_character, text) if "_x" in text else text


def _to_character(match: re.Match[str]) -> str:
    high, low, code = match.groups()
    if high:
        return bytes.fromhex(high + low).decode("utf-16-be")
    number = int(code, 16)
    # Half of a pair is no character; its escape stays, as spreadsheet programs leave it.
    return match[0] if 0xD800 <= number < 0xE000 else chr(number)
