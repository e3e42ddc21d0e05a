"""Joined rows: the rows of other files and sheets by the customers that they belong to, in a temporary index.

SQLite keeps the index in a file without a name, which ends with the connection. So the other files need not be sorted,
and memory stays the same for any number of rows.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from muster.loads.row_errors import ROW_ERRORS
from muster.loads.rows import BooleanText, NumberText, Row, RowProblem

_SCHEMA: Final = """
CREATE TABLE joined (source INTEGER NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE customers (key TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_ROWS_OF_CUSTOMER: Final = "SELECT source, number, content FROM joined WHERE key = ? ORDER BY source, number LIMIT ?"
_UNMATCHED: Final = """
SELECT number FROM joined WHERE source = ? AND key NOT IN (SELECT key FROM customers) ORDER BY number LIMIT ?
"""
_ERRORS: Final = {error.code: error for error in ROW_ERRORS}
# How the types of cells are kept, which a plain text does not tell.
_CELL_TYPES: Final[dict[str, type[str]]] = {"n": NumberText, "b": BooleanText}
_TYPE_MARKS: Final = {cell_type: mark for mark, cell_type in _CELL_TYPES.items()}

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode


class JoinedRows:
    """The index of joined rows. `source` is the position of their file in the mapping."""

    def __init__(self) -> None:
        # One thread at a time uses it, but not always the same one.
        self._connection = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")

    def add(self, source: int, rows: Iterable[tuple[str, Row]]) -> None:
        """Adds the rows of one file, each with the key of its customer."""
        encoded = ((source, row.number, key, _encode(_pack(row))) for key, row in rows)
        self._insert("INSERT INTO joined VALUES (?, ?, ?, ?)", encoded)

    def add_customers(self, keys: Iterable[str]) -> None:
        """Notes the customers of the main file, for `list_unmatched`."""
        self._insert("INSERT OR IGNORE INTO customers VALUES (?)", ((key,) for key in keys))

    def finish(self) -> None:
        """Sorts what was added. Looking up rows is fast from now on."""
        self._connection.execute("CREATE INDEX joined_by_key ON joined (key)")

    def list_unmatched(self, source: int, limit: int) -> list[int]:
        """The numbers of the first rows that belong to no customer of the main file."""
        return [number for (number,) in self._connection.execute(_UNMATCHED, (source, limit))]

    def look_up(self, key: str, limit: int) -> list[tuple[int, Row]]:
        """At most `limit` rows of a customer, each with its source, in the order of the mapping and the files."""
        found = self._connection.execute(_ROWS_OF_CUSTOMER, (key, limit))
        return [(source, _unpack(number, _decode(content))) for source, number, content in found]

    def close(self) -> None:
        self._connection.close()

    def _insert(self, statement: str, rows: Iterator[Sequence[Any]]) -> None:
        self._connection.execute("BEGIN")
        self._connection.executemany(statement, rows)
        self._connection.execute("COMMIT")


def _pack(row: Row) -> list[Any]:
    cells = [cell if cell is None or type(cell) is str else [_TYPE_MARKS[type(cell)], str(cell)] for cell in row.value]
    return [cells, [[problem.error.code, problem.column] for problem in row.problems]]


def _unpack(number: int, content: Any) -> Row:
    cells, problems = content
    return Row(
        number,
        tuple(_CELL_TYPES[cell[0]](cell[1]) if type(cell) is list else cell for cell in cells),
        "",
        0,
        tuple(RowProblem(_ERRORS[code], column) for code, column in problems),
    )
