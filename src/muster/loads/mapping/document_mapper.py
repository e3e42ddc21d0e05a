"""The mapper of formats that hold documents: NDJSON and JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from muster.loads.records import Cell, Record
from muster.loads.refused_rows import REFUSED_COLUMNS
from muster.loads.rows import Row

_ADDED: Final = frozenset(REFUSED_COLUMNS)


class DocumentMapper:
    """Makes a record of each document, as it stands but without what muster added to refused rows."""

    def map(self, rows: Iterable[Row]) -> Iterator[Record]:
        for row in rows:
            document = row.value
            if type(document) is dict and not _ADDED.isdisjoint(document):
                document = {name: value for name, value in document.items() if name not in _ADDED}
            yield Record(document, (row,), row.problems)

    def locate(self, path: Sequence[str | int]) -> Cell | None:
        return None
