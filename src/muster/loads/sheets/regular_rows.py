"""Rows of XLSX in the form that spreadsheet programs write, read by a regular expression.

Expat calls Python six times for a cell, and reads 12,000 rows of 22 columns a second; one expression for each row reads
30,000. It takes a part of XML only, and means the same by it: what differs in any way is left to expat.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from operator import lt
from typing import Final

from muster.loads.column_letters import parse_column_letters, to_column_letters
from muster.loads.rows import RowProblem
from muster.loads.sheets.table_rows import MAX_COLUMNS, MAX_ROW_CHARACTERS, MAX_ROWS, TableRow, make_table_row
from muster.loads.sheets.xlsx_cells import CellReader

_SHEET_DATA: Final = b"<sheetData>"
_ROW_END: Final = "</row>"
# A head, or a row, that is longer goes to expat.
_MAX_BUFFER_BYTES: Final = 2 * MAX_ROW_CHARACTERS
_ENCODING: Final = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding=[\"']([^\"']*)")

_ATTRIBUTES: Final = r'(?: (?!xmlns)[A-Za-z0-9:]+="[^"<>&]*+")*+'
_BLANK_ROW: Final = rf'<row r="([0-9]{{1,7}})"{_ATTRIBUTES}/>'
# Blank rows, and the start tag of a row. Group 1 has the blank rows, group 3 the number of the row.
_ROW: Final = re.compile(rf'\s*+((?:{_BLANK_ROW})*+)<row r="([0-9]{{1,7}})"{_ATTRIBUTES}>', re.ASCII)
_BLANK_ROW_NUMBER: Final = re.compile(_BLANK_ROW)
# Groups: the letters of the column, format, type, what tells an inline text from a value, and the text or value. A
# carriage return is left to expat, which makes a newline of it, as are characters that XML forbids.
_CELL: Final = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]{1,7}"(?: s="([0-9]{1,9})")?(?: t="([A-Za-z]{1,9})")?'
    r"(?:/>|>(?:<f(?: [^<>]*)?(?:/>|>[^<]*</f>))?"
    r'(?:<(?:v|(is><t(?: xml:space="preserve")?))>'
    r"([^<\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]*)</(?(4)t></is|v)>)?</c>)"
)
_CELL_STEP: Final = _CELL.groups + 1
_REFERENCES: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}
_REFERENCE: Final = re.compile("&[^;]*;?")


class RegularRows:
    """Takes rows out of the XML of a sheet, as long as they are in the regular form."""

    def __init__(self, chunks: Iterable[bytes], cell_reader: CellReader) -> None:
        self._chunks = iter(chunks)
        self._cell_reader = cell_reader
        self._letters = [to_column_letters(index) for index in range(64)]
        self._columns: dict[str, int] = {}
        self.number = 0  # of the last row
        self.rows: list[TableRow] = []

    def remaining(self, is_in_sheet_data: Callable[[], bool]) -> Iterator[bytes]:
        """The XML for expat: all but the rows that were taken, which are in `rows` then.

        `is_in_sheet_data` says whether expat is at the place where rows stand.
        """
        head = b""
        for chunk in self._chunks:
            head += chunk
            if (end := head.find(_SHEET_DATA)) >= 0 or len(head) > _MAX_BUFFER_BYTES:
                break
        else:
            end = -1
        if end >= 0:
            encoding = _ENCODING.match(head)
            yield head[:end]
            # Only the tag may change where expat is; else the tag is part of a comment, or has another namespace.
            was_in_sheet_data = is_in_sheet_data()
            yield _SHEET_DATA
            head = head[end + len(_SHEET_DATA) :]
            is_utf8 = encoding is None or encoding[1].lower() == b"utf-8"
            if is_utf8 and is_in_sheet_data() and not was_in_sheet_data:
                head = yield from self._take_blocks(head)
        yield head
        yield from self._chunks

    def _take_blocks(self, buffer: bytes) -> Generator[bytes, None, bytes]:
        """Takes rows from whole blocks of XML; returns the XML from the first thing on that is no regular row."""
        while len(buffer) <= _MAX_BUFFER_BYTES:
            end = buffer.rfind(b"</row>") + len(_ROW_END)
            if end >= len(_ROW_END):
                try:
                    rest = self._take_rows(buffer[:end].decode())
                except UnicodeDecodeError:
                    break
                if rest:
                    return rest.encode() + buffer[end:]
                buffer = buffer[end:]
                yield b""
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            buffer += chunk
        return buffer

    def _take_rows(self, block: str) -> str:
        """Takes the rows from the beginning of a block; returns the rest."""
        rows = block.split(_ROW_END)
        for index in range(len(rows) - 1):
            if not self._take_row(rows[index]):
                return _ROW_END.join(rows[index:])
        return ""

    def _take_row(self, xml: str) -> bool:
        start = _ROW.match(xml)
        if start is None or len(xml) > MAX_ROW_CHARACTERS or "]]>" in xml:  # text can't have that
            return False
        parts: list[str | None] = _CELL.split(xml[start.end() :])
        number = int(start[3])
        # What stands between the cells must be nothing.
        if any(parts[::_CELL_STEP]) or not self.number < number <= MAX_ROWS:
            return False
        if start[1] and not _is_increasing([self.number, *map(int, _BLANK_ROW_NUMBER.findall(start[1])), number]):
            return False
        stored = parts[5::_CELL_STEP]
        if "&" in xml:
            try:
                stored = [text and _REFERENCE.sub(_to_character, text) for text in stored]
            except KeyError:
                return False
        columns = parts[1::_CELL_STEP]
        problems: list[RowProblem] = []
        cells = self._cell_reader.read_row(parts[3::_CELL_STEP], parts[2::_CELL_STEP], stored, problems)
        if columns != self._letters[: len(columns)]:
            indexes = [self._find_column(letters) for letters in columns]
            if indexes[-1] >= MAX_COLUMNS or not _is_increasing([-1, *indexes]):
                return False
            cells, problems = _spread(indexes, cells, problems)
        self.number = number
        if row := make_table_row(number, cells, problems):
            self.rows.append(row)
        return True

    def _find_column(self, letters: str | None) -> int:
        column = self._columns.get(letters or "")
        if column is None:
            column = self._columns[letters or ""] = parse_column_letters(letters or "")
        return column


def _is_increasing(numbers: list[int]) -> bool:
    return all(map(lt, numbers, numbers[1:]))


def _spread(
    indexes: list[int], texts: list[str | None], problems: list[RowProblem]
) -> tuple[list[str | None], list[RowProblem]]:
    """Puts texts and problems of cells at their columns."""
    cells: list[str | None] = [None] * (indexes[-1] + 1)
    for index, text in zip(indexes, texts, strict=True):
        cells[index] = text
    return cells, [RowProblem(error, indexes[column or 0]) for error, column in problems]


def _to_character(reference: re.Match[str]) -> str:
    return _REFERENCES[reference[0]]
