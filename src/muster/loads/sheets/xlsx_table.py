"""The chosen sheet of an XLSX workbook."""

from collections.abc import Iterator

from muster.loads.rows import InvalidFileError
from muster.loads.sheets.archive import Archive
from muster.loads.sheets.shared_strings import SharedStrings
from muster.loads.sheets.table_rows import MAX_SHEET_BYTES, TableRow, check_sheet_name, choose_sheet
from muster.loads.sheets.xlsx_cells import CellReader
from muster.loads.sheets.xlsx_rows import XlsxRowParser
from muster.loads.sheets.xlsx_workbook import Sheet, read_workbook

# 1 million rows of 22 columns with a text of their own each have 0.5 GiB.
MAX_STRINGS_BYTES = 1 << 30


class XlsxTable:
    """A sheet of an XLSX workbook: the named one, or the only visible one that has rows."""

    format = "xlsx"

    def __init__(self, archive: Archive, sheet: str | None) -> None:
        self._archive = archive
        self._budget = archive.budget
        self._bytes_read = 0
        self._workbook = read_workbook(archive)
        # A preview needs few of what may be 2 million texts. A load reads them all, so that it saves nothing of a
        # workbook whose texts are damaged.
        is_preview = archive.budget.deadline is not None
        self._strings = SharedStrings(self._strings_chunks(), is_lazy=is_preview)
        try:
            self._part = self._choose(sheet)
        except BaseException:
            self._strings.close()
            raise

    @property
    def progress(self) -> float:
        return min(1.0, self._bytes_read / max(1, self._archive.declared_size(self._part)))

    def read(self) -> Iterator[TableRow]:
        self._bytes_read = 0
        self._budget.reset()
        return self._read_part(self._part)

    def close(self) -> None:
        self._strings.close()
        self._archive.close()

    def _strings_chunks(self) -> Iterator[bytes] | None:
        part = self._workbook.strings_part
        return None if part is None else self._archive.chunks(part, MAX_STRINGS_BYTES)

    def _choose(self, sheet: str | None) -> str:
        sheets = {found.name: found for found in reversed(self._workbook.sheets)}
        if sheet is not None:
            check_sheet_name(sheet, [found.name for found in self._workbook.sheets])
            return sheets[sheet].part
        visible = [found for found in self._workbook.sheets if found.is_visible]
        # One sheet needs no look: the header is looked for anyway.
        filled = visible if len(visible) == 1 else [found for found in visible if self._has_rows(found)]
        return sheets[choose_sheet([found.name for found in filled])].part

    def _has_rows(self, sheet: Sheet) -> bool:
        rows = self._read_part(sheet.part)
        return next(rows, None) is not None

    def _read_part(self, part: str) -> Iterator[TableRow]:
        if part not in self._archive:
            raise InvalidFileError("the workbook lacks the cells of a sheet; open it and save it again")
        cells = CellReader(self._strings, self._workbook.formats, is_1904=self._workbook.is_1904)
        return XlsxRowParser(cells).parse(self._count(self._archive.chunks(part, MAX_SHEET_BYTES)))

    def _count(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._bytes_read += len(chunk)
            yield chunk
