"""The chosen table of an ODS workbook."""

from collections.abc import Iterator

from muster.loads.sheets.archive import Archive
from muster.loads.sheets.ods_rows import CONTENT, OdsRowParser
from muster.loads.sheets.ods_sheets import scan_sheets
from muster.loads.sheets.table_rows import MAX_SHEET_BYTES, TableRow, check_sheet_name, choose_sheet


class OdsTable:
    """A table of an ODS workbook: the named one, or the only visible one that has rows.

    One part has all tables, so it is read once more, in whole, to see which tables there are.
    """

    format = "ods"

    def __init__(self, archive: Archive, sheet: str | None) -> None:
        self._archive = archive
        self._budget = archive.budget
        self._bytes_read = 0
        sheets = scan_sheets(self._chunks())
        if sheet is None:
            sheet = choose_sheet([found.name for found in sheets if found.is_visible and found.has_rows])
        else:
            check_sheet_name(sheet, [found.name for found in sheets])
        self._name = sheet

    @property
    def progress(self) -> float:
        return min(1.0, self._bytes_read / max(1, self._archive.declared_size(CONTENT)))

    def read(self) -> Iterator[TableRow]:
        self._budget.reset()
        return OdsRowParser(self._budget, self._name).parse(self._chunks())

    def close(self) -> None:
        self._archive.close()

    def _chunks(self) -> Iterator[bytes]:
        self._bytes_read = 0
        for chunk in self._archive.chunks(CONTENT, MAX_SHEET_BYTES):
            self._bytes_read += len(chunk)
            yield chunk
