"""Records: the customers of a file, each with the rows that it was made of."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from muster.loads.rows import Row, RowProblem


class Record(NamedTuple):
    """One customer of a file: the JSON value for the checker, and its rows.

    `problems` are those of the rows, and those of putting them together; a record with problems has no document that
    could be taken in. `rows` is never empty.
    """

    document: Any
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...] = ()


class Cell(NamedTuple):
    """A cell: the letters of its column as in a spreadsheet (`Q`), and the column's header."""

    column: str
    header: str


class RecordMapper(Protocol):
    """Makes customers of rows, by the header or by a mapping."""

    def map(self, rows: Iterable[Row]) -> Iterator[Record]:
        """The records, in the order of the rows. Never raises for what a cell holds."""
        ...

    def locate(self, path: Sequence[str | int]) -> Cell | None:
        """The cell that a value of a document comes from, by its path within the customer: `("name",)`.

        The nearest cell when the value itself has none. None for formats without columns and for constants.
        """
        ...
