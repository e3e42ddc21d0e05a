"""The cells of an XLSX sheet as text."""

from collections.abc import Sequence
from typing import Final

from muster.loads.row_errors import DIGITS_LOST, ERROR_CELL, RowError
from muster.loads.rows import BooleanText, InvalidFileError, RowProblem
from muster.loads.sheets.cell_dates import format_serial, trim_midnight
from muster.loads.sheets.cell_numbers import CellNumber, parse_cell_number, to_percent
from muster.loads.sheets.number_formats import FormatKind
from muster.loads.sheets.shared_strings import SharedStrings
from muster.loads.sheets.text_escapes import unescape
from muster.loads.sheets.xlsx_workbook import CellFormat

CellText = tuple[str, RowError | None]
_PLAIN: Final = CellFormat(FormatKind.NUMBER)
_BOOLEANS: Final = {"1": BooleanText("true"), "0": BooleanText("false")}
_MAX_CACHED: Final = 1 << 15
_MAX_CACHED_LENGTH: Final = 24


class CellReader:
    """Makes text of what a cell stores, and says what is wrong with it."""

    def __init__(self, strings: SharedStrings, formats: Sequence[CellFormat], *, is_1904: bool) -> None:
        self._get_string = strings.get
        self._formats = {str(index): format_ for index, format_ in enumerate(formats) if format_ != _PLAIN}
        self._is_1904 = is_1904
        self._formatted: dict[tuple[str, str], CellText] = {}

    def read(self, kind: str | None, style: str | None, stored: str) -> CellText:
        """The text of a cell: `kind` is its type (`t`), `style` the index of its format (`s`)."""
        if kind == "s":
            try:
                return self._get_string(int(stored)), None
            except ValueError:
                raise _no_reference() from None
        if kind is None or kind == "n":
            return self._read_number(stored, style)
        if kind == "inlineStr" or kind == "str":
            return unescape(stored), None
        if kind == "b":
            return _BOOLEANS.get(stored.strip(), stored), None
        if kind == "d":
            return trim_midnight(stored.strip()), None
        return stored, ERROR_CELL

    def read_row(
        self,
        kinds: Sequence[str | None],
        styles: Sequence[str | None],
        stored: Sequence[str | None],
        problems: list[RowProblem],
    ) -> list[str | None]:
        """The texts of cells side by side; None for blank ones. Appends what is wrong with them to `problems`."""
        texts: list[str | None] = []
        get_string = self._get_string
        for kind, style, value in zip(kinds, styles, stored, strict=True):
            if value is None:
                texts.append(None)
            elif kind == "s":
                try:
                    texts.append(get_string(int(value)))
                except ValueError:
                    raise _no_reference() from None
            else:
                text, error = self.read(kind, style, value)
                if error is not None:
                    problems.append(RowProblem(error, len(texts)))
                texts.append(text)
        return texts

    def _read_number(self, stored: str, style: str | None) -> CellText:
        format_ = None if style is None else self._formats.get(style)
        if format_ is None or style is None:
            number = parse_cell_number(stored)
            if number is None:
                return stored, ERROR_CELL if stored.strip() else None
            return number.text, DIGITS_LOST if number.digits_lost else None
        result = self._formatted.get((style, stored))
        if result is None:
            result = self._format_number(stored, format_)
            if len(self._formatted) >= _MAX_CACHED:
                self._formatted.clear()
            if len(stored) <= _MAX_CACHED_LENGTH:
                self._formatted[style, stored] = result
        return result

    def _format_number(self, stored: str, format_: CellFormat) -> CellText:
        number = parse_cell_number(stored)
        if number is None:
            return stored, ERROR_CELL if stored.strip() else None
        if format_.kind is FormatKind.PERCENT:
            return to_percent(number.text), None
        if format_.kind is not FormatKind.NUMBER:
            return format_serial(number.text, format_.kind, is_1904=self._is_1904), None
        return _force_digits(number, format_.forced_digits), DIGITS_LOST if number.digits_lost else None


def _force_digits(number: CellNumber, digits: int) -> str:
    """The number with the zeros that its format shows in front; then it is text, as the person who chose it meant."""
    if number.text.isdigit() and len(number.text) < digits:
        return number.text.zfill(digits)
    return number.text


def _no_reference() -> InvalidFileError:
    return InvalidFileError("a cell refers to no text: the file is damaged; save it again")
