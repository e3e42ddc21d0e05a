"""The rows of an XLSX sheet."""

from collections.abc import Iterable, Iterator
from typing import Final

from muster.loads.column_letters import parse_column_letters
from muster.loads.row_errors import ROW_TOO_LONG
from muster.loads.rows import InvalidFileError, RowProblem
from muster.loads.sheets.regular_rows import RegularRows
from muster.loads.sheets.table_rows import (
    MAX_COLUMNS,
    MAX_ROW_CHARACTERS,
    MAX_ROWS,
    TableRow,
    make_table_row,
    too_many_columns,
)
from muster.loads.sheets.xlsx_cells import CellReader
from muster.loads.sheets.xml_stream import MAX_DEPTH, Attributes, nested_too_deeply, parse_stream

_PART: Final = "with the cells"
_DIGITS: Final = "0123456789"


class XlsxRowParser:
    """Collects the rows of a sheet from its XML.

    Rows in the form that spreadsheet programs write are taken out of the XML before expat sees it, because a cell has
    six events, which take three quarters of the time: `regular_rows.py`. From the first row in another form on, all of
    the XML goes to expat. The depth is counted for elements of other names only: those of cells can't be nested.
    """

    def __init__(self, cell_reader: CellReader) -> None:
        self._cell_reader = cell_reader
        self._columns: dict[str, int] = {}
        self._regular = RegularRows((), cell_reader)
        self._rows: list[TableRow] = []
        self._is_in_sheet_data = False
        self._unknown_depth = 0
        self._number = 0
        self._in_row = False
        self._in_phonetic = False
        self._cell: Attributes | None = None
        self._text: str | None = None  # None outside of elements with text
        self._value: str | None = None
        self._cells: list[str | None] = []
        self._problems: list[RowProblem] = []
        self._size = 0
        self._name_elements("")

    def parse(self, chunks: Iterable[bytes]) -> Iterator[TableRow]:
        """The rows that are not blank. Raises `InvalidFileError`."""
        regular = self._regular = RegularRows(chunks, self._cell_reader)
        stream = regular.remaining(lambda: self._is_in_sheet_data)
        for _ in parse_stream(stream, _PART, self._start, self._end, self._characters):
            if regular.rows:
                yield from regular.rows
                regular.rows.clear()
            if self._rows:
                yield from self._rows
                self._rows.clear()

    def _name_elements(self, root: str) -> None:
        """Names the elements in the namespace of the root: there is a strict one and a transitional one."""
        namespace = root[: root.rfind(" ") + 1]
        names = ("c", "v", "t", "row", "rPh", "sheetData")
        self._c, self._v, self._t, self._row, self._phonetic, self._sheet_data = (namespace + name for name in names)

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == self._c:
            if self._cell is not None or not self._in_row:
                raise self._malformed()
            self._cell = attributes
            self._value = None
        elif name == self._v or name == self._t:
            if self._text is not None:
                raise self._malformed()
            self._text = ""
        elif name == self._row:
            self._start_row(attributes)
        else:
            if self._unknown_depth == 0:
                self._name_elements(name)
            elif name == self._sheet_data:
                self._is_in_sheet_data = True
            self._unknown_depth += 1
            if self._unknown_depth > MAX_DEPTH:
                raise nested_too_deeply(_PART)
            self._in_phonetic = self._in_phonetic or name == self._phonetic

    def _characters(self, data: str) -> None:
        if self._text is not None:
            self._size += len(data)
            if self._size <= MAX_ROW_CHARACTERS:
                self._text += data

    def _end(self, name: str) -> None:
        if name == self._c:
            self._end_cell()
        elif name == self._v:
            self._value = self._text
            self._text = None
        elif name == self._t:
            if not self._in_phonetic:
                self._value = (self._value or "") + (self._text or "")
            self._text = None
        elif name == self._row:
            self._end_row()
        else:
            self._unknown_depth -= 1
            if name == self._phonetic:
                self._in_phonetic = False

    def _start_row(self, attributes: Attributes) -> None:
        if self._in_row:
            raise self._malformed()
        stored = attributes.get("r")
        last = max(self._number, self._regular.number)
        number = last + 1 if stored is None else _parse_index(stored)
        if not last < number <= MAX_ROWS:
            raise InvalidFileError(
                f"the row after row {last} has a number out of order, or beyond {MAX_ROWS:,}; "
                "open the file in a spreadsheet program and save it again"
            )
        self._number = number
        self._in_row = True

    def _end_cell(self) -> None:
        cell, value = self._cell or {}, self._value
        self._cell = None
        reference = cell.get("r")
        if reference is None:
            column = len(self._cells)
        else:
            letters = reference.rstrip(_DIGITS)
            column = self._columns.get(letters, -1)
            if column < 0:
                column = self._add_column(letters)
        if value is None:
            # The place of a blank cell counts for a cell after it that has no reference.
            if reference is None:
                self._put(column, None)
            return
        text, error = self._cell_reader.read(cell.get("t"), cell.get("s"), value)
        self._put(column, text)
        if error is not None:
            self._problems.append(RowProblem(error, column))

    def _put(self, column: int, text: str | None) -> None:
        cells = self._cells
        missing = column - len(cells)
        if missing >= 0:
            if missing:
                cells.extend([None] * missing)
            elif column >= MAX_COLUMNS:
                raise too_many_columns(self._number)
            cells.append(text)
        elif cells[column] is None:
            cells[column] = text
        else:
            raise self._malformed()

    def _add_column(self, letters: str) -> int:
        column = parse_column_letters(letters)
        if not 0 <= column < MAX_COLUMNS:
            raise too_many_columns(self._number)
        self._columns[letters] = column
        return column

    def _end_row(self) -> None:
        self._in_row = False
        if self._size > MAX_ROW_CHARACTERS:  # not all of the text was kept
            self._rows.append(TableRow(self._number, [None] * len(self._cells), (RowProblem(ROW_TOO_LONG),)))
        elif row := make_table_row(self._number, self._cells, self._problems):
            self._rows.append(row)
        self._cells = []
        self._problems = []
        self._size = 0

    def _malformed(self) -> InvalidFileError:
        return InvalidFileError(
            f"the cells at row {self._number} are not those of a workbook; "
            "open the file in a spreadsheet program and save it again"
        )


def _parse_index(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
