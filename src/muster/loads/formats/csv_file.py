"""CSV files as row sources."""

from collections.abc import Iterator

from muster.intake.checkpoint import Position
from muster.loads.formats.content import Content
from muster.loads.formats.csv_layout import read_beginning
from muster.loads.formats.csv_rows import CsvRows
from muster.loads.formats.stored_file import StoredFile
from muster.loads.formats.text_encoding import TextEncoding
from muster.loads.formats.text_lines import read_lines
from muster.loads.formats.text_source import TextSource
from muster.loads.rows import Row


class CsvFile(TextSource):
    """A file of rows with a header, separated by commas, semicolons, tabs or bars."""

    def __init__(self, stored: StoredFile, content: Content, encoding: TextEncoding, size: int | None) -> None:
        beginning = read_beginning(content, encoding)
        super().__init__(stored, content, beginning.layout, size)
        self._encoding = encoding
        self._beginning = beginning

    def rows(self, after: Position) -> Iterator[Row]:
        """See `RowSource`. The row of a spreadsheet is counted: records, with the header and empty ones."""
        number = self._start(after, self._beginning.size) or self._beginning.number
        lines = read_lines(self._content, self._encoding, cr_ends=self.layout.line_end == "\r")
        rows = CsvRows(self.layout.header or (), self.layout.delimiter, self._content.release)
        return rows.read(lines, number)
