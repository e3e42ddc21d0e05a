"""The errors of rows that can't be read as they stand. They are assigned by muster, beside the contract's codes.

A row with one of them never becomes a customer: what the cell held is not known any more, or can't be told.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RowError:
    """An error of a row: its code, its text, and what the sender does about it."""

    code: str
    text: str
    cure: str


BROKEN_ROW: Final = RowError(
    "F001", "Row can't be read: its quotes are not balanced", "quote the cell, double quotes in it"
)
TOO_MANY_CELLS: Final = RowError(
    "F002", "Row has more cells than the header", "name the columns, and in CSV quote cells that contain the separator"
)
NOT_TEXT: Final = RowError("F003", "Row is not text in the file's encoding", "name the encoding of the file")
NUL_BYTE: Final = RowError("F004", "Row has a NUL byte", "export the file again")
ROW_TOO_LONG: Final = RowError(
    "F005", "Row is longer than 1 MiB", "shorten it; in CSV look for a quote that is not closed before it"
)
DIGITS_LOST: Final = RowError(
    "F006",
    "Cell has a number of more than 15 digits, which the spreadsheet has rounded",
    "format the column as text and enter the digits again from their source",
)
ERROR_CELL: Final = RowError("F007", "Cell has an error of the spreadsheet", "mend the formula, or enter the value")
NOT_JSON: Final = RowError("F008", "Row is not a JSON object", "write one JSON object in each line")
GROUP_DIFFERS: Final = RowError(
    "F009", "Rows of one customer differ in a cell that belongs to the customer", "make the rows agree"
)
CELL_NOT_JSON: Final = RowError(
    "F010", "Cell is not the JSON of a list or an object", "write a JSON array, or use a column per field"
)
NO_CUSTOMER: Final = RowError(
    "F011", "Row belongs to a customer that the main file does not have", "add the customer, or mend the identifier"
)
NOT_MAPPED: Final = RowError(
    "F012", "Cell has a text that the mapping does not take", "correct the cell, or add its text to the mapping"
)

ROW_ERRORS: Final = (
    BROKEN_ROW,
    TOO_MANY_CELLS,
    NOT_TEXT,
    NUL_BYTE,
    ROW_TOO_LONG,
    DIGITS_LOST,
    ERROR_CELL,
    NOT_JSON,
    GROUP_DIFFERS,
    CELL_NOT_JSON,
    NO_CUSTOMER,
    NOT_MAPPED,
)
