"""The chosen table of an ODS workbook."""

from collections.abc import Iterator

from muster.loads.sheets.archive import Archive
from muster.loads.sheets.ods_rows import CONTENT, OdsRowParser
from muster.loads.sheets.ods_sheets import has_one_table, scan_sheets
from muster.loads.sheets.table_rows import MAX_SHEET_BYTES, TableRow, check_sheet_name, choose_sheet


class OdsTable:
    """A table of an ODS workbook: the named one, or the only visible one that has rows.

    One part has all tables. Which of them is read is known without parsing it twice when the table is named, or when
    there is only one: then its tags are counted, at a thirtieth of the cost.
    """

    format = "ods"

    def __init__(self, archive: Archive, sheet: str | None) -> None:
        self._archive = archive
        self._budget = archive.budget
        self._bytes_read = 0
        self._name = self._choose() if sheet is None else self._find(sheet)

    @property
    def progress(self) -> float:
        return min(1.0, self._bytes_read / max(1, self._archive.declared_size(CONTENT)))

    def read(self) -> Iterator[TableRow]:
        return OdsRowParser(self._budget, self._name).parse(self._chunks())

    def close(self) -> None:
        self._archive.close()

    def _choose(self) -> str:
        is_only = has_one_table(self._chunks())
        sheets = scan_sheets(self._chunks(), lambda sheets: is_only and any(sheet.has_rows for sheet in sheets))
        return choose_sheet([found.name for found in sheets if found.is_visible and found.has_rows])

    def _find(self, sheet: str) -> str:
        names = [
            found.name
            for found in scan_sheets(self._chunks(), lambda sheets: any(found.name == sheet for found in sheets))
        ]
        check_sheet_name(sheet, names)
        return sheet

    def _chunks(self) -> Iterator[bytes]:
        self._budget.reset()
        self._bytes_read = 0
        for chunk in self._archive.chunks(CONTENT, MAX_SHEET_BYTES):
            self._bytes_read += len(chunk)
            yield chunk
