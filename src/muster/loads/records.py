"""Records: the customers of a file, each with the rows that it was made of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from muster.loads.rows import Row, RowProblem

# Where in a document a value is, by names and indexes.
DocumentPath = tuple[str | int, ...]
_NOTHING: Final[Mapping[DocumentPath, int]] = MappingProxyType({})


class Record(msgspec.Struct, gc=False):
    """One customer of a file: the JSON value for the checker, and its rows.

    `problems` are those of the rows, and those of putting them together; a record with problems has no document that
    could be taken in. `rows` is never empty. `origins` has the index of the row that a value comes from, for values
    that come from another than the first. `added_size` is what the document has beyond the text of its rows, roughly,
    in characters: parts of a cell that repeat others, and rows of other files.
    """

    document: Any
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...] = ()
    origins: Mapping[DocumentPath, int] = _NOTHING
    added_size: int = 0


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
