"""The rows of one table of an ODS workbook."""

from collections.abc import Iterable, Iterator
from typing import Final

from muster.loads.row_errors import ROW_TOO_LONG
from muster.loads.rows import InvalidFileError, RowProblem
from muster.loads.sheets.archive import ReadBudget
from muster.loads.sheets.ods_cells import read_ods_cell
from muster.loads.sheets.ods_row_skipping import skip_rows
from muster.loads.sheets.ods_text import Paragraph
from muster.loads.sheets.table_rows import (
    MAX_COLUMNS,
    MAX_ROW_CHARACTERS,
    MAX_ROWS,
    TableRow,
    make_table_row,
    too_many_columns,
)
from muster.loads.sheets.xml_stream import MAX_DEPTH, Attributes, nested_too_deeply, parse_stream

CONTENT: Final = "content.xml"
CELLS: Final = frozenset({"table-cell", "covered-table-cell"})
_TABLE: Final = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_TEXT: Final = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_DRAWING: Final = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0 "
# Above all limits, and small enough to add up.
_MAX_COUNT: Final = 1 << 24
_ROW_GROUPS: Final = frozenset({"table-row-group", "table-rows", "table-header-rows"})
# Elements of a paragraph whose text is not that of the cell.
_NOT_TEXT: Final = frozenset({"annotation", "annotation-end", "note", "ruby-text"})


class OdsRowParser:
    """Collects the rows of the table with this name from the events of the workbook's XML."""

    def __init__(self, budget: ReadBudget, table: str) -> None:
        self._budget = budget
        self._wanted = table
        self._rows: list[tuple[TableRow, int]] = []  # with the number of equal rows
        self._stack: list[str] = []
        self._skipped_from = 0  # the depth of the element whose content is left out
        self._table_depth = 0
        self._is_done = False
        self._number = 0
        self._row: Attributes = {}
        self._cell: Attributes = {}
        self._cells: list[str | None] = []
        self._problems: list[RowProblem] = []
        self._column = 0
        self._size = 0
        self._texts: list[str] = []
        self._paragraph: Paragraph | None = None
        self._paragraph_depth = 0

    def parse(self, chunks: Iterable[bytes]) -> Iterator[TableRow]:
        """The rows that are not blank. Raises `InvalidFileError`."""
        wanted = skip_rows(chunks, lambda: not self._table_depth)
        for _ in parse_stream(wanted, CONTENT, self._start, self._end, self._characters):
            while self._rows:
                rows, self._rows = self._rows, []
                for row, count in rows:
                    yield from self._repeat(row, count)

    def _start(self, name: str, attributes: Attributes) -> None:
        stack = self._stack
        if len(stack) >= MAX_DEPTH:
            raise nested_too_deeply(CONTENT)
        local = name[name.rfind(" ") + 1 :]
        stack.append(local)
        if self._skipped_from:
            return
        if self._paragraph is not None:
            self._start_in_paragraph(self._paragraph, name, local, attributes)
        elif self._table_depth:
            self._start_in_table(local, attributes)
        elif local == "table" and stack[-2:-1] == ["spreadsheet"] and not self._is_done:
            is_wanted = attributes.get(_TABLE + "name") == self._wanted
            self._table_depth = len(stack) if is_wanted else 0

    def _start_in_table(self, local: str, attributes: Attributes) -> None:
        parent = self._stack[-2]
        if local in CELLS and parent == "table-row":
            self._cell = attributes
            self._texts = []
        elif local == "p" and parent in CELLS:
            self._paragraph = Paragraph()
            self._paragraph_depth = len(self._stack)
        elif local == "table-row" and parent not in CELLS:
            self._start_row(attributes)
        elif local not in _ROW_GROUPS:
            self._skipped_from = len(self._stack)

    def _start_row(self, attributes: Attributes) -> None:
        self._row = attributes
        self._cells = []
        self._problems = []
        self._column = 0
        self._size = 0

    def _start_in_paragraph(self, paragraph: Paragraph, name: str, local: str, attributes: Attributes) -> None:
        if local in _NOT_TEXT or name.startswith(_DRAWING):
            self._skipped_from = len(self._stack)
        elif local == "s":
            count = _parse_count(attributes.get(_TEXT + "c"))
            self._size += count
            if self._size <= MAX_ROW_CHARACTERS:
                paragraph.add_exact(" " * count)
        elif local == "tab":
            paragraph.add_exact("\t")
        elif local == "line-break":
            paragraph.add_exact("\n")

    def _characters(self, data: str) -> None:
        if self._paragraph is not None and not self._skipped_from:
            self._size += len(data)
            if self._size <= MAX_ROW_CHARACTERS:
                self._paragraph.add_characters(data)

    def _end(self, name: str) -> None:
        depth = len(self._stack)
        local = self._stack.pop()
        if self._skipped_from:
            if depth == self._skipped_from:
                self._skipped_from = 0
        elif self._paragraph is not None:
            if depth == self._paragraph_depth:
                self._texts.append(self._paragraph.text())
                self._paragraph = None
        elif self._table_depth:
            if local in CELLS:
                self._end_cell()
            elif local == "table-row":
                self._end_row()
            elif depth == self._table_depth:
                self._table_depth = 0
                self._is_done = True

    def _end_cell(self) -> None:
        repeated = _parse_count(self._cell.get(_TABLE + "number-columns-repeated"))
        text, error = read_ods_cell(self._cell, "\n".join(self._texts) if self._texts else None)
        column = self._column
        self._column += repeated
        if not text and error is None:
            return
        if self._column > MAX_COLUMNS:
            raise too_many_columns(self._number + 1)
        self._size += len(text or "") * (repeated - 1)
        self._budget.spend(8 * (repeated - 1))
        self._cells.extend([None] * (column - len(self._cells)))
        self._cells.extend([text] * repeated)
        if error is not None:
            self._problems.extend(RowProblem(error, index) for index in range(column, self._column))

    def _end_row(self) -> None:
        begin = self._number + 1
        self._number += _parse_count(self._row.get(_TABLE + "number-rows-repeated"))
        if not self._cells and self._size <= MAX_ROW_CHARACTERS:
            return
        if self._number > MAX_ROWS:
            raise InvalidFileError(f"the sheet has more than {MAX_ROWS:,} rows; split it, or save it as CSV")
        if self._size > MAX_ROW_CHARACTERS:  # not all of the text was kept
            row: TableRow | None = TableRow(begin, [None] * len(self._cells), (RowProblem(ROW_TOO_LONG),))
        else:
            row = make_table_row(begin, self._cells, self._problems)
        if row is not None:
            self._rows.append((row, self._number - begin + 1))

    def _repeat(self, row: TableRow, count: int) -> Iterator[TableRow]:
        """A row and its copies: equal rows that follow each other are stored once."""
        yield row
        cost = len(row.cells) + sum(len(text) for text in row.cells if text)
        for number in range(row.number + 1, row.number + count):
            self._budget.spend(cost)
            yield TableRow(number, list(row.cells), row.problems)


def _parse_count(stored: str | None) -> int:
    """How often a cell, a row or a blank is repeated."""
    if stored is None:
        return 1
    return min(int(stored), _MAX_COUNT) if stored.isascii() and stored.isdigit() and len(stored) < 10 else _MAX_COUNT
