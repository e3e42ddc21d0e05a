"""XLSX files whose cells are text, for refused rows: a spreadsheet program changes nothing of them.

xlsxwriter is not used here: in its mode of constant memory it keeps the rows in files that have a name, so a killed
process would leave personal data on the disk; and of two escapes that share an underscore it protects the first alone.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final

from muster.loads.column_letters import to_column_letters
from muster.loads.refused_rows import UnsupportedFormatError
from muster.loads.sheets.table_rows import MAX_COLUMNS, MAX_ROWS
from muster.loads.sheets.xlsx_package import PARTS, SHEET_PART

# The most that Excel takes in a cell, in UTF-16 code units.
MAX_CELL_UNITS: Final = 32_767
_BUFFER_ROWS: Final = 256
_TEXT_STYLE: Final = 1
_HEADER_STYLE: Final = 2
# What XML can't hold, or would change; and an underscore that a reader would take for the beginning of an escape.
_TO_ESCAPE: Final = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MARKUP: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# The header stays in view, and blank cells have the format Text too.
_SHEET_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<sheetViews><sheetView tabSelected="1" workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    f'<cols><col min="1" max="{MAX_COLUMNS}" width="20" style="{_TEXT_STYLE}" customWidth="1"/></cols><sheetData>'
)


def write_xlsx(header: Sequence[str], rows: Iterable[Sequence[str | None]], output: BinaryIO) -> None:
    """Writes one sheet as the rows come: the header, then the rows.

    Every cell has the format Text; None and "" are blank. `output` need not be seekable. After an
    `UnsupportedFormatError` what was written so far is no XLSX file.
    """
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
        with archive.open(SHEET_PART, "w", force_zip64=True) as sheet:
            for part in _make_sheet(header, rows):
                sheet.write(part.encode())


def _make_sheet(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> Iterator[str]:
    yield _SHEET_HEAD
    yield _make_row(1, header, _HEADER_STYLE)
    buffer = []
    for number, row in enumerate(rows, start=2):
        buffer.append(_make_row(number, row, _TEXT_STYLE))
        if len(buffer) == _BUFFER_ROWS:
            yield "".join(buffer)
            buffer.clear()
    yield "".join(buffer)
    yield "</sheetData></worksheet>"


def _make_row(number: int, cells: Sequence[str | None], style: int) -> str:
    if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
        raise UnsupportedFormatError(
            f"XLSX holds {MAX_ROWS - 1:,} rows of {MAX_COLUMNS:,} columns below the header; write CSV instead"
        )
    parts = [
        f'<c r="{to_column_letters(column)}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
        f"{_escape(text, number)}</t></is></c>"
        for column, text in enumerate(cells)
        if text
    ]
    return f'<row r="{number}">{"".join(parts)}</row>'


def _escape(text: str, row: int) -> str:
    if len(text) * 2 > MAX_CELL_UNITS and len(text.encode("utf-16-le", "surrogatepass")) > 2 * MAX_CELL_UNITS:
        raise UnsupportedFormatError(
            f"row {row} has a cell of more than {MAX_CELL_UNITS:,} characters, the most that XLSX holds; "
            "write CSV instead"
        )
    return _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", text).translate(_MARKUP)
