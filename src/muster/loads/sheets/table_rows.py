"""Rows of a table in a workbook, before its header is known."""

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from muster.loads.row_errors import ROW_TOO_LONG
from muster.loads.rows import InvalidFileError, RowProblem, SheetChoiceError

# Excel's limits; LibreOffice has the same.
MAX_ROWS: Final = 1 << 20
MAX_COLUMNS: Final = 1 << 14
MAX_SHEETS: Final = 1000
MAX_SHEET_BYTES: Final = 16 << 30
MAX_ROW_CHARACTERS: Final = 1 << 20


class TableRow(NamedTuple):
    """A row with at least one cell that is not blank. `cells` are as many as the row has; None for a blank one."""

    number: int
    cells: list[str | None]
    problems: tuple[RowProblem, ...]


def make_table_row(number: int, cells: list[str | None], problems: list[RowProblem]) -> TableRow | None:
    """The row with these cells; None for a blank one. The cells of a row that is too long are left out."""
    size = sum([len(text) for text in cells if text])
    if not size:
        return None
    if size > MAX_ROW_CHARACTERS:
        return TableRow(number, [None] * len(cells), (*problems, RowProblem(ROW_TOO_LONG)))
    return TableRow(number, cells, tuple(problems))


class Table(Protocol):
    """A chosen sheet of an opened workbook."""

    @property
    def format(self) -> str: ...

    @property
    def progress(self) -> float:
        """How much of the sheet was read, from 0 to 1."""
        ...

    def read(self) -> Iterator[TableRow]:
        """The rows from the first one on. Starts the budget of the file anew."""
        ...

    def close(self) -> None: ...


def too_many_columns(row: int) -> InvalidFileError:
    """For a cell that no spreadsheet program could have written."""
    return InvalidFileError(f"row {row} has more than {MAX_COLUMNS:,} columns; delete what is right of the data")


def choose_sheet(filled: list[str]) -> str:
    """The one visible sheet that has rows. Raises `InvalidFileError` when there are none or several."""
    if not filled:
        raise InvalidFileError("no visible sheet of the workbook has rows")
    if len(filled) > 1:
        message = f"several sheets have rows: {_join_names(filled)}; name the one that has the customers"
        raise SheetChoiceError(message, filled)
    return filled[0]


def check_sheet_name(sheet: str, names: list[str]) -> None:
    """Raises `InvalidFileError` for a sheet that is not there."""
    if sheet not in names:
        raise SheetChoiceError(f"the workbook has no sheet {sheet[:40]!a}; it has: {_join_names(names)}", names)


def check_sheet_count(count: int) -> None:
    if count > MAX_SHEETS:
        raise InvalidFileError(
            f"the workbook has more than {MAX_SHEETS:,} sheets; copy the one with the customers into a new workbook"
        )


def _join_names(names: list[str]) -> str:
    shown = ", ".join("'" + "".join(c if c.isprintable() else "?" for c in name[:40]) + "'" for name in names[:20])
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown
