"""Opens spreadsheets by their content."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from muster.intake.checkpoint import Position
from muster.loads.read_deadline import ReadDeadline
from muster.loads.row_errors import TOO_MANY_CELLS
from muster.loads.rows import InvalidFileError, Layout, Row, RowProblem
from muster.loads.sheets.archive import FREE_BYTES, Archive, ReadBudget
from muster.loads.sheets.hashed_source import HashedSource
from muster.loads.sheets.ods_table import OdsTable
from muster.loads.sheets.table_rows import Table, TableRow
from muster.loads.sheets.xlsx_table import XlsxTable

_OLE_SIGNATURE: Final = bytes.fromhex("D0CF11E0A1B11AE1")
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_SCAN_BYTES: Final = 1 << 20
_MANIFEST: Final = "META-INF/manifest.xml"
_MAX_MANIFEST_BYTES: Final = 16 << 20


class WorkbookSource(HashedSource):
    """The rows of one sheet below its header, the first row that is not blank."""

    def __init__(self, file: BinaryIO, sheet: str | None, free_bytes: int, deadline: ReadDeadline | None) -> None:
        super().__init__(file)
        self._table = _open_table(Archive(file, ReadBudget(self.size, free_bytes, deadline)), sheet)
        self._is_read = False
        try:
            first = next(self._table.read(), None)
            if first is None:
                raise InvalidFileError("the sheet has no rows; its first row must name the fields")
            self._header_row = first.number
            self.layout = Layout(self._table.format, _to_header(first))
        except BaseException:
            self._table.close()
            raise

    @property
    def bytes_read(self) -> int:
        """The sheet's share that was read, as bytes of the file."""
        return self.size if self._is_read else int(self.size * self._table.progress)

    def rows(self, after: Position) -> Iterator[Row]:
        """The rows of the sheet after this one. The ones before it are read again, and left out."""
        self._check(after)
        self._is_read = False
        width = len(self.layout.header or ())
        last = max(after.row, self._header_row)
        for number, cells, problems in self._table.read():
            if number <= last:
                continue
            missing = width - len(cells)
            if missing > 0:
                cells.extend([None] * missing)
            elif missing < 0:
                if any(cells[width:]):
                    problems = (*problems, RowProblem(TOO_MANY_CELLS))
                else:
                    del cells[width:]
            yield Row(number, tuple(cells), "", 0, problems)
        self._is_read = True

    def close(self) -> None:
        self._table.close()
        super().close()


def open_workbook(
    file: BinaryIO, *, sheet: str | None, free_bytes: int = FREE_BYTES, deadline: ReadDeadline | None = None
) -> WorkbookSource:
    """Opens an XLSX or ODS workbook, which its content tells apart.

    `file` is seekable, and the source closes it; it stays open when this fails. Without `sheet`, the only visible sheet
    that has rows is read. A file may grow to `free_bytes` and 200 times its size when it is read. With a
    `deadline`, only the first rows are wanted. Raises `InvalidFileError`.
    """
    file.seek(0)
    if file.read(len(_OLE_SIGNATURE)) == _OLE_SIGNATURE:
        raise _refuse_ole(file)
    return WorkbookSource(file, sheet, free_bytes, deadline)


def _open_table(archive: Archive, sheet: str | None) -> Table:
    if "xl/workbook.bin" in archive:
        raise InvalidFileError("the file is an XLSB workbook; save it as XLSX")
    if "content.xml" in archive and "mimetype" in archive:
        _refuse_encrypted_ods(archive)
        return OdsTable(archive, sheet)
    if "[Content_Types].xml" in archive and "word/document.xml" not in archive:
        return XlsxTable(archive, sheet)
    raise InvalidFileError("the file is a zip archive, but no workbook; unpack it, and load the file in it")


def _refuse_encrypted_ods(archive: Archive) -> None:
    if _MANIFEST in archive and b"encryption-data" in b"".join(archive.chunks(_MANIFEST, _MAX_MANIFEST_BYTES)):
        raise InvalidFileError("the workbook is protected by a password; save it without one")


def _refuse_ole(file: BinaryIO) -> InvalidFileError:
    """Encrypted XLSX files and those of Excel 97 have the same container."""
    rest = b""
    while chunk := file.read(_SCAN_BYTES):
        if _ENCRYPTED in rest + chunk:
            return InvalidFileError("the workbook is protected by a password; save it without one")
        rest = chunk[-len(_ENCRYPTED) :]
    return InvalidFileError("the file is an old Excel workbook (XLS); save it as XLSX")


def _to_header(row: TableRow) -> tuple[str, ...]:
    if row.problems:
        raise InvalidFileError(
            f"row {row.number} should name the fields, but can't be read: {row.problems[0].error.text}"
        )
    header = [str(name or "") for name in row.cells]
    while header and not header[-1]:
        header.pop()
    return tuple(header)
