"""Numbers for people: two significant digits, because no figure of the plan is better than that."""

from math import floor, log10
from typing import Final

_SIZES: Final = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"))
_COUNTS: Final = ((1e9, "billion"), (1e6, "million"))


def format_bytes(value: float) -> str:
    """In decimal units, as disks are sold; nothing for 0."""
    if value == 0:
        return ""
    for size, name in _SIZES:
        if value >= size:
            return f"{format_number(value / size)} {name}"
    return f"{format_number(value)} B"


def format_count(value: float) -> str:
    for size, name in _COUNTS:
        if value >= size:
            return f"{format_number(value / size)} {name}"
    return format_number(value)


def format_number(value: float, digits: int = 2) -> str:
    """Rounded to so many significant digits."""
    if value == 0:
        return "0"
    decimals = digits - 1 - floor(log10(abs(value)))
    return f"{round(value, decimals):,.{max(decimals, 0)}f}"


def format_hours(hours: float) -> str:
    if hours < 1 / 60:
        return f"{format_number(hours * 3_600)} s"
    if hours < 1:
        return f"{format_number(hours * 60)} min"
    return f"{format_number(hours)} h" if hours < 48 else f"{format_number(hours / 24)} days"


def format_change(ratio: float) -> str:
    """A ratio as a difference in percent."""
    percent = round((ratio - 1) * 100)
    return f"{percent:+d} %" if percent else "0"
