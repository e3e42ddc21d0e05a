"""Rows: what the readers of files give, whatever the format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec

from muster.intake.checkpoint import Position
from muster.loads.row_errors import RowError


class NumberText(str):
    """The text of a cell that the file holds as a number, in JSON's notation."""

    __slots__ = ()


class BooleanText(str):
    """The text of a cell that the file holds as a boolean: `true` or `false`."""

    __slots__ = ()


class RowProblem(NamedTuple):
    """Why a row can't be taken as it stands. `column` is the index of the cell, None for the whole row."""

    error: RowError
    column: int | None = None


# Rows are not tracked by the garbage collector (gc=False): a chunk keeps thousands, and none is part of a reference
# cycle. They are made in a third of the time that a named tuple takes.
class Row(msgspec.Struct, gc=False):
    """One row of a file.

    `number` is what a person counts: the row of a spreadsheet or the record of a CSV file, where the header is row 1;
    the line of an NDJSON file; the index from 1 of a customer in a JSON file. `value` has the cells in the order of the
    header, each as text, None for a cell that is not there; or the JSON value, of formats that hold documents. `raw` is
    the row as it stands, for the file of refused rows: the text of a text format with its line end, empty for others.
    `end` is the offset after the row in the decompressed content, 0 in formats that are not read in order.
    """

    number: int
    value: Any
    raw: str
    end: int
    problems: tuple[RowProblem, ...] = ()


def measure_row(row: Row) -> int:
    """The size of what a row keeps: the characters of its text, or of its cells, each with a pointer of 8 bytes."""
    if row.raw or not isinstance(row.value, list | tuple):
        return len(row.raw)
    return sum(len(cell) for cell in row.value if cell) + 8 * len(row.value)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out: what its refused rows need to be written as they stood.

    `format` is `csv`, `ndjson`, `json`, `xlsx`, `ods` or `parquet`. `header` has the names of the columns, None for
    formats that hold documents. The others belong to text formats.
    """

    format: str
    header: tuple[str, ...] | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\n"
    has_bom: bool = False


class RowSource(Protocol):
    """An opened file."""

    @property
    def layout(self) -> Layout: ...

    @property
    def size(self) -> int | None:
        """The bytes of the file as it is stored; None for a stream."""
        ...

    @property
    def bytes_read(self) -> int:
        """The bytes of the file as it is stored that were read so far."""
        ...

    def rows(self, after: Position) -> Iterator[Row]:
        """The rows after this position, each once.

        Raises `FileChangedError` when the content up to the position is not what it was, and `InvalidFileError` for a
        file that can't be read on.
        """
        ...

    def position_after(self, row: Row) -> Position:
        """The position after a row. Rows are asked for in the order of the file."""
        ...

    def sha256(self) -> bytes:
        """The SHA-256 of the file as it is stored. Known after the last row was read."""
        ...

    def close(self) -> None: ...


class InvalidFileError(Exception):
    """The file can't be read, as a whole or from here on. The text says why and where, and has no value of a cell."""


class SheetChoiceError(InvalidFileError):
    """Several sheets of a workbook have rows, or none has the name that was given. `sheets` are those with rows."""

    def __init__(self, message: str, sheets: Sequence[str]) -> None:
        super().__init__(message)
        self.sheets = tuple(sheets)


class FileChangedError(InvalidFileError):
    """The file differs from the one whose load began."""
