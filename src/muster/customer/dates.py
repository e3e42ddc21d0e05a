"""Dates and timestamps, as the contract writes them.

A date is `YYYY-MM-DD` or an ISO 8601 timestamp with `T`, seconds (with or without a fraction) and `Z` or `±hh:mm`.
The standard library reads more than that (week dates, `20240131`), so a pattern stands before it.
"""

import re
from datetime import date
from typing import Final

_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_ZONE = r"(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
DATE_PATTERN: Final = rf"[1-9]\d{{3}}-\d\d-\d\d(?:T{_CLOCK}(?:\.\d+)?{_ZONE})?"
_DATE: Final = re.compile(DATE_PATTERN, re.ASCII)
# The documented pattern is Java's `yyyy-MM-dd HH:mm:ss.SSSZ`, whose Z is `+0200`; `+02:00` and `Z` are taken too.
_TIMESTAMP: Final = re.compile(
    rf"[1-9]\d{{3}}-\d\d-\d\d {_CLOCK}\.\d{{3}}(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)", re.ASCII
)


def is_date(text: str) -> bool:
    """Whether `text` is a date or a timestamp of the contract, on a day that the calendar has."""
    return _DATE.fullmatch(text) is not None and _is_calendar_day(text)


def is_additional_timestamp(text: str) -> bool:
    """Whether `text` reads as `yyyy-MM-dd HH:mm:ss.SSSZ`, the TIMESTAMP of additional values."""
    return _TIMESTAMP.fullmatch(text) is not None and _is_calendar_day(text)


def _is_calendar_day(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True
