"""The cells of an ODS table as text."""

import re
from decimal import Decimal
from typing import Final

from muster.loads.row_errors import DIGITS_LOST, ERROR_CELL, RowError
from muster.loads.rows import BooleanText
from muster.loads.sheets.cell_dates import trim_midnight
from muster.loads.sheets.cell_numbers import parse_cell_number, to_percent
from muster.loads.sheets.xml_stream import Attributes

_OFFICE: Final = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
OFFICE_VALUE_TYPE: Final = _OFFICE + "value-type"
_LIBREOFFICE_TYPE: Final = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
_BOOLEANS: Final = {"true": BooleanText("true"), "false": BooleanText("false")}
_DURATION: Final = re.compile(r"(-?)PT(\d{1,9})H(\d{1,9})M(\d{1,9})(?:[.,](\d{1,9}))?S", re.ASCII)


def read_ods_cell(attributes: Attributes, shown: str | None) -> tuple[str | None, RowError | None]:
    """The text of a cell with these attributes and this text, and what is wrong with it; None for a blank cell."""
    kind = attributes.get(OFFICE_VALUE_TYPE)
    if attributes.get(_LIBREOFFICE_TYPE) == "error":
        return shown, ERROR_CELL
    if kind in ("float", "currency", "percentage"):
        return _read_number(attributes.get(_OFFICE + "value", ""), shown, is_percentage=kind == "percentage")
    if kind == "date":
        return trim_midnight(attributes.get(_OFFICE + "date-value", "")), None
    if kind == "time":
        return _format_duration(attributes.get(_OFFICE + "time-value", "")), None
    if kind == "boolean":
        stored = attributes.get(_OFFICE + "boolean-value", "")
        return _BOOLEANS.get(stored, stored), None
    return attributes.get(_OFFICE + "string-value", shown), None


def _read_number(stored: str, shown: str | None, *, is_percentage: bool) -> tuple[str, RowError | None]:
    number = parse_cell_number(stored)
    if number is None:
        return stored, ERROR_CELL
    if is_percentage:
        return to_percent(number.text), None
    if shown and shown.startswith("0") and shown.isascii() and shown.isdigit() and shown.lstrip("0") == number.text:
        return shown, None  # a format that shows zeros in front, such as 00000
    return number.text, DIGITS_LOST if number.digits_lost else None


def _format_duration(stored: str) -> str:
    match = _DURATION.fullmatch(stored)
    if match is None:
        return stored
    sign, hours, minutes, seconds, fraction = match.groups()
    rest = format(Decimal(f"0.{fraction}").normalize(), "f")[1:] if fraction and fraction.strip("0") else ""
    return f"{sign}{hours:0>2}:{minutes:0>2}:{seconds:0>2}{rest}"
