"""Dates and times of spreadsheets, which are numbers of days, as ISO 8601 text.

A date-time of a spreadsheet has no time zone, so its text has none. The contract refuses such a timestamp: a zone that
the file does not name would be a guess.
"""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from muster.loads.rows import NumberText
from muster.loads.sheets.number_formats import FormatKind

_MILLISECONDS_OF_DAY: Final = 86_400_000
_EPOCH_1900: Final = datetime(1899, 12, 30, tzinfo=UTC)
_EPOCH_1904: Final = datetime(1904, 1, 1, tzinfo=UTC)
# The calendar of 1900 has a 29 February, as that of Lotus 1-2-3: days before it are one off.
_DAY_OF_LEAP_BUG: Final = 60
_MAX_DAY: Final = 2_958_465  # 9999-12-31


def format_serial(serial: NumberText, kind: FormatKind, *, is_1904: bool) -> str:
    """The text of a date, a time or a duration.

    A date format shows no time. A format with date and time shows the time unless it is midnight. A number outside of
    the calendar stays a number.
    """
    total = int((Decimal(serial) * _MILLISECONDS_OF_DAY).to_integral_value(ROUND_HALF_UP))
    if kind is FormatKind.DURATION:
        return ("-" if total < 0 else "") + _format_time(abs(total))
    days, milliseconds = divmod(total, _MILLISECONDS_OF_DAY)
    if kind is FormatKind.TIME and days == 0:
        return _format_time(milliseconds)
    if not 0 <= days <= (_MAX_DAY - 1462 if is_1904 else _MAX_DAY):
        return serial
    date = _format_day(days, is_1904=is_1904)
    return date if kind is FormatKind.DATE or milliseconds == 0 else f"{date}T{_format_time(milliseconds)}"


def trim_midnight(text: str) -> str:
    """An ISO date-time without its time where that is midnight."""
    date, separator, time = text.partition("T")
    return date if separator and time and not time.strip("0:.") else text


def _format_day(days: int, *, is_1904: bool) -> str:
    if is_1904:
        return (_EPOCH_1904 + timedelta(days=days)).date().isoformat()
    if days == _DAY_OF_LEAP_BUG:
        return "1900-02-29"  # as the spreadsheet shows it; no date, so it is refused
    if days == 0:
        return "1900-01-00"
    return (_EPOCH_1900 + timedelta(days=days + (days < _DAY_OF_LEAP_BUG))).date().isoformat()


def _format_time(milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:03}" if fraction else text
