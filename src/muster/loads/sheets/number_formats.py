"""Number formats of XLSX: what kind of value a format code shows."""

import re
from enum import Enum
from typing import Final


class FormatKind(Enum):
    """What a cell with a number format shows of its number."""

    NUMBER = "number"
    PERCENT = "percent"
    DATE = "date"
    DATE_TIME = "date and time"
    TIME = "time"
    DURATION = "duration"


# Formats that have no code in the file. 27 to 36 and 50 to 58 are dates of East Asian locales.
_BUILT_IN: Final = {
    9: FormatKind.PERCENT,
    10: FormatKind.PERCENT,
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 59)), FormatKind.DATE),
    **dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47), FormatKind.TIME),
    22: FormatKind.DATE_TIME,
    46: FormatKind.DURATION,
}
# Quoted text, escaped characters, padding, and what stands in brackets apart from elapsed times.
_LITERALS: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.DOTALL)
_ELAPSED: Final = re.compile(r"\[(?:h+|m+|s+)\]")
_AM_PM: Final = re.compile(r"am/pm|a/p")
_MONTH_IN_TIME: Final = re.compile(r"h[^a-z]*+m++|(?<!m)m++[^a-z]*+s")
_EXPONENT: Final = re.compile(r"e[+-]")
MAX_CODE_LENGTH: Final = 255  # as in Excel


def classify_built_in(format_id: int) -> FormatKind:
    return _BUILT_IN.get(format_id, FormatKind.NUMBER)


def classify_format(code: str) -> FormatKind:
    """The kind of a format code, by its first section: that of positive numbers."""
    section = _LITERALS.sub(" ", code[:MAX_CODE_LENGTH].lower()).partition(";")[0]
    if "general" in section:
        return FormatKind.NUMBER
    if _ELAPSED.search(section):
        return FormatKind.DURATION
    section = _EXPONENT.sub(" ", _AM_PM.sub(" h ", section))
    has_time = "h" in section or "s" in section
    rest = _MONTH_IN_TIME.sub(lambda match: match[0].replace("m", ""), section) if has_time else section
    if any(letter in rest for letter in "ymdegb"):
        return FormatKind.DATE_TIME if has_time else FormatKind.DATE
    if has_time:
        return FormatKind.TIME
    return FormatKind.PERCENT if "%" in section else FormatKind.NUMBER


def count_forced_digits(code: str) -> int:
    """The digits that a format such as `00000` shows at least; 0 for other formats."""
    section = code.partition(";")[0]
    return len(section) if section and not section.strip("0") else 0
